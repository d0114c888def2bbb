"""How a run of the engine looks: phases that move on a terminal, a few lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from hybrid_mesh.cli.console import Verbosity, err, say, verbosity
from hybrid_mesh.cli.events import Event, name_of
from hybrid_mesh.cli.phases import Operation, Phase, Work, ordered

SLOW_SECONDS = 5.0
"""An operation that takes longer has its status printed."""
SETTLING_SECONDS = 1.0
"""A phase of unknown size has ended when nothing of it was under way for so long."""
MOST_OPERATIONS = 4
"""Slow operations that are listed below the phases at a time."""


class Observer(Protocol):
    """Is given every event, and called several times a second."""

    work: Work

    def feed(self, event: Event) -> None: ...

    def tick(self) -> None: ...

    def interrupted(self) -> None: ...


class Lines:
    """One line for each phase that begins or ends and for each status of an operation that takes long."""

    def __init__(self, work: Work, clock: Callable[[], float] = time.monotonic) -> None:
        self.work = work
        self._clock = clock
        self._start = clock()
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._printed: dict[str, tuple[str, float]] = {}

    def feed(self, event: Event) -> None:
        self.work.feed(event, self._clock())

    def tick(self, *, last: bool = False) -> None:
        now = self._clock()
        for notice in self.work.notices():
            self._print(notice)
        for label in ordered(self.work.phases):
            self._phase(label, self.work.phases[label], now, last=last)
        for each in self.work.operations():
            self._status(each, now)

    def interrupted(self) -> None:
        self._print(_INTERRUPTED)

    def _phase(self, label: str, phase: Phase, now: float, *, last: bool) -> None:
        if phase.begun is None:
            return
        if label not in self._begun and phase.active:
            self._begun.add(label)
            self._print(f"{label}: {phase.total} resources …" if phase.total > 1 else f"{label} …")
        ended = _has_ended(phase, now) or (last and not phase.active)
        if ended and label not in self._ended:
            self._ended.add(label)
            self._print(f"{mark(phase)} {label}: {outcome(phase)} in {seconds_of(phase, now):.0f} s")

    def _status(self, each: Operation, now: float) -> None:
        text, since = self._printed.get(each.urn, ("", each.begun))
        if each.status and each.status != text and now - since >= SLOW_SECONDS:
            self._printed[each.urn] = (each.status, now)
            self._print(f"  {name_of(each.urn)}: {each.status}")

    def _print(self, text: str) -> None:
        say(f"{self._clock() - self._start:5.0f} s  {text}")


class Picture:
    """The phases with their times, redrawn while they move, and the operations that take long."""

    def __init__(
        self, work: Work, expected: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.work = work
        self._clock = clock
        self._start = clock()
        self._expected = expected
        self._interrupted = False
        self._ended = False
        self._spinner = Spinner("dots")

    def feed(self, event: Event) -> None:
        self.work.feed(event, self._clock())

    def tick(self) -> None:
        for notice in self.work.notices():
            say(f"    {notice}")

    def interrupted(self) -> None:
        self._interrupted = True

    def end(self) -> None:
        self._ended = True

    def __rich__(self) -> RenderableType:
        now = self._clock()
        table = Table.grid(padding=(0, 1), pad_edge=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        for column in ("done", "seconds"):
            table.add_column(column, justify="right", no_wrap=True)
        for label in ordered(self.work.phases):
            phase = self.work.phases[label]
            if phase.begun is None:
                continue
            busy = not self._ended and not _has_ended(phase, now)
            total = max(phase.total, len(phase.seen) + len(phase.active))
            sign: RenderableType = (
                self._spinner if busy else Text(mark(phase), "red" if phase.failed else "green")
            )
            progress = f"{len(phase.seen)}/{total}" if busy else outcome(phase)
            table.add_row(sign, label, progress, f"{seconds_of(phase, now):.0f} s")
        return Group(table, *self._below(now))

    def _below(self, now: float) -> Iterator[Text]:
        if self._ended:
            return
        slow = [each for each in self.work.operations() if each.status and now - each.begun >= SLOW_SECONDS]
        for each in slow[:MOST_OPERATIONS]:
            line = f"     {name_of(each.urn)}: {each.status}"
            yield Text(line, style="dim", no_wrap=True, overflow="ellipsis")
        if len(slow) > MOST_OPERATIONS:
            yield Text(f"     and {len(slow) - MOST_OPERATIONS} more", style="dim")
        starting = "" if self.work.phases else "starting Pulumi: "
        passed = f"     {starting}{now - self._start:.0f} s"
        yield Text(f"{passed} of about {self._expected:.0f} s" if self._expected else passed, style="dim")
        if self._interrupted:
            yield Text(f"     {_INTERRUPTED}", style="yellow", overflow="fold")


_INTERRUPTED = "Interrupted: waiting for what is under way. Ctrl-C again ends it at once."


@contextmanager
def observing(work: Work, expected: float | None = None, console: Console = err) -> Iterator[Observer | None]:
    """What shows a run while the body waits for it; None where the engine's own output is to be shown."""
    if verbosity() is Verbosity.VERBOSE:
        yield None
    elif verbosity() is Verbosity.NORMAL and console.is_terminal:
        picture = Picture(work, expected)
        with Live(picture, console=console, refresh_per_second=4) as live:
            try:
                yield picture
            finally:
                picture.tick()
                picture.end()
                live.refresh()
    else:
        lines = Lines(work)
        try:
            yield lines
        finally:
            lines.tick(last=True)


def mark(phase: Phase) -> str:
    """A sign for a phase that has ended, in letters where the output has no others."""
    letters = "utf" not in str(getattr(err.file, "encoding", "")).lower()
    good, bad = ("ok", "failed") if letters else ("✓", "✗")
    return bad if phase.failed else good


def outcome(phase: Phase) -> str:
    if phase.failed:
        return "failed"
    return phase.changes or f"{len(phase.seen)} unchanged"


def seconds_of(phase: Phase, now: float) -> float:
    if phase.begun is None:
        return 0.0
    return (now if phase.active or phase.ended is None else phase.ended) - phase.begun


def _has_ended(phase: Phase, now: float) -> bool:
    if phase.active:
        return False
    if phase.total > 0:
        return len(phase.seen) >= phase.total
    return phase.ended is not None and now - phase.ended >= SETTLING_SECONDS
