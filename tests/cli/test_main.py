"""What every command has in common: versions, help, completion, and that none of it imports a command."""

import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from hybrid_mesh.cli.commands import Commands, summary
from hybrid_mesh.cli.console import Verbosity, verbosity
from hybrid_mesh.cli.main import COMMANDS, app
from tests.commands import HYBRID_MESH, run

runner = CliRunner()
PLACES = {name: place for section in COMMANDS.values() for name, place in section.items()}


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that can be run, by its words."""
    root = typer.main.get_command(app)
    for name in PLACES:
        command = root.get_command(None, name)  # type: ignore[attr-defined]
        below = getattr(command, "commands", {})
        yield from (
            ((f"{name} {word}", each) for word, each in below.items()) if below else [(name, command)]
        )


ALL = dict(commands())


def test_the_versions_are_said() -> None:
    done = runner.invoke(app, ["--version"])
    assert done.exit_code == 0
    assert re.match(
        r"hybrid-mesh \d\S+\nPulumi SDK \d\S+, Python \d\S+\nIstio \d\S+, Kubernetes \d", done.stdout
    )


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_versions_and_help_import_no_command(option: str) -> None:
    script = (
        "import sys\nfrom hybrid_mesh.cli.main import app\n"
        f"try: app(['{option}'])\n"
        "finally: print([name for name in ('pydantic', 'pulumi', 'rich') if name in sys.modules])"
    )
    done = run([sys.executable, "-c", script])
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", ALL)
def test_help_is_whole(words: str) -> None:
    done = runner.invoke(app, [*words.split(), "-h"], terminal_width=80)
    assert done.exit_code == 0, done.output
    assert done.stdout == runner.invoke(app, [*words.split(), "--help"], terminal_width=80).stdout
    assert "Exit codes:" in done.stdout
    assert done.stdout.count(f"hybrid-mesh {words}") >= 2, "it has an example"
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", PLACES)
def test_the_list_says_of_a_command_what_it_says_of_itself(name: str) -> None:
    known = " ".join(runner.invoke(app, ["--help"]).stdout.split())
    own = " ".join(runner.invoke(app, [name, "--help"]).stdout.split())
    assert summary(PLACES[name]) in known
    assert summary(PLACES[name]) in own


def test_sentences_flow_and_examples_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def command() -> None:
        """Do it.

        A sentence that is broken in
        the source.

        Example:

            hybrid-mesh do   it
        """

    module = ModuleType("made_by_a_test")
    module.do = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    made = Commands.of({"Made": {"do": "made_by_a_test:do"}}, "Exit codes: 0.")(name="x")
    found = made.get_command(None, "do")
    shown = found.get_help(found.make_context("do", [], resilient_parsing=True))
    assert "A sentence that is broken in the source." in shown
    assert "      hybrid-mesh do   it\n" in shown
    assert "Exit codes: 0." in shown


def test_an_unknown_command_or_option_is_one_line() -> None:
    done = runner.invoke(app, ["verifi"])
    assert (done.exit_code, "Did you mean 'verify'?" in done.stderr) == (2, True)
    assert runner.invoke(app, ["verify", "--jsn"]).exit_code == 2


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hybrid-mesh ve", {"verify"}),
        ("hybrid-mesh lab st", {"status"}),
        ("hybrid-mesh verify --to p", {"public"}),
    ],
)
def test_commands_are_completed(typed: str, found: set[str]) -> None:
    assert completions(typed) == found


def completions(typed: str) -> set[str]:
    environment = {
        "_HYBRID_MESH_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }
    done = runner.invoke(app, [], env=environment, prog_name="hybrid-mesh")
    assert done.exit_code == 0, done.output
    return set(done.stdout.split())


def test_the_completion_of_bash_is_printed() -> None:
    done = run([*HYBRID_MESH, "--show-completion", "bash"])
    assert "_HYBRID_MESH_COMPLETE=complete_bash" in done.stdout
    assert "_hybrid_mesh_completion hybrid-mesh\n" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("plan", Verbosity.NORMAL),
        ("-q plan", Verbosity.QUIET),
        ("plan --quiet", Verbosity.QUIET),
        ("plan -v", Verbosity.VERBOSE),
        ("--quiet plan --verbose", Verbosity.VERBOSE),
        ("lab status -v", Verbosity.VERBOSE),
    ],
)
def test_the_verbosity_is_chosen_before_or_behind_the_command(words: str, expected: Verbosity) -> None:
    assert runner.invoke(app, words.split()).exit_code == 0
    assert verbosity() is expected
