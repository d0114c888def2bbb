"""Running the system's tools (ip, iptables, tc) with errors that name what failed."""

import errno
import os
import subprocess
from pathlib import Path

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.linux import namespaces
from hybrid_mesh.local.patience import patient


def run(command: list[str], *, namespace: Path | None = None, text: str = "", timeout: float = 60) -> str:
    """Runs `command`, in a network namespace if one is given, and answers what it printed.

    Raises LabError with the command's own words when it fails.
    """
    full = [*enter(namespace), *command]
    limit = patient(timeout)
    try:
        done = subprocess.run(full, input=text, capture_output=True, text=True, timeout=limit, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{command[0]} could not run: {error}") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        if os.strerror(errno.ENOSPC) in said:
            raise LabError(f"the disk is full, so `{' '.join(command)}` failed: make room, then try again")
        raise LabError(f"{' '.join(command)} failed ({done.returncode}): {said[-2000:]}")
    return done.stdout


def ip(lines: list[str], *, namespace: Path | None = None) -> None:
    """Runs several `ip` commands as one batch."""
    run(["ip", "-batch", "-"], namespace=namespace, text="\n".join(lines) + "\n")


def sysctl(values: dict[str, str], *, namespace: Path) -> None:
    """Sets keys below /proc/sys/net in a network namespace; a key the kernel lacks is left alone."""
    with namespaces.inside(namespace):
        for key, value in values.items():
            path = Path("/proc/sys/net") / key
            if path.exists():
                path.write_text(value)


def enter(namespace: Path | None) -> list[str]:
    """The words to put before a command so that it runs in `namespace` (never `ip netns exec`, which
    remounts /sys and blinds the kubelet)."""
    return [] if namespace is None else ["nsenter", f"--net={namespace}"]


def environment() -> dict[str, str]:
    """What daemons inherit: a path and nothing of the user's shell."""
    return {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        "HOME": "/root",
        "LANG": "C.UTF-8",
    }
