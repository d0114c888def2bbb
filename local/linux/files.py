"""Files that are complete or absent, also after a power failure."""

import os
from collections.abc import Callable
from pathlib import Path


def write_durably(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replaces the file at `path` atomically, also across a power failure."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:  # also when the disk is full
        draft.unlink(missing_ok=True)


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of the private file at `path`, created by `make` if it does not exist."""
    if not path.exists():
        write_durably(path, make())
    return path.read_bytes()
