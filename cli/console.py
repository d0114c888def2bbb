"""What commands print: results to standard output, everything else to standard error."""

import os
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import IO, NoReturn

from rich.console import Console

WIDTH_OF_A_FILE = 160
"""Columns of a table that goes to a file or a pipe."""


class Verbosity(IntEnum):
    """How much of its progress a command prints. Results and errors are always printed."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


BROKEN_PIPE = 128 + signal.SIGPIPE
"""Exit code of a command whose reader has gone, as a shell gives it to programs that SIGPIPE ends."""


class _Console(Console):
    """Prints text as it is: no `:name:` becomes an emoji."""

    def __init__(self, *, stderr: bool) -> None:
        width = None if (sys.stderr if stderr else sys.stdout).isatty() else WIDTH_OF_A_FILE
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, width=width, emoji=False)

    def on_broken_pipe(self) -> None:
        end_without_reader(self.file)


def end_without_reader(stream: IO[str]) -> NoReturn:
    """Ends this process, whose reader has had enough; what is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    raise SystemExit(BROKEN_PIPE)


def _open_closed_streams() -> None:
    """Python has no object for a standard stream that was closed before it began."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - as long as the process


_open_closed_streams()
out = _Console(stderr=False)
err = _Console(stderr=True)
_chosen = Verbosity.NORMAL


def set_verbosity(verbosity: Verbosity) -> None:
    """Holds for the rest of this process."""
    global _chosen  # noqa: PLW0603 - a property of the process, as the two consoles are
    _chosen = verbosity


def verbosity() -> Verbosity:
    return _chosen


def say(text: str, style: str | None = None) -> None:
    """A line of progress, never a result or an error; `text` is plain, without markup. Quiet commands do not
    print it."""
    if _chosen > Verbosity.QUIET:
        err.print(text, style=style, markup=False)


def warn(text: str, style: str | None = None) -> None:
    """A line that the user must see, of an error or a warning; `text` is plain, without markup."""
    err.print(text, style=style, markup=False)


def hanging(prefix: str, text: str) -> str:
    """`text` behind `prefix`, broken at spaces to fit the width of standard output, and indented to begin at
    one column; names and addresses stay whole."""
    return textwrap.fill(
        text,
        max(out.width, len(prefix) + 20),
        initial_indent=prefix,
        subsequent_indent=" " * len(prefix),
        break_long_words=False,
        break_on_hyphens=False,
    )


@contextmanager
def step(text: str) -> Iterator[None]:
    """Prints what is being done and, when it is done, how long it took."""
    say(f"==> {text}", style="bold")
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    if took >= 1:
        say(f"    {took:.1f} s")
