"""Components as archives: the same folder back, and nothing outside it."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from hybrid_mesh.local.toolchain.packing import pack, unpack

_AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device files and gives files away")


def _component(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "program").write_bytes(b"\x7fELF" * 1000)
    (folder / "bin" / "program").chmod(0o755)
    (folder / "bin" / "same").hardlink_to(folder / "bin" / "program")
    (folder / "link").symlink_to("bin/program")
    (folder / "closed").mkdir()
    (folder / "closed" / "ä text").write_text("x")
    (folder / "closed").chmod(0o500)
    os.utime(folder / "bin" / "program", (1_700_000_000, 1_700_000_000.75))
    return folder


def _shape(folder: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        target = str(path.readlink()) if path.is_symlink() else ""
        rest = (state.st_uid, state.st_gid, state.st_rdev, int(state.st_mtime))
        found[str(path.relative_to(folder))] = (oct(state.st_mode), content, target, *rest)
    return found


def _there_and_back(folder: Path, tmp_path: Path, *, rooted: bool = False) -> Path:
    pack(folder, tmp_path / "archive")
    target = tmp_path / "unpacked"
    target.mkdir()
    unpack(tmp_path / "archive", target, rooted=rooted)
    return target


def test_what_was_packed_comes_back(tmp_path: Path) -> None:
    folder = _component(tmp_path / "component")
    back = _there_and_back(folder, tmp_path)
    assert _shape(back) == _shape(folder)
    assert (back / "bin" / "program").stat().st_ino == (back / "bin" / "same").stat().st_ino


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        pack(_component(tmp_path / name), tmp_path / f"{name}.archive")
    for folder in ("bin", "closed", "closed/ä text", "link"):
        moment = (tmp_path / "one" / folder).lstat().st_mtime
        os.utime(tmp_path / "other" / folder, (moment, moment), follow_symlinks=False)
    pack(tmp_path / "other", tmp_path / "other.archive")
    assert (tmp_path / "one.archive").read_bytes() == (tmp_path / "other.archive").read_bytes()


@_AS_ROOT
def test_a_root_file_system_keeps_owners_special_bits_devices_and_absolute_links(tmp_path: Path) -> None:
    folder = tmp_path / "system"
    (folder / "dev").mkdir(parents=True)
    os.mknod(folder / "dev" / "null", 0o020666, os.makedev(1, 3))
    (folder / "sudo").write_text("program")
    os.chown(folder / "sudo", 0, 42)
    (folder / "sudo").chmod(0o4755)
    (folder / "editor").symlink_to("/etc/alternatives/editor")
    os.chown(folder / "editor", 7, 7, follow_symlinks=False)
    assert _shape(_there_and_back(folder, tmp_path, rooted=True)) == _shape(folder)


def _archive(folder: Path, *entries: tarfile.TarInfo) -> Path:
    with tarfile.open(folder / "hostile", "w:gz") as tar:
        for entry in entries:
            tar.addfile(entry, io.BytesIO(b"x" * entry.size))
    return folder / "hostile"


def _entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = kind, target, mode
    entry.size = 1 if kind == tarfile.REGTYPE else 0
    return entry


def _device(name: str, kind: bytes, major: int) -> tarfile.TarInfo:
    entry = _entry(name, kind)
    entry.devmajor, entry.devminor = major, 0
    return entry


_HOSTILE = {
    "climbs": [_entry("../evil")],
    "climbs below": [_entry("a", tarfile.DIRTYPE), _entry("a/../../evil")],
    "absolute": [_entry("/evil")],
    "nameless": [_entry(".")],
    "through a link": [_entry("a", tarfile.SYMTYPE, "."), _entry("a/evil")],
    "through a link that was a folder": [_entry("a", tarfile.DIRTYPE), _entry("a", tarfile.SYMTYPE, ".")],
    "over a file": [_entry("a"), _entry("a")],
    "over a link": [_entry("a", tarfile.SYMTYPE, "b"), _entry("a")],
    "link that climbs": [_entry("a", tarfile.SYMTYPE, "../evil")],
    "link that climbs later": [_entry("a", tarfile.SYMTYPE, "b/../../evil")],
    "hard link outside": [_entry("a", tarfile.LNKTYPE, "../evil")],
    "hard link to an absolute path": [_entry("a", tarfile.LNKTYPE, "/etc/passwd")],
    "hard link through a link": [
        _entry("a", tarfile.SYMTYPE, "/etc"),
        _entry("b", tarfile.LNKTYPE, "a/passwd"),
    ],
    "disk": [_device("sda", tarfile.BLKTYPE, 8)],
    "strange device": [_device("kvm", tarfile.CHRTYPE, 10)],
    "pipe": [_entry("pipe", tarfile.FIFOTYPE)],
}


@pytest.mark.parametrize("rooted", [False, pytest.param(True, marks=_AS_ROOT)])
@pytest.mark.parametrize("entries", _HOSTILE.values(), ids=_HOSTILE.keys())
def test_a_hostile_archive_is_refused(tmp_path: Path, entries: list[tarfile.TarInfo], rooted: bool) -> None:
    target = tmp_path / "a" / "target"
    target.mkdir(parents=True)
    with pytest.raises((ValueError, OSError)):
        unpack(_archive(tmp_path, *entries), target, rooted=rooted)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["target"]
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("entry", [_entry("a", tarfile.SYMTYPE, "/etc"), _device("null", tarfile.CHRTYPE, 1)])
def test_only_a_root_file_system_has_absolute_links_and_devices(
    tmp_path: Path, entry: tarfile.TarInfo
) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(ValueError, match=r"outside the archive|not allowed"):
        unpack(_archive(tmp_path, entry), tmp_path / "target", rooted=False)


def test_a_program_gets_no_special_bits(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    unpack(_archive(tmp_path, _entry("program", mode=0o6777)), tmp_path / "target", rooted=False)
    assert (tmp_path / "target" / "program").stat().st_mode & 0o7777 == 0o755


def test_a_truncated_archive_is_an_error(tmp_path: Path) -> None:
    pack(_component(tmp_path / "component"), tmp_path / "archive")
    content = (tmp_path / "archive").read_bytes()
    (tmp_path / "archive").write_bytes(content[: len(content) // 2])
    (tmp_path / "target").mkdir()
    with pytest.raises(EOFError):
        unpack(tmp_path / "archive", tmp_path / "target", rooted=False)
