"""What commands say: results to standard output, everything else to standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

WIDTH_OF_A_FILE = 160
"""Columns of a table that goes to a file or a pipe."""


def _console(*, stderr: bool) -> Console:
    width = None if (sys.stderr if stderr else sys.stdout).isatty() else WIDTH_OF_A_FILE
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=width)


out = _console(stderr=False)
err = _console(stderr=True)


def say(text: str, style: str | None = None) -> None:
    """A line of progress or an error, never a result; `text` is plain, without markup."""
    err.print(text, style=style, markup=False)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Says what is being done and, when it is done, how long it took."""
    say(f"==> {text}", style="bold")
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    if took >= 1:
        say(f"    {took:.1f} s")
