"""Commands as the user can type them."""

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.options import DEFAULT_STACK
from hybrid_mesh.local.lab.errors import LabNotRunning

COMMAND = "hybrid-mesh" if shutil.which("hybrid-mesh") else ".venv/bin/hybrid-mesh"
"""The program, as the user can type it."""


def command(words: str, stack: str = DEFAULT_STACK) -> str:
    """`hybrid-mesh WORDS` as the user can type it; it names the stack unless it is the default."""
    return (
        f"{COMMAND} {words}" if stack == DEFAULT_STACK else f"{COMMAND} {words} --stack {shlex.quote(stack)}"
    )


@contextmanager
def needing_lab(stack: str) -> Iterator[None]:
    """Within the body, a lab that does not run ends the command with how to start it for `stack`. Raises
    CommandError."""
    try:
        yield
    except LabNotRunning:
        raise CommandError("No lab is running.", f"Start one with `{command('up', stack)}`.") from None
