"""Runs the `pulumi` program on this checkout."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from hybrid_mesh.cli.environment import PulumiEnvironment, pulumi_environment
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.events import DEBUG_COMMANDS, EventLog
from hybrid_mesh.cli.progress import Observer
from hybrid_mesh.local.paths import project_folder, state_folder
from hybrid_mesh.local.patience import patient

QUIET_SECONDS = 60.0
TICK_SECONDS = 0.1
"""How often a watched command is looked at."""


@dataclass(frozen=True)
class Ended:
    """How a watched command has ended: its exit code, and what it printed."""

    code: int
    printed: str


@dataclass(frozen=True)
class Engine:
    """The `pulumi` program with the environment that it needs."""

    program: str
    settings: PulumiEnvironment
    variables: Mapping[str, str]

    @classmethod
    def find(cls, environment: Mapping[str, str] | None = None) -> "Engine":
        """Raises CommandError when there is no `pulumi`."""
        base = os.environ if environment is None else environment
        settings = pulumi_environment(base)
        variables = settings.merged(base)
        program = shutil.which("pulumi", path=variables["PATH"])
        if program is None:
            raise CommandError(
                "There is no `pulumi` program here.", "Run `make toolchain`, which builds one."
            )
        return cls(program, settings, variables)

    def with_variables(self, more: Mapping[str, str]) -> "Engine":
        """The same program with more environment variables."""
        return replace(self, variables={**self.variables, **more})

    def ask(
        self, *arguments: str, text: str = "", timeout: float = QUIET_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Runs a short command with `text` as its standard input and gives its output; the exit code is the
        caller's to look at. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        return subprocess.run(
            self._command(arguments),
            cwd=project_folder(),
            env=dict(self.variables),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(timeout),
        )

    def stream(self, *arguments: str, observer: Observer | None = None) -> "Ended":
        """Runs a long command. `observer` is given what happens; without one, the command's output goes
        where ours goes.

        Ctrl-C reaches this process only, which passes it on: the first lets `pulumi` finish what it has
        begun, the second makes it end at once. Raises KeyboardInterrupt when it has ended after one.
        """
        with _temporary_folder() as temporary:
            log, printed = EventLog(temporary / "events"), temporary / "printed"
            watched = [] if observer is None else ["--event-log", str(log.path)]
            with printed.open("wb") as output:
                process = subprocess.Popen(
                    self._command([*arguments, *watched]),
                    cwd=project_folder(),
                    env={**self.variables, "TMPDIR": str(temporary), DEBUG_COMMANDS: "true"},
                    stdin=subprocess.DEVNULL,
                    stdout=None if observer is None else output,
                    stderr=None if observer is None else output,
                    process_group=0,
                )
            with _passing_on(process) as interrupts:
                if observer is not None:
                    _watch(process, log, observer, interrupts)
                code = process.wait()
            text = printed.read_text(errors="replace")
        if interrupts:
            raise KeyboardInterrupt
        return Ended(code, text)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [self.program, *arguments, "--non-interactive"]


def _watch(
    process: subprocess.Popen[bytes], log: EventLog, observer: Observer, interrupts: Sequence[int]
) -> None:
    """Gives `observer` what the log has until the process has ended. An observer that fails, for example
    because nobody reads what it prints, interrupts the process: it does not go on unseen."""
    try:
        _follow(process, log, observer, interrupts)
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def _follow(
    process: subprocess.Popen[bytes], log: EventLog, observer: Observer, interrupts: Sequence[int]
) -> None:
    known, running = 0, True
    while running:
        try:
            process.wait(TICK_SECONDS)
            running = False
        except subprocess.TimeoutExpired:
            pass
        if len(interrupts) > known:
            known = len(interrupts)
            observer.interrupted()
        for event in log.new():
            observer.feed(event)
        observer.tick()


def ending(code: int) -> str:
    """How a streamed command that failed has ended, for an error."""
    if code < 0:
        return f"was killed by signal {-code}"
    return f"failed with exit code {code}; its errors are above"


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder of this user's for temporary files, while the body runs. Folders of killed commands go first.

    Pulumi's Kubernetes plug-in writes each kubeconfig there for Helm and leaves it (pulumi-kubernetes,
    provider/pkg/provider/util.go, `writeKubeconfigToFile`).
    """
    all_of_them = state_folder() / "temporary"
    for left in all_of_them.glob("*"):
        if not Path(f"/proc/{left.name}").exists():
            shutil.rmtree(left, ignore_errors=True)
    own = all_of_them / str(os.getpid())
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        with contextlib.suppress(OSError):
            all_of_them.rmdir()


@contextlib.contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Passes SIGINT and SIGTERM of this process on to `process` as SIGINT. Yields the list of received
    signals."""
    received: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
