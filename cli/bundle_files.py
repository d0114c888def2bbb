"""Writes a bundle to disk: a folder and the same as a .tar.gz, both for their owner only."""

import io
import os
import shutil
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.model.texts.bundle import EXECUTABLE_FILES, TOKEN_FILE

MARKER = "machine.env"
"""A file that every bundle has: a folder without it is somebody else's and is not touched."""


def write_bundle(folder: Path, files: Mapping[str, str], token: str) -> Path:
    """Writes `files` (by their path in the folder) and the token; returns the archive's path. Raises
    CommandError."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise CommandError(
            f"{folder} exists and is not a bundle.", "Name another folder with --output.", WRONG
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    for name, text in {**files, TOKEN_FILE: token}.items():
        _write(folder / name, text, _mode(name))
    archive = folder.with_name(f"{folder.name}.tar.gz")
    with _new_file(archive) as file:
        file.write(pack_bundle(folder.name, files, token))
    return archive


def pack_bundle(name: str, files: Mapping[str, str], token: str) -> bytes:
    """The same as a .tar.gz, in memory, whose members are in the folder `name` and belong to root."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(_member(name, 0o700, tarfile.DIRTYPE))
        for path, text in {**files, TOKEN_FILE: token}.items():
            content = text.encode()
            member = _member(f"{name}/{path}", _mode(path))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _member(path: str, mode: int, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type, member.mode, member.mtime = kind, mode, int(time.time())
    member.uname = member.gname = "root"
    return member


def _new_file(archive: Path) -> IO[bytes]:
    """A new file in place of `archive`, for its owner only. Raises CommandError when somebody puts a file or
    a link there meanwhile, as they can in a folder where others may write."""
    archive.unlink(missing_ok=True)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return os.fdopen(os.open(archive, flags, 0o600), "wb")
    except FileExistsError:
        raise CommandError(
            f"Another process just created {archive}.", "Name another folder with --output."
        ) from None


def _mode(name: str) -> int:
    if name == TOKEN_FILE:
        return 0o600
    return 0o755 if name in EXECUTABLE_FILES else 0o644


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text)
