"""Mounts of the lab's own mount namespace."""

from pathlib import Path

from local.linux import kernel


def unmount_below(folder: Path) -> None:
    """Detaches every mount at or below `folder`, the deepest first."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in reversed(points):
        path = Path(point.encode().decode("unicode_escape"))
        if path == folder or folder in path.parents:
            kernel.unmount(str(path))
