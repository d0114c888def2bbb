"""The page on doctor has every check that the code has."""

import ast
import re
from collections.abc import Iterator

from tests.commands import PROJECT

CHECKS = PROJECT / "operate/doctor/checks"
MAKERS = {"Finding", "broken", "_restart", "_conditions"}
"""Functions whose first argument is the name of a check."""


def named() -> Iterator[str]:
    """The names of checks in the code."""
    for path in CHECKS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)
                elif ast.unparse(first) == "CHANGED":
                    yield "object-changed"


def test_every_check_is_on_the_page_and_none_that_is_not() -> None:
    page = (PROJECT / "docs/doctor.md").read_text().partition("## Checks")[2]
    listed = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert listed == sorted(set(named()))
