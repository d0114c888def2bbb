"""What users see while the toolchain is built."""

import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

QUIET_SECONDS = 60.0
"""Without a terminal, the longest time without a line."""


class BuildObserver(Protocol):
    """Called by the builder's threads."""

    def started(self, name: str) -> None: ...

    def finished(self, name: str, seconds: float) -> None: ...


class BuildProgress:
    """A live table on a terminal, else one line for each thing that begins or ends, and one for what still
    runs when nothing did for `quiet` seconds.

    `expected` has the seconds that each component takes on two cores; what is left is scaled by how the
    finished ones compare.
    """

    def __init__(self, expected: Mapping[str, float], console: Console, quiet: float = QUIET_SECONDS) -> None:
        self._expected = expected
        self._console = console
        self._quiet = quiet
        self._begin = self._printed = time.monotonic()
        self._ended = threading.Event()
        self._speaker = threading.Thread(target=self._say_what_runs, daemon=True)
        self._running: dict[str, float] = {}
        self._done: dict[str, float] = {}
        self._guard = threading.Lock()
        self._live = Live(get_renderable=self._picture, console=console, refresh_per_second=2, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        else:
            self._speaker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._console.is_terminal:
            self._live.stop()
        else:
            self._speaker.join()

    def started(self, name: str) -> None:
        with self._guard:
            self._running[name] = time.monotonic()
        if not self._console.is_terminal:
            self._print(f"{self._clock()} building {name}")

    def finished(self, name: str, seconds: float) -> None:
        with self._guard:
            del self._running[name]
            self._done[name] = seconds
            line = f"{self._clock()} built {name} in {seconds:.0f} s"
            left = f"{len(self._done)} of {len(self._expected)}, {_about(self._left())}"
        self._print(f"{line} ({left})")

    def _print(self, line: str) -> None:
        self._printed = time.monotonic()
        self._console.print(line)

    def _say_what_runs(self) -> None:
        while not self._ended.wait(max(0.01, self._printed + self._quiet - time.monotonic())):
            if time.monotonic() < self._printed + self._quiet:
                continue
            with self._guard:
                now = time.monotonic()
                running = [f"{name} ({_minutes(now - begun)})" for name, begun in self._running.items()]
                left = _about(self._left())
            self._print(f"{self._clock()} still building {', '.join(running) or 'nothing'}; {left}")

    def _clock(self) -> str:
        return _minutes(time.monotonic() - self._begin)

    def _left(self) -> float:
        """About how many seconds are left. Called with the guard held."""
        expected_done = sum(self._expected[name] for name in self._done)
        pace = sum(self._done.values()) / expected_done if expected_done > 30 else 1.0
        now = time.monotonic()
        running = sum(
            max(0.0, self._expected[name] * pace - (now - begun)) for name, begun in self._running.items()
        )
        begun_or_done = {*self._running, *self._done}
        return running + pace * sum(
            value for name, value in self._expected.items() if name not in begun_or_done
        )

    def _picture(self) -> RenderableType:
        with self._guard:
            table = Table.grid(padding=(0, 2))
            now = time.monotonic()
            for name, begun in self._running.items():
                table.add_row(Text(name, style="bold"), f"{_minutes(now - begun)}")
            waiting = [
                name for name in self._expected if name not in self._running and name not in self._done
            ]
            done = f"{len(self._done)} of {len(self._expected)} built"
        return Group(
            table,
            Text(f"{done}, {self._clock()} elapsed, {_about(self._left())}"),
            Text(f"next: {', '.join(waiting) or 'nothing'}", style="dim"),
        )


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _about(seconds: float) -> str:
    return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"
