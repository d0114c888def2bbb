"""The messages that docs/troubleshooting.md quotes are those of the code, or of the programs around it."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.commands import PROJECT
from tests.docs.pages import TRACKED

PAGE: Final = (PROJECT / "docs" / "troubleshooting.md").read_text()
ENTRY = re.compile(r"^\*\*(`.+?`)\.?\*\*", re.MULTILINE)
ROW = re.compile(r"^\| (`.+?) \|", re.MULTILINE)
QUOTE = re.compile(r"`([^`]+)`")
TOOLS: Final = PROJECT / ".toolchain"
OTHERS: Final = {
    "incorrect passphrase": "bin/pulumi",
    "the stack is currently locked by": "bin/pulumi",
    "pending operations from previous deployment": "bin/pulumi",
    "from $PATH": "bin/pulumi",
    "found in the workspace": "bin/pulumi",
    "could not find plugin": "bin/pulumi",
    "cannot re-use a name that is still in use": "plugins/pulumi-resource-kubernetes",
    "cannot be imported into the current release": "plugins/pulumi-resource-kubernetes",
    "failed calling webhook": "bin/kube-apiserver",
    "no HTTP authorization header exists": "bin/pilot-discovery",
    "certificate signed by unknown authority": "bin/pilot-agent",
}
"""What others say -> the program of theirs."""


def quotes() -> list[str]:
    """The fixed parts of what the entries and the table of `verify` quote."""
    table = PAGE.partition("## When verify fails")[2].partition("\n## ")[0]
    quoted = [quote for text in (*ENTRY.findall(PAGE), *ROW.findall(table)) for quote in QUOTE.findall(text)]
    parts = [part.strip(' "') for quote in quoted for part in quote.split("…")]
    return [part for part in parts if len(part) > 3]


@cache
def said() -> str:
    """Every text of the code, one a line; values in it are left out."""
    ours = [name for name in TRACKED if not name.startswith(("tests/", "hybrid_mesh/"))]
    places = [name for name in ours if name.endswith(".py")]
    scripts = [name for name in ours if "/bin/" in name]
    texts = [text for name in places for text in _texts(PROJECT / name)]
    return "\n".join([*texts, *((PROJECT / name).read_text() for name in scripts)])


def _texts(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "\0" for p in node.values]
            found.append("".join(str(part) for part in parts))
    return found


def test_there_are_quotes() -> None:
    assert len(quotes()) > 20


@pytest.mark.parametrize("quote", quotes())
def test_is_said(quote: str) -> None:
    assert any(other in quote for other in OTHERS) or quote in said()


@pytest.mark.engine
@pytest.mark.parametrize("text", OTHERS)
def test_others_say_it(text: str) -> None:
    assert text in PAGE
    assert text.encode() in (TOOLS / OTHERS[text]).read_bytes()
