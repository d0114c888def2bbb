"""What the pages name exists: links, paths, commands, targets of make."""

import re
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from hybrid_mesh.cli.main import app
from tests.commands import PROJECT
from tests.docs.pages import PAGES, TRACKED, anchors, code, links, make_targets

EACH = pytest.mark.parametrize("page", PAGES)
ROOMS = {name.partition("/")[0] for name in TRACKED if "/" in name}
PLACEHOLDERS = re.compile(r"[<*…]|\b[A-Z]{2,}\b")
PATH = re.compile(r"(?<![\w./~$-])[\w.-]+/[\w./<>*…-]*")
COMMAND = re.compile(r"(?:^|\$ |\(|bin/)hybrid-mesh ((?:[\w./=\[\]-]+ ?)+)")
TARGET = re.compile(r"(?:^|[\s(])make ([a-z][a-z-]*)")


@EACH
def test_links_lead_somewhere(page: str) -> None:
    for link in links(page):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (PAGES[page].parent / file).resolve() if file else PAGES[page]
        assert target.exists(), f"{page}: {link}"
        assert not anchor or anchor in anchors(target), f"{page}: {link}"


def test_every_page_is_linked_from_the_readme() -> None:
    found, new = set(), {"README.md"}
    while new:
        found |= new
        targets = {
            (PAGES[page].parent / link.partition("#")[0]).resolve() for page in new for link in links(page)
        }
        new = {page for page, path in PAGES.items() if path in targets} - found
    assert set(PAGES) - found == {"gitops/README.md"}


@EACH
def test_headings_have_anchors_of_their_own(page: str) -> None:
    found = anchors(PAGES[page])
    assert sorted(found) == sorted(set(found))


@EACH
def test_paths_of_the_project_exist(page: str) -> None:
    named = {path for piece in code(page) for path in PATH.findall(piece)}
    ours = {path for path in named if path.partition("/")[0] in ROOMS and not PLACEHOLDERS.search(path)}
    assert {path for path in ours if not (PROJECT / path).exists()} == set()


@EACH
def test_commands_and_their_options_exist(page: str) -> None:
    """Wherever one is mentioned, whole or not; `tests.docs.test_blocks` parses whole ones."""
    for piece in code(page):
        for words in COMMAND.findall(piece.partition(" -- ")[0]):
            command: Any = typer.main.get_command(app)
            wanted = [word.strip("[]") for word in words.split()]
            options = _options(command)
            while isinstance(command, TyperGroup) and wanted and not wanted[0].startswith("-"):
                context = command.make_context(command.name, [], resilient_parsing=True)
                command = command.get_command(context, wanted.pop(0))
                assert command is not None, f"{page}: {piece}"
            options |= _options(command)
            asked = {word.partition("=")[0] for word in wanted if word.startswith("--") and word != "--"}
            assert asked <= options, f"{page}: {piece}"


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts} | {"--help"}


@EACH
def test_targets_of_make_exist(page: str) -> None:
    targets = make_targets()
    assert {target for piece in code(page) for target in TARGET.findall(piece)} <= targets
