"""The pages for people, and what is in them: links, anchors, code and the shell commands of its blocks."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.commands import PROJECT, run

TRACKED = run(["git", "ls-files"]).stdout.split()
PAGES = {
    name: PROJECT / name
    for name in TRACKED
    if name.endswith(".md")
    and not name.startswith(("tests/", "cli/templates/"))
    and not (PROJECT / name).is_symlink()
}

_FENCED = re.compile(r"^(?:<!-- (.+?) -->\n)?```(\w*).*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COPIED = re.compile(r"\bcp ([^&#\n]*?)\s+\S+(?=\s*(?:&&|#|$))", re.MULTILINE)
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_ASSIGNMENT = re.compile(r"\w+=")
_SEPARATORS = {";", "&&", "||", "|", "(", ")", "&"}


@dataclass(frozen=True)
class Block:
    """A fenced block. `note` is the HTML comment on the line before it, which says how a test reads it."""

    page: str
    note: str
    language: str
    text: str

    @property
    def script(self) -> str:
        """The shell in it: all of it, or in a `console` block what follows the prompts. Empty for others."""
        if self.language == "sh":
            return self.text
        if self.language != "console":
            return ""
        lines, continues = [], False
        for line in self.text.splitlines():
            if continues or line.startswith("$ "):
                lines.append(line if continues else line.removeprefix("$ "))
                continues = line.endswith("\\")
        return "\n".join(lines) + "\n"


def blocks(page: str) -> list[Block]:
    return [Block(page, *found) for found in _FENCED.findall(PAGES[page].read_text())]


def links(page: str) -> list[str]:
    """The targets of its links."""
    return _LINK.findall(_FENCED.sub("", PAGES[page].read_text()))


def anchors(page: Path) -> list[str]:
    """Its headings as GitHub links to them."""
    titles = _HEADING.findall(_FENCED.sub("", page.read_text()))
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def code(page: str) -> Iterator[str]:
    """Every piece of code in it. What a `cp` creates is left out: it does not exist yet."""
    for block in blocks(page):
        yield from _COPIED.sub(r"cp \1", block.text).splitlines()
    yield from _INLINE.findall(_FENCED.sub("", PAGES[page].read_text()))


def commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a script, those in `$(…)` too, as words without assignments and redirections."""
    for line in script.replace("\\\n", " ").splitlines():
        for inner in _SUBSTITUTION.findall(line):
            yield from commands(inner)
        words: list[str] = []
        lexer = shlex.shlex(_SUBSTITUTION.sub("SUBSTITUTED", line), posix=True, punctuation_chars=True)
        for word in [*lexer, ";"]:
            if word in _SEPARATORS:
                if plain := _plain(words):
                    yield plain
                words = []
            else:
                words.append(word)


def _plain(words: list[str]) -> list[str]:
    kept = list(words)
    while kept and _ASSIGNMENT.match(kept[0]):
        kept.pop(0)
    for mark in ("<", ">", ">>"):
        while mark in kept:
            at = kept.index(mark)
            del kept[at : at + 2]
    return kept[1:] if kept[:1] == ["sudo"] else kept


def make_targets() -> set[str]:
    """Those of the repository, and those of a project that `hybrid-mesh init` creates."""
    files = (PROJECT / "Makefile", PROJECT / "cli/templates/project/Makefile")
    return {name for file in files for name in re.findall(r"^([a-z-]+):", file.read_text(), re.MULTILINE)}
