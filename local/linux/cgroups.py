"""Control groups of the lab: one root per lab, one folder per member below, on cgroup v1 (or hybrid) and v2.

Source of the layouts: Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the kernel.
"""

import fcntl
import hashlib
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.linux.waiting import until

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "hybrid-mesh-"
CORE = "core"
"""Below a lab's root: the lab's own processes, so that ending the lab's cgroup ends these, too."""


def lab_name(state: Path) -> str:
    """The name of the lab on a state folder: also its cgroup root."""
    return PREFIX + hashlib.sha256(str(state).encode()).hexdigest()[:8]


def unified() -> bool:
    """Whether this host has cgroup v2 only."""
    return (MOUNT / "cgroup.controllers").exists()


def hierarchies() -> list[Path]:
    """Every mounted hierarchy in which cgroups can be created: the one of v2, or each controller's of v1."""
    if unified():
        return [MOUNT]
    found: dict[tuple[int, int], Path] = {}
    for folder in sorted(MOUNT.iterdir()):
        if folder.is_dir() and not folder.is_symlink() and (folder / "cgroup.procs").exists():
            status = folder.stat()
            found.setdefault((status.st_dev, status.st_ino), folder)
    return list(found.values())


def make(name: str) -> None:
    """Creates the cgroup `name` (slashes separate levels) in every hierarchy, with all controllers
    delegated."""
    for hierarchy in hierarchies():
        parent = hierarchy
        for part in name.strip("/").split("/"):
            if unified():
                _delegate(parent)
            folder = parent / part
            folder.mkdir(exist_ok=True)
            for key in ("cpuset.cpus", "cpuset.mems"):
                if hierarchy.name == "cpuset" and not (folder / key).read_text().strip():
                    (folder / key).write_text((parent / key).read_text())
            parent = folder


def give_way(name: str) -> None:
    """Gives `name` a tenth of the CPU weight of its siblings, which counts only while the CPUs are busy.

    The siblings have the kernel's defaults: `cpu.weight` 100 on cgroup v2, `cpu.shares` 1024 on v1.
    """
    for hierarchy in hierarchies():
        for key, share in (("cpu.weight", "10"), ("cpu.shares", "102")):
            if (hierarchy / name / key).exists():
                (hierarchy / name / key).write_text(share)


def add(name: str, process_id: int) -> None:
    """Moves a process into `name`; the empty name is the root of every hierarchy."""
    for hierarchy in hierarchies():
        (hierarchy / name / "cgroup.procs").write_text(str(process_id))


def hold(name: str) -> int:
    """Creates the cgroup `name` of a lab and returns a descriptor; the lab counts as running while any
    process has it open.

    It is a lock on the folder, which only root can open, so other users cannot fake a running lab. Waits for
    the lock of a lab that is ending.
    """
    while True:
        make(name)
        folder = hierarchies()[0] / name
        folder.chmod(0o700)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if folder.exists() and folder.samefile(f"/proc/self/fd/{descriptor}"):
            return descriptor
        os.close(descriptor)


def running() -> set[str]:
    """The names of the labs that run now or are being cleaned up."""
    return {name for name in labs() if _is_held(hierarchies()[0] / name)}


def processes(name: str) -> set[int]:
    """The processes in `name` and below, in any hierarchy, as numbered in the caller's pid namespace."""
    found: set[int] = set()
    for hierarchy in hierarchies():
        for folder in _folders(hierarchy / name):
            try:
                words = (folder / "cgroup.procs").read_text().split()
            except OSError:
                continue
            found.update(int(word) for word in words if word != "0")
    return found


def kill(name: str, timeout: float = 10) -> None:
    """Ends every process in `name` and below, also those that are forked in the meantime."""

    def empty() -> bool:
        alive = processes(name)
        for process_id in alive:
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        return not alive

    with suppress(LabError):
        until(empty, timeout, f"{name} has processes that do not end", every=0.02)


def remove(name: str, timeout: float = 15) -> None:
    """Removes the folders of `name`; the kernel releases the folder of a dead process a moment late."""

    def gone() -> bool:
        left = [folder for hierarchy in hierarchies() for folder in _folders(hierarchy / name)]
        for folder in left:
            with suppress(OSError):
                folder.rmdir()
        return not any(folder.exists() for folder in left)

    with suppress(LabError):
        until(gone, timeout, f"{name} is still in use", every=0.02)


def labs() -> set[str]:
    """The names of all labs that have a cgroup folder, running or not."""
    pattern = PREFIX + "[0-9a-f]" * 8
    return {folder.name for hierarchy in hierarchies() for folder in hierarchy.glob(pattern)}


def _is_held(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _folders(top: Path) -> Iterator[Path]:
    """`top` and everything below it, deepest first."""
    for folder, _, _ in os.walk(top, topdown=False):
        yield Path(folder)


def _delegate(folder: Path) -> None:
    available = (folder / "cgroup.controllers").read_text().split()
    given = (folder / "cgroup.subtree_control").read_text().split()
    for controller in available:
        if controller in given:
            continue
        with suppress(OSError):  # cpu is refused while a realtime process is in a parent
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")
