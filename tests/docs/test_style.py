"""Plain technical English: phrases that were replaced, and names that say nothing, do not come back.

All tracked texts are checked: of Python files the comments, strings and names, of other files everything.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import PROJECT, run

PHRASES: dict[str, str] = {
    r"(?<!there )\bis no\b(?! longer)": "is not a valid …",
    r"\bnothing stands\b": "the key has no value",
    r"\bno such choice\b": "not one of …",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bput(s|ting)? (it |them )?right\b": "fix",
    r"\bheal(s|ed|ing)?\b": "fix, repair",
    r"\brais(e|es|ed|ing) (the|a|an|its|another|whole) (whole )?(mesh|lab|clusters?|VMs?)\b": "create",
    r"\b(takes?|taking|taken|took) ((it|them|that|the|a|its|all|labels?|mesh|lab) ){0,3}away\b": "remove",
    r"\bways? (in|out)\b(?! which)": "ingress, egress, access",
    r"\b(whom|whomever|whoever|whatever)\b": "the concrete noun",
    r"\bby (itself|themselves|himself|oneself)\b": "automatically",
    r"\b(told|tells?|telling)\b": "reported, shown",
    r"\blet(s|ting)? (\w+ ){0,2}in\b": "allow",
    r"\b(has|have|with) a past\b": "has saved state",
    r"\bpower(s|ed|ing)? (it |them |the lab )?on\b": "start",
    r"\buser's own\b|\busers' own\b": "your, custom",
    r"\banew\b": "again",
    r"\b(be|is|are|was) had\b": "is available",
    r"\bwill not do\b": "is not valid",
    r"\bas (it|they) must be\b": "as expected",
    r"\bthis machine\b": "this host, this VM",
    r"\bgo(es)? on from\b": "resumes",
    r"\bstands? (here|there|beside|below|under)\b": "is",
    r"\b(told|kept|keeps|keep) apart\b": "distinguished",
}
"""Patterns of phrases, and what to write instead."""
_ANY = re.compile("|".join(PHRASES), re.IGNORECASE)

EXCEPTIONS = (
    "CHANGELOG.md",  # what was written of earlier releases
    "LICENSE",
    "components/charts/gateway-api-crds/",  # the Gateway API's own texts
    "hybrid_mesh/",  # links to the rooms
    "local/toolchain/archive.py",  # a part of the images' keys: a new text would build them again
    "local/toolchain/modules/",  # generated lists of modules
    "tests/docs/test_style.py",
)
"""Beginnings of the paths that are not checked."""

NAMES = re.compile(r"(^|_)(wheres?|apart|told|whom|wording)($|_)")
"""Parts of names that say nothing about what is named."""

TRACKED = run(["git", "ls-files"]).stdout.split()
ROOMS = ("model", "components", "plugins", "operate", "local", "cli", "benchmarks")


def _texts(path: Path) -> Iterator[str]:
    """Each piece of prose in a file, on one line."""
    text = path.read_text(encoding="utf-8", errors="ignore")
    if not _ANY.search(re.sub(r"[\s#]+", " ", text)):
        return
    if path.suffix != ".py":
        yield re.sub(r"\s*\n[\s#]*", " ", text)
        return
    comments: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments.append(token.string.lstrip("# "))
        elif token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            yield " ".join(comments)
            comments = []
        if token.type == tokenize.STRING:
            yield " ".join(token.string.split())


def test_no_text_has_a_phrase_that_was_replaced() -> None:
    found = [
        f"{name}: …{text[max(0, match.start() - 40) : match.end() + 30]}…: {_better(match[0])}"
        for name in TRACKED
        if not name.startswith(EXCEPTIONS) and (PROJECT / name).is_file()
        for text in _texts(PROJECT / name)
        for match in _ANY.finditer(text)
    ]
    assert found == [], "\n" + "\n".join(found)


def _better(phrase: str) -> str:
    return next((b for pattern, b in PHRASES.items() if re.search(pattern, phrase, re.IGNORECASE)), "")


def test_names_are_words_of_the_field() -> None:
    found = {
        f"{name}: {node.name}"
        for name in TRACKED
        if name.startswith(ROOMS) and name.endswith(".py")
        for node in ast.walk(ast.parse((PROJECT / name).read_text()))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and NAMES.search(node.name)
    }
    assert found == set()


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("this is no DNS label", True),
        ("there is no cluster", False),
        ("it is no longer declared", False),
        ("the ways in which it fails", False),
        ("takes the mesh away", True),
        ("by itself", True),
        ("lets other networks in", True),
        ("the metal part", False),
    ],
)
def test_patterns_find_what_they_are_for(text: str, is_found: bool) -> None:
    assert any(re.search(pattern, text, re.IGNORECASE) for pattern in PHRASES) is is_found
