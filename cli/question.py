"""A question to the person at the terminal."""

import sys

from hybrid_mesh.cli.console import err


def can_ask() -> bool:
    """Whether somebody is there to read a question and to answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(question: str) -> bool:
    """Whether the answer is yes; no answer, or the end of the input, is a no. Raises KeyboardInterrupt."""
    err.print(f"{question} [y/N] ", end="", markup=False)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
