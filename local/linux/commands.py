"""Runs the system's tools (ip, iptables, tc); errors name what failed."""

import errno
import os
import subprocess
from pathlib import Path

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.linux import namespaces
from hybrid_mesh.local.patience import patient


def run(command: list[str], *, namespace: Path | None = None, text: str = "", timeout: float = 60) -> str:
    """Runs `command`, in a network namespace if one is given, and returns its output.

    Raises LabError with the command's own message when it fails.
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
    """Sets keys below /proc/sys/net in a network namespace; keys that the kernel does not have are
    ignored."""
    with namespaces.inside(namespace):
        for key, value in values.items():
            path = Path("/proc/sys/net") / key
            if path.exists():
                path.write_text(value)


def enter(namespace: Path | None) -> list[str]:
    """The prefix of a command that runs it in `namespace`. It is not `ip netns exec`, which remounts /sys, so
    that the kubelet finds no cgroups."""
    return [] if namespace is None else ["nsenter", f"--net={namespace}"]


def environment() -> dict[str, str]:
    """The environment of daemons: a path, and nothing of the user's shell."""
    return {
        "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        "HOME": "/root",
        "LANG": "C.UTF-8",
    }
