"""What the pages for people name: links, and the code in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.commands import PROJECT

PAGES = {str(path.relative_to(PROJECT)): path for path in (*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"))}

_FENCED = re.compile(r"^```.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COPIED = re.compile(r"\bcp ([^&#\n]*?)\s+\S+(?=\s*(?:&&|#|$))", re.MULTILINE)


def links(page: str) -> list[str]:
    """The targets of its links."""
    return _LINK.findall(_FENCED.sub("", PAGES[page].read_text()))


def anchors(page: Path) -> set[str]:
    """Its headings as GitHub links to them."""
    titles = _HEADING.findall(_FENCED.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def code(page: str) -> Iterator[str]:
    """Every piece of code in it. What a `cp` makes is left out: it is not there yet."""
    text = PAGES[page].read_text()
    for block in _FENCED.findall(text):
        yield from _COPIED.sub(r"cp \1", block).splitlines()
    yield from _INLINE.findall(_FENCED.sub("", text))
