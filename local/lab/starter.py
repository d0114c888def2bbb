"""Starts the lab: one starter at a time; first the checks, then a process that outlives its starter."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hybrid_mesh.local.lab import preflight, wire
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.operations import PING_SECONDS
from hybrid_mesh.local.lab.state import lab_folder
from hybrid_mesh.local.linux import cgroups, logs
from hybrid_mesh.local.linux.waiting import until
from hybrid_mesh.local.paths import project_folder

START_TIMEOUT = 60.0
LOCK_TIMEOUT = 180.0


def ensure_running(state: Path) -> None:
    """Returns when a lab on `state` answers; starts one if needed.

    Raises PreflightError before anything is changed, or LabError with the end of the lab's log.
    """
    with starting(state):
        if wire.answers(lab_folder(state), PING_SECONDS):
            return
        await_end(state, START_TIMEOUT)
        preflight.check(state)
        sweep()
        _start(state)


@contextmanager
def starting(state: Path) -> Iterator[None]:
    """Holds the lock for starting a lab and for changing the state of a stopped one."""
    with (state / "lab.lock").open("a") as file:
        until(
            lambda: _lock(file),
            LOCK_TIMEOUT,
            f"another process is still starting the lab on {state}",
            every=0.05,
        )
        yield


def sweep() -> None:
    """Removes the cgroups of labs that have ended, in case their watchdog was killed, too."""
    for name in cgroups.labs() - cgroups.running():
        if not cgroups.processes(name):
            cgroups.remove(name)


def _lock(file: IO[str]) -> bool:
    """Whether the lock on `file` could be taken."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _environment() -> dict[str, str]:
    """The part of the starter's environment that the lab needs, without secrets of Pulumi or clouds."""
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")
    prefixes = ("HYBRID_MESH_", "XDG_", "LC_")
    return {key: value for key, value in os.environ.items() if key in kept or key.startswith(prefixes)}


def await_end(state: Path, timeout: float) -> None:
    """Returns when no process of the lab on `state` is running. Raises LabError after `timeout` seconds."""
    name = cgroups.lab_name(state)
    until(
        lambda: name not in cgroups.running(),
        timeout,
        f"the lab on {state} does not end; see {lab_folder(state)}/lab.log, and end it with "
        "`hybrid-mesh lab down --forget`",
        every=0.02,
    )


def _start(state: Path) -> None:
    folder = lab_folder(state)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = folder / "lab.log"
    logs.begin(log)
    with log.open("ab") as output:
        watchdog = subprocess.Popen(
            [sys.executable, "-m", preflight.WATCHDOG, str(state)],
            cwd=project_folder(),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def answers() -> bool:
        if wire.answers(folder, PING_SECONDS):
            return True
        if watchdog.poll() is not None:
            raise LabError(f"the lab could not start: {log.read_text()[-2000:].strip()}")
        return False

    try:
        until(answers, START_TIMEOUT, f"the lab did not answer; see {log}", every=0.02)
    except LabError:
        watchdog.terminate()
        raise
