"""For any mistake in a stack file: exit code 2 and one clear message, soon and without a traceback."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from hybrid_mesh.cli.main import app
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading import document
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import load_stack_file
from tests.model.wrong_inputs import GOOD, INPUTS, ROWS, WrongInput
from tests.model.wrong_inputs.growing import GROWING, Generator

MOST_CALLS = 2_500_000
"""Calls of Python functions for one wrong file: about a second of a slow host."""

HEAVY = [wrong for kind in (1, 41, 42, 47, 48, 50) for wrong in ROWS[kind]]


def test_every_kind_has_an_input() -> None:
    assert list(ROWS) == list(range(1, 51))


@pytest.mark.parametrize("wrong", INPUTS, ids=lambda wrong: str(wrong.name))
def test_is_refused_with_a_clear_message(
    wrong: WrongInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.wrong.yaml").write_bytes(wrong.content)
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["plan", "--file", "Pulumi.wrong.yaml"])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    for part in wrong.says:
        assert part in result.stderr
    for part in (*wrong.lacks, "Traceback", "Error(", "Warning"):
        assert part not in result.stderr
    assert len(result.stderr.splitlines()) <= 45
    assert max(map(len, result.stderr.splitlines())) < 500


@pytest.mark.parametrize("wrong", INPUTS, ids=lambda wrong: str(wrong.name))
def test_scripts_get_the_problems_as_json(
    wrong: WrongInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.wrong.yaml").write_bytes(wrong.content)
    result = CliRunner().invoke(app, ["plan", "--json", "--file", "Pulumi.wrong.yaml"])
    assert (result.exit_code, result.stderr) == (2, "")
    problems = json.loads(result.stdout)["problems"]
    assert problems
    for problem in problems:
        assert list(problem) == ["path", "value", "message", "remedy", "file", "line", "column"]
        assert problem["file"] == "Pulumi.wrong.yaml"
        assert problem["message"]
        assert problem["remedy"]
        assert (problem["line"] is None) == (problem["column"] is None)


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("wrong", HEAVY, ids=lambda wrong: str(wrong.name))
def test_does_little_work_with_either_parser(
    wrong: WrongInput, parser: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = getattr(yaml, parser, None)
    if loader is None:
        pytest.skip(f"PyYAML has no {parser} here")
    monkeypatch.setattr(document, "_LOADER", loader)
    path = tmp_path / "Pulumi.wrong.yaml"
    path.write_bytes(wrong.content)
    assert _calls(lambda: _read(path)) < MOST_CALLS


@pytest.mark.parametrize("name", GROWING)
def test_work_grows_with_the_file_and_not_with_its_square(name: str, tmp_path: Path) -> None:
    small, large = (_calls_of(GROWING[name], many, tmp_path) for many in (200, 800))
    assert large / small < 4.5


def _calls_of(text: Generator, many: int, folder: Path) -> int:
    path = folder / "Pulumi.wrong.yaml"
    path.write_text(text(many))
    _read(path)
    return _calls(lambda: _read(path))


def _calls(run: Callable[[], object]) -> int:
    """How many functions are called, those in C included."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        del frame, argument
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def _read(path: Path) -> tuple[str, ...]:
    """What is said about the file at `path`; nothing when it is right."""
    try:
        file = load_stack_file(path)
        plan_from(file.mesh, "wrong", file=file)
    except ConfigurationError as error:
        return tuple(map(str, error.problems))
    return ()


@st.composite
def damaged_texts(draw: st.DrawFn) -> bytes:
    """The local stack's file with bytes replaced, cut or put in."""
    content = bytearray(GOOD.encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        until = min(len(content), at + draw(st.integers(0, 3)))
        content[at:until] = draw(st.one_of(st.binary(max_size=3), PIECES))
    return bytes(content)


PIECES = st.sampled_from(
    [
        *b'{}[]:,#&*!|>%@`"\'-?~\\\t\n\r \0',
        *(": ", "- ", "? ", "<<: ", "&a ", "*a ", "!!set ", "---\n", "...\n", "\ufeff", "\u2028", "\x85"),
        *("2026-11-27", "{secure: x}", "0x", "1e999", "1_0", '"\\ud800"', "\n\n  ", "[" * 70, "é", "😀"),
    ]
).map(lambda piece: piece.encode() if isinstance(piece, str) else bytes([piece]))  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.one_of(damaged_texts(), st.binary(max_size=40), st.text(max_size=40).map(str.encode)))
@example(b"\xff\xfe")
@example(b"a: \xef\xbf\xbe")
@example(b"? ? ? ?")
@example(b"&a [*a, &a b, *a]")
def test_any_bytes_are_a_plan_or_problems(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "Pulumi.any.yaml"
    path.write_bytes(content)
    for parser in ("CSafeLoader", "SafeLoader"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(document, "_LOADER", getattr(yaml, parser, yaml.SafeLoader))
            for said in _read(path):
                assert len(said.splitlines()) == 2
                assert all(line.isprintable() for line in said.splitlines())
