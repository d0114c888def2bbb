"""What the two consoles print, and how much of it."""

from collections.abc import Iterator

import pytest

from hybrid_mesh.cli import console
from hybrid_mesh.cli.console import Verbosity, say, set_verbosity, step, verbosity, warn


@pytest.fixture(autouse=True)
def _normal_again() -> Iterator[None]:
    yield
    set_verbosity(Verbosity.NORMAL)


@pytest.mark.parametrize("text", ["a:key:b:x:c", "reg/:up:/istio", "v1:abc:def", "[bold]", "a [0] b"])
def test_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str], text: str) -> None:
    say(text)
    warn(text)
    console.out.print(text, markup=False)
    printed = capsys.readouterr()
    assert printed.err == f"{text}\n{text}\n"
    assert printed.out == f"{text}\n"


def test_quiet_leaves_out_progress_but_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    set_verbosity(Verbosity.QUIET)
    say("progress")
    with step("a step"):
        warn("error: it failed")
    assert capsys.readouterr().err == "error: it failed\n"


def test_a_command_is_neither_quiet_nor_verbose_until_it_is_set() -> None:
    assert verbosity() is Verbosity.NORMAL
