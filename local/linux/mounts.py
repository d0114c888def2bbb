"""Mounts of the lab's own mount namespace."""

import os
import re
import shutil
from pathlib import Path

from hybrid_mesh.local.linux import kernel


def points() -> list[Path]:
    """Every mount point of the caller's namespace, in the order of mounting.

    The kernel writes blanks and backslashes as three octal digits (proc_pid_mountinfo(5)) and every other
    byte as it is.
    """
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    return [Path(os.fsdecode(_OCTAL.sub(_byte, line.split()[4]))) for line in lines]


def unmount_below(folder: Path) -> None:
    """Detaches every mount at or below `folder`, the deepest first."""
    for point in reversed(_below(folder)):
        kernel.unmount(str(point))


def remove_tree(folder: Path) -> None:
    """Removes `folder` with all it holds, mounts below it first. Raises OSError while one of them stays: what
    is mounted does not belong to the folder."""
    unmount_below(folder)
    if left := _below(folder):
        raise OSError(f"{folder} is not removed: {left[0]} is still mounted")
    shutil.rmtree(folder, ignore_errors=True)


_OCTAL = re.compile(rb"\\([0-7]{3})")


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)])


def _below(folder: Path) -> list[Path]:
    return [point for point in points() if point == folder or folder in point.parents]
