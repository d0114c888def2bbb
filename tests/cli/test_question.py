"""The question, on a terminal of its own."""

import os
import pty
import sys

import pytest

from tests.commands import PROJECT

CODE = """
import sys
from hybrid_mesh.cli.question import can_ask, confirmed
try:
    sys.exit(0 if can_ask() and confirmed("Go on [really]?") else 1)
except KeyboardInterrupt:
    sys.exit(130)
"""


def ask(answer: bytes) -> tuple[int, str]:
    """What a process with a terminal ends with that is given `answer`, and what it printed."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(PROJECT)
        os.execv(sys.executable, [sys.executable, "-c", CODE])
    printed = b""
    while b"[y/N] " not in printed:
        printed += os.read(terminal, 1024)
    os.write(terminal, answer)
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), printed.decode()


@pytest.mark.parametrize(
    ("answer", "code"),
    [(b"y\n", 0), (b"Yes\n", 0), (b"n\n", 1), (b"\n", 1), (b"\x04", 1), (b"\x03", 130)],
    ids=["y", "Yes", "n", "nothing", "end of input", "Ctrl-C"],
)
def test_the_answer(answer: bytes, code: int) -> None:
    ended, printed = ask(answer)
    assert ended == code
    assert printed.endswith("Go on [really]? [y/N] ")
