"""Running the commands of recipes: logged, and ended with all their children when the build ends."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_mesh.local.toolchain.errors import RecipeError


@dataclass(frozen=True)
class Command:
    """A command of a component: its arguments, the log that it adds to, its folder and its environment."""

    component: str
    arguments: list[str]
    log: Path
    folder: Path | None
    environment: Mapping[str, str]


@dataclass
class Runner:
    """Starts commands and can end all of them at once. `lock` is a descriptor that the children inherit."""

    lock: int | None = None
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _ended: bool = False

    def end(self) -> None:
        """End every running command with its children, and refuse new ones."""
        with self._guard:
            self._ended = True
            for process in self._running:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, command: Command, *, answers: bool = False) -> str:
        """Run to the end, with all output in the log; where it `answers`, its standard output is returned.
        Raises `RecipeError`."""
        with command.log.open("ab") as log:
            process = self._start(command, subprocess.PIPE if answers else log.fileno(), log.fileno())
            try:
                output, _ = process.communicate()
            finally:
                with self._guard:
                    self._running.discard(process)
        if process.returncode != 0:
            reason = f"`{Path(command.arguments[0]).name}` ended with code {process.returncode}"
            raise RecipeError(command.component, reason, command.log)
        return (output or b"").decode(errors="replace")

    def _start(self, command: Command, output: int, errors: int) -> subprocess.Popen[bytes]:
        with self._guard:
            if self._ended:
                raise RecipeError(command.component, "the build was ended", command.log)
            try:
                process = subprocess.Popen(
                    command.arguments,
                    cwd=command.folder,
                    env={**os.environ, **command.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,
                    pass_fds=() if self.lock is None else (self.lock,),
                )
            except FileNotFoundError:
                reason = f"`{command.arguments[0]}` is not on this host"
                raise RecipeError(command.component, reason, command.log) from None
            self._running.add(process)
            return process


@dataclass(frozen=True)
class RecipeTask:
    """A recipe's view of the build (see `component.Task`)."""

    component: str
    output: Path
    scratch: Path
    log: Path
    runner: Runner
    finished: Mapping[str, Path]

    def need(self, name: str) -> Path:
        return self.finished[name]

    def run(
        self, command: list[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self.runner.run(Command(self.component, command, self.log, folder, environment or {}))

    def ask(
        self, command: list[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        return self.runner.run(
            Command(self.component, command, self.log, folder, environment or {}), answers=True
        )
