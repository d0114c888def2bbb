"""What a stack declared when it was last brought up completely, as a fingerprint: a preview of the same
would find nothing new."""

import hashlib
from pathlib import Path

from hybrid_mesh.cli.salt import without_salt
from hybrid_mesh.local.paths import package_folder, project_folder, state_folder
from hybrid_mesh.model.reading.stack_file import stack_file

_PROGRAM = ("components", "local", "model", "plugins")
"""Rooms of the package whose code decides what is declared, and what a change of it replaces."""


def is_as_last(stack: str) -> bool:
    """Whether the last complete `up` on this host declared the same."""
    try:
        return _record(stack).read_text() == _fingerprint(stack)
    except OSError:
        return False


def remember(stack: str) -> None:
    path = _record(stack)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(_fingerprint(stack))


def forget(stack: str) -> None:
    path = _record(stack)
    path.unlink(missing_ok=True)
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()


def _fingerprint(stack: str) -> str:
    """Of the stack's file and of the program."""
    found = hashlib.sha256(without_salt(stack_file(project_folder(), stack).read_text()).encode())
    rooms = [path for room in _PROGRAM for path in sorted((package_folder() / room).rglob("*.py"))]
    for path in (project_folder() / "__main__.py", *rooms):
        if path.exists():
            found.update(path.read_bytes())
    return found.hexdigest()


def _record(stack: str) -> Path:
    return state_folder() / "declared" / stack
