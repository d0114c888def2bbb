"""Keeps daemons running: each has a thread that restarts it, with a growing pause."""

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from hybrid_mesh.local.lab.specs import Report
from hybrid_mesh.local.linux import cgroups, logs
from hybrid_mesh.local.linux.commands import enter, environment
from hybrid_mesh.local.linux.guard import describe, start_guarded

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
SETTLED_AFTER = 20.0
LOG_LIMIT = 64 << 20
LOG_CHECK = 30.0


@dataclass(frozen=True)
class Daemon:
    """A program to keep running: its command line, its network namespace, its cgroup and its log."""

    name: str
    command: list[str]
    namespace: Path
    cgroup: str
    log: Path
    variables: dict[str, str] = field(default_factory=dict)


class Supervisor:
    """Runs daemons and restarts them with backoff until `kill`.

    `log` gets one line for every unexpected end.
    """

    def __init__(self, log: Report) -> None:
        self._log = log
        self._lock = Lock()
        self._stopping = Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._threads: list[Thread] = []
        self._failing: dict[str, float] = {}

    def start(self, daemon: Daemon) -> None:
        logs.begin(daemon.log)
        self._threads.append(start_guarded(f"keep {daemon.name}", lambda: self._keep(daemon), self._log))

    def failing(self) -> list[str]:
        """The daemons that ended unexpectedly and have not run for long since."""
        now = time.monotonic()
        with self._lock:
            return sorted(name for name, ended in self._failing.items() if now - ended < SETTLED_AFTER)

    def kill(self) -> None:
        """Kills all daemons and restarts none: their data survives power failures."""
        self._stopping.set()
        with self._lock:
            running = list(self._running.values())
        for process in running:
            process.kill()
        for thread in self._threads:
            thread.join(5)

    def _keep(self, daemon: Daemon) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = time.monotonic()
            code: int | str
            try:
                code = self._run_once(daemon)
            except Exception as error:
                code = describe(error)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > SETTLED_AFTER:
                pause = FIRST_PAUSE
            with self._lock:
                self._failing[daemon.name] = time.monotonic()
            self._log(f"{daemon.name} ended with {code}; starting it again in {pause:.1f} s")
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _run_once(self, daemon: Daemon) -> int:
        with daemon.log.open("ab") as log:
            process = subprocess.Popen(
                [*enter(daemon.namespace), *daemon.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment() | daemon.variables,
                start_new_session=True,
            )
        try:
            cgroups.add(daemon.cgroup, process.pid)
        except OSError as error:
            self._log(f"{daemon.name} could not be put into its cgroup: {error}")
        with self._lock:
            self._running[daemon.name] = process
        if self._stopping.is_set():
            process.kill()
        code = _wait(process, daemon.log)
        with self._lock:
            self._running.pop(daemon.name, None)
        return code


def _wait(process: subprocess.Popen[bytes], log: Path) -> int:
    """Waits for the end, and limits the log in the meantime."""
    while True:
        try:
            return process.wait(LOG_CHECK)
        except subprocess.TimeoutExpired:
            logs.bound(log, LOG_LIMIT)
