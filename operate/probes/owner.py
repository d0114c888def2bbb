"""Who created a namespace of probe pods, and until when it is needed: so that what a killed command left is
removed by the next one, and what another one uses is not."""

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

OWNER, EXPIRES = "hybrid-mesh/owner", "hybrid-mesh/expires"
"""Annotations of a namespace."""
_START_TIME = 19
"""Index of `starttime` among the fields of /proc/PID/stat after the command's name (proc_pid_stat(5))."""


@dataclass(frozen=True)
class Mark:
    """`owner`: `<host>/<process id>/<start time of the process>`; `expires`: when nobody needs it."""

    owner: str
    expires: datetime

    def annotations(self) -> dict[str, str]:
        return {OWNER: self.owner, EXPIRES: self.expires.isoformat(timespec="seconds")}


def this_process() -> str:
    """The owner's mark of this process."""
    return f"{_host()}/{os.getpid()}/{_started(os.getpid()) or 0}"


def is_left_over(annotations: Mapping[str, str], now: datetime) -> bool:
    """Whether nobody needs the namespace with these `annotations`: it has expired, or its process ran on this
    host and has ended. A namespace without a readable mark is not ours to remove."""
    try:
        expires = datetime.fromisoformat(annotations[EXPIRES])
        host, process, started = annotations[OWNER].split("/")
        return now > expires or (host == _host() and _started(int(process)) != int(started))
    except (KeyError, ValueError, TypeError):
        return False


def _host() -> str:
    """This boot of this host, or of this container: process ids mean something only in it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        processes = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        # Without /proc no process is ever found dead: its namespace is removed when it has expired.
        boot, processes = "", str(os.getpid())
    return hashlib.sha256(f"{platform.node()}\n{boot}\n{processes}".encode()).hexdigest()[:12]


def _started(process: int) -> int | None:
    """When a process of this host started, in clock ticks since the boot; None if it has ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state == "Z" else int(fields[_START_TIME - 1])
