"""Commands whose output nobody reads, or that has no place: they end without a traceback."""

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_mesh.cli.console import BROKEN_PIPE
from hybrid_mesh.cli.phases import Work
from tests.cli.engine_events import EAST, begun
from tests.cli.fake_pulumi import FakePulumi
from tests.commands import HYBRID_MESH, PROJECT

LONG = ("plan", "--manifests")


def shell(script: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", f"set -o pipefail; {script}", "bash", *HYBRID_MESH, *LONG]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ('"$@" | true', BROKEN_PIPE, ""),
        ('"$@" --json | true', BROKEN_PIPE, ""),
        ('"$@" >/dev/full', 1, "error: A file cannot be written: the disk is full."),
        ('"$@" >&-', 0, ""),
    ],
)
def test_output_without_a_reader_or_a_place(script: str, code: int, said: str) -> None:
    done = shell(script)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal_end_where_the_user_wants_none(
    variables: dict[str, str], coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment = {**kept, "TERM": "xterm-256color", **variables}
    command = [*HYBRID_MESH, "plan", "--stack", "nowhere"]
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        printed = b""
        with contextlib.suppress(OSError):  # Linux ends a terminal without another side so
            while piece := os.read(ours, 4096):
                printed += piece
    os.close(ours)
    assert process.returncode == 2
    assert b"nowhere" in printed
    assert (b"\x1b[31m" in printed) is coloured


def test_an_error_that_nobody_reads_ends_quietly() -> None:
    """The reader of standard error has gone before the first word."""
    script = (
        "import os, sys, runpy; r, w = os.pipe(); os.close(r); os.dup2(w, 2); "
        "sys.argv = ['hybrid-mesh', 'plan', '--stack', 'nowhere']; "
        "runpy.run_module('hybrid_mesh.cli.main', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, timeout=120, check=False)
    assert done.returncode == BROKEN_PIPE


def test_pulumi_does_not_go_on_when_nobody_reads_of_it(pulumi: FakePulumi, tmp_path: Path) -> None:
    class Unread:
        def __init__(self) -> None:
            self.work = Work()

        def feed(self, _: object) -> None:
            raise BrokenPipeError

        def tick(self) -> None:
            pass

        def interrupted(self) -> None:
            pass

    (pulumi.home / "ends on interrupt").touch()
    pulumi.answer("up", events=[begun("create", EAST)], seconds=600)
    with pytest.raises(BrokenPipeError):
        pulumi.engine().stream("up", observer=Unread())
    assert (pulumi.home / "interrupted").read_text() == "x"
