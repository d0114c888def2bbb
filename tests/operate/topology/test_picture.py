"""The arrangement of boxes, and that no name can leave its text."""

from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.operate.topology.boxes import Box, Line, text_width
from hybrid_mesh.operate.topology.build import topology
from hybrid_mesh.operate.topology.compare import compare
from hybrid_mesh.operate.topology.graph import Kind, Topology
from hybrid_mesh.operate.topology.html import as_html
from hybrid_mesh.operate.topology.mermaid import as_mermaid
from hybrid_mesh.operate.topology.picture import picture
from hybrid_mesh.operate.topology.svg import as_svg
from tests.commands import PROJECT
from tests.operate.topology.meshes import graph, hostile, large, live

MESHES = ["local", "dev", "staging", "prod", "large", "live", "hostile", "change", "empty"]


def _mesh(name: str) -> Topology:
    made: dict[str, Callable[[], Topology]] = {
        "large": lambda: topology(plan_from(large(), "large")),
        "live": live,
        "hostile": hostile,
        "change": lambda: compare(graph("prod"), graph("staging"), "prod"),
        "empty": lambda: Topology("s", "m", (), (), ()),
    }
    return made[name]() if name in made else graph(name)


@pytest.mark.parametrize("name", MESHES)
def test_boxes_hold_what_is_inside_of_them_and_do_not_overlap(name: str) -> None:
    for box in picture(_mesh(name)).all():
        for line in box.lines:
            assert line.width <= box.width - 2 * box.padding + 0.1
        for each in box.inside:
            assert box.x <= each.x
            assert box.y <= each.y
            assert each.x + each.width <= box.x + box.width + 0.1
            assert each.y + each.height <= box.y + box.height + 0.1
        for one, other in combinations(box.inside, 2):
            assert (
                one.x + one.width <= other.x + 0.1
                or other.x + other.width <= one.x + 0.1
                or one.y + one.height <= other.y + 0.1
                or other.y + other.height <= one.y + 0.1
            )


@pytest.mark.parametrize("name", MESHES)
def test_every_part_is_drawn_but_vms_of_a_large_mesh(name: str) -> None:
    mesh = _mesh(name)
    drawn = [each.key for each in picture(mesh).all() if each.key]
    left_out = {Kind.VM} if name == "large" else set()
    assert sorted(drawn) == sorted(each.id for each in mesh.nodes if each.kind not in left_out)


_EXAMPLES = sorted((PROJECT / "model" / "reference" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_drawn(example: Path) -> None:
    mesh = yaml.safe_load(example.read_text())
    found = topology(plan_from(mesh["config"]["hybrid-mesh:mesh"] if "config" in mesh else mesh, "example"))
    for text in (as_html(found), as_svg(found), as_mermaid(found)):
        assert all(escape(each.name) in text for each in found.of_kind(Kind.CLUSTER))


def test_a_route_that_redirects_has_no_backend() -> None:
    def redirect(mesh: dict[str, Any]) -> None:
        route = mesh["ingress"]["public"]["routes"][0]
        del route["backends"]
        route["redirect"] = {"scheme": "https"}

    found = graph("local", redirect)
    assert "redirected" in as_svg(found)
    assert not list(found.of_kind(Kind.SERVICE))


def test_a_large_mesh_is_about_as_wide_as_high() -> None:
    whole = picture(_mesh("large"))
    assert 0.5 <= whole.width / whole.height <= 2.5


def test_rows_break_where_they_are_full_and_boxes_share_what_is_left() -> None:
    boxes = [Box(lines=[Line("x" * 10)]) for _ in range(3)]
    whole = Box(inside=boxes, limit=250, grow=True).arrange()
    assert boxes[0].x == boxes[2].x < boxes[1].x
    assert boxes[0].y == boxes[1].y < boxes[2].y
    assert boxes[2].width == pytest.approx(boxes[0].width + boxes[1].width + whole.gap)


def test_wide_letters_and_capitals_need_more_room() -> None:
    assert text_width("il", 12) < text_width("ae", 12) < text_width("AE", 12) < text_width("mw", 12)
    assert text_width("日本", 12) == 24
    assert text_width("e\u0301", 12) == text_width("e", 12)


class _Page(HTMLParser):
    """Keeps the names of the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)


def test_no_name_becomes_an_element() -> None:
    page = _Page()
    page.feed(as_html(hostile()))
    assert page.elements.count("script") == 1
    assert not {"img", "b"} & set(page.elements)


@pytest.mark.parametrize("name", MESHES)
def test_the_svg_is_well_formed_and_has_a_title(name: str) -> None:
    root = ElementTree.fromstring(as_svg(_mesh(name)))
    assert root[0].tag == "{http://www.w3.org/2000/svg}title"
    assert root[1].text
    assert not any("href" in attribute for element in root.iter() for attribute in element.attrib)


def test_the_same_mesh_gives_the_same_page() -> None:
    assert as_html(graph("prod")) == as_html(graph("prod"))
