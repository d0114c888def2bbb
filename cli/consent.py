"""Whether a run may begin: what it changes is shown, and the person at the terminal is asked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from hybrid_mesh.cli.changes import Changes
from hybrid_mesh.cli.console import out, warn
from hybrid_mesh.cli.errors import FAILED, INTERRUPTED, WRONG, CommandError
from hybrid_mesh.cli.question import can_ask, confirmed

UNCHANGED = "Nothing was changed."


def require_terminal(command: str, stack: str) -> None:
    """Raises CommandError where a question would have no reader."""
    if not can_ask():
        raise CommandError(
            f"`hybrid-mesh {command}` asks before it changes the stack {stack}, but there is no terminal.",
            "Add --yes to proceed without a question, or --preview-only to see what would change.",
            WRONG,
        )


def show(changes: Changes, stack: str) -> None:
    """Prints what a preview found, the losses last."""
    lines = changes.lines()
    out.print(
        f"Changes to the stack {stack}:" if lines else f"The stack {stack} needs no changes.", markup=False
    )
    for line in lines:
        out.print(f"  {line}", markup=False)
    show_losses(changes.losses)


def show_losses(losses: Sequence[str]) -> None:
    """Prints what the run would lose, one line each."""
    for loss in losses:
        warn(f"  ! {loss}", style="bold yellow")


def agree(question: str) -> None:
    """Ends the command unless the answer is yes."""
    if not confirmed(question):
        warn(UNCHANGED)
        raise typer.Exit(FAILED)


@contextmanager
def nothing_changed_yet() -> Iterator[None]:
    """Ctrl-C within the body ends the command, and says that nothing was changed. Raises CommandError."""
    try:
        yield
    except KeyboardInterrupt:
        warn("")
        raise CommandError("Interrupted.", UNCHANGED, INTERRUPTED) from None
