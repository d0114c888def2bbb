"""Blocks that show what a command prints show what it prints; `…` stands for lines left out."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli.main import app
from tests.docs.pages import PAGES, Block, blocks
from tests.operate.mesh import FakeShell

PRINTED = "printed by hybrid-mesh "
SHOWN = [block for page in PAGES for block in blocks(page) if block.note.startswith(PRINTED)]


def printed(block: Block) -> list[str]:
    """The lines of the command that the block's note names, on a terminal of 140 columns."""
    result = CliRunner(env={"COLUMNS": "140"}).invoke(app, shlex.split(block.note.removeprefix(PRINTED)))
    assert result.exit_code == 0, result.output
    return without_times(result.stdout + result.stderr)


def without_times(text: str) -> list[str]:
    return [re.sub(r"\(\d+\.\d s\)", "(… s)", line.rstrip()) for line in text.splitlines()]


def missing(shown: list[str], lines: list[str]) -> list[str]:
    """Those of `shown` that do not follow in `lines`: at once, or after `…` later."""
    at, free, absent = 0, False, []
    for line in shown:
        if line == "…":
            free = True
            continue
        places = [index for index in range(at, len(lines)) if lines[index] == line]
        if not places or (not free and places[0] != at):
            absent.append(line)
        at, free = (places[0] + 1 if places else at), False
    return absent


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.page)
def test_a_page_shows_what_is_printed(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify asks a mesh that works."""
    running = {"ratings": ["mesh-ratings-9q2m", "mesh-ratings-x7fk"]}
    monkeypatch.setattr(
        "hybrid_mesh.cli.verify.MeshShell", lambda plan: FakeShell(running=running, plan=plan, foreign=True)
    )
    command, *shown = without_times(block.text)
    assert command == f"$ {block.note.removeprefix('printed by ')}"
    assert missing(shown, printed(block)) == []


def test_what_is_not_printed_is_noticed() -> None:
    assert SHOWN
    lines = ["a", "b", "c", "d"]
    assert missing(["a", "b", "…", "d"], lines) == []
    assert missing(["a", "c"], lines) == ["c"]
    assert missing(["…", "d", "c"], lines) == ["c"]
