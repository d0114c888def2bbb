"""Runs the engine, shows what it does, and reports how that ended."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hybrid_mesh.cli.changes import Changes
from hybrid_mesh.cli.console import Verbosity, verbosity, warn
from hybrid_mesh.cli.engine import Ended, Engine, ending
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.events import Event, Step, name_of
from hybrid_mesh.cli.phases import Work
from hybrid_mesh.cli.progress import observing

QUIET = ("--suppress-outputs", "--suppress-progress")
_LAST_LINES = 20
_WORDS = {
    "same": "unchanged",
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "import": "imported",
}
_LOCKED = re.compile(r"the stack is currently locked by .*?(?:created by (?P<holder>[^\n]+)|$)", re.DOTALL)
"""Source: checkForLock in pulumi/pkg/backend/diy/lock.go."""
_CONFLICT = "Another update is currently in progress"
"""Source: ConflictingUpdateError in pulumi/pkg/backend/backenderr."""


@dataclass(frozen=True)
class Outcome:
    """Of one run: how the engine ended, and what is known of its work."""

    ended: Ended
    work: Work

    @property
    def ok(self) -> bool:
        return self.ended.code == 0

    @property
    def changed(self) -> bool:
        """Whether anything was, as far as is known."""
        return set(self.work.changes) != {"same"}

    @property
    def summary(self) -> str:
        """Such as `3 created, 75 unchanged`."""
        counts = {_WORDS.get(each, each): 0 for each in self.work.changes}
        for operation, count in self.work.changes.items():
            counts[_WORDS.get(operation, operation)] += count
        return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "done"


def perform(
    engine: Engine, *arguments: str, declared: Iterable[str] = (), seconds: float | None = None
) -> Outcome:
    """Runs `pulumi ARGUMENTS` and shows its phases; with `--verbose`, its own output instead.

    `declared`: the URNs that a run without a program works on. `seconds`: how long it is expected to take.
    """
    work = Work(declared)
    with observing(work, seconds) as observer:
        return Outcome(engine.stream(*arguments, *QUIET, observer=observer), work)


class _Gathering:
    """Observes a preview: only its result counts."""

    def __init__(self) -> None:
        self.work = Work()
        self.changes = Changes()

    def feed(self, event: Event) -> None:
        self.work.feed(event, 0.0)
        if isinstance(event, Step):
            self.changes.add(event)

    def tick(self) -> None:
        pass

    def interrupted(self) -> None:
        pass


def preview(engine: Engine, stack: str, *options: str) -> Changes:
    """What `up` would change. Raises CommandError, after the errors of the program."""
    observer = _Gathering()
    ended = engine.stream("preview", "--stack", stack, *options, *QUIET, observer=observer)
    if ended.code != 0:
        raise failure("preview", stack, Outcome(ended, observer.work), "Nothing was changed.")
    return observer.changes


def failure(operation: str, stack: str, outcome: Outcome, remedy: str) -> CommandError:
    """The error to end with; what failed is printed first, whole."""
    printed = outcome.ended.printed
    if holder := _holder(printed):
        return CommandError(
            f"Another command works on the stack {stack}{holder}.",
            "Wait for it to end and run this command again. If it was killed, or its host is down, "
            f"`pulumi cancel {stack}` removes its lock.",
        )
    for error in outcome.work.errors:
        about = f"{name_of(error.urn)}: " if error.urn and "::pulumi:pulumi:Stack::" not in error.urn else ""
        warn(f"error: {about}{error.text}", style="red")
    if not outcome.work.errors and verbosity() < Verbosity.VERBOSE:
        for line in printed.strip().splitlines()[-_LAST_LINES:]:
            warn(f"    {line}")
    return CommandError(f"`pulumi {operation}` {ending(outcome.ended.code)}.", remedy)


def _holder(printed: str) -> str:
    """Who holds the lock, for the error; empty when the stack was not locked."""
    if found := _LOCKED.search(printed):
        return f": {found['holder'].strip()}" if found["holder"] else " (it holds the lock)"
    return " (it holds the lock)" if _CONFLICT in printed else ""
