"""The picture of a mesh as a page: how it looks, that everybody can use it, and that it reaches nothing."""

import os
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.operate.topology.build import topology
from hybrid_mesh.operate.topology.compare import compare
from hybrid_mesh.operate.topology.graph import Topology
from hybrid_mesh.operate.topology.html import as_html
from hybrid_mesh.operate.topology.svg import as_svg
from tests.browser.conftest import Open
from tests.browser.viewer import ADDRESS
from tests.browser.viewer import compare as compare_images
from tests.operate.topology.meshes import graph, hostile, large, live

pytestmark = pytest.mark.browser

_GOLDEN: Final = Path(__file__).parent / "golden"
_TOLERANCE: Final = 0.002
"""Part of the pixels: another release of Chromium smooths letters a little differently."""
_PHONE: Final = 360
_LOOKS: Final = [
    ("local", "light", 1280),
    ("local", "dark", 1280),
    ("prod", "light", 1280),
    ("one-network", "dark", 1280),
    ("large", "light", 1280),
    ("change", "light", 1280),
    ("live", "dark", 1280),
    ("live", "light", _PHONE),
]


def _mesh(name: str) -> Topology:
    match name:
        case "one-network":
            return graph("staging")
        case "large":
            return topology(plan_from(large(), "large"))
        case "change":
            return compare(graph("prod"), graph("staging"), "prod.yaml")
        case "live":
            return live()
        case "hostile":
            return hostile()
        case _:
            return graph(name)


@pytest.mark.parametrize(("name", "scheme", "width"), _LOOKS)
def test_the_page_looks_as_before(show: Open, browser: Browser, name: str, scheme: str, width: int) -> None:
    """HYBRID_MESH_UPDATE_GOLDEN=1 accepts what there is now."""
    view = show(as_html(_mesh(name)), scheme=scheme, width=width, scale=0.7)
    image = view.page.screenshot(full_page=name != "large")
    golden = _GOLDEN / f"{name}-{scheme}-{width}.png"
    update = os.environ.get("HYBRID_MESH_UPDATE_GOLDEN") == "1"
    compare_images(browser, golden, image, update=update, tolerance=_TOLERANCE)
    assert golden.stat().st_size <= 100_000


@pytest.mark.parametrize("name", ["local", "change", "live", "hostile"])
def test_everybody_can_use_the_page_and_it_reaches_nothing(show: Open, name: str) -> None:
    """By axe-core in light and dark, on a screen and a phone, with the details closed and open."""
    page = as_html(_mesh(name))
    for scheme, width in (("light", 1280), ("dark", _PHONE)):
        view = show(page, scheme=scheme, width=width)
        for opened in (False, True):
            if opened:
                parts = view.page.locator(".list button" if width == _PHONE else "g[data-id]")
                parts.first.press("Enter")
                view.page.locator("#panel").wait_for()
            assert view.violations() == [], (scheme, width, opened)
            assert view.overflowing() == [], (scheme, width, opened)
        assert (view.errors, view.requests) == ([], [ADDRESS])


@pytest.mark.parametrize("width", [_PHONE, 1280])
def test_a_large_mesh_fits_too(show: Open, width: int) -> None:
    view = show(as_html(_mesh("large")), width=width)
    assert (view.overflowing(), view.errors) == ([], [])


def test_the_keyboard_reaches_opens_and_closes_every_part(show: Open) -> None:
    view = show(as_html(graph("local")))
    names = [view.pressed("Tab") for _ in range(4)]
    assert names == [
        "Picture",
        "trust self-signed, mesh.example.com",
        "network amsterdam, 10.10.0.0/16",
        "east-west gateway east",
    ]
    assert view.pressed("ArrowRight") == "cluster east, local"
    view.page.keyboard.press("Enter")
    panel = view.page.locator("#panel")
    assert panel.get_by_role("heading", name="cluster east").is_visible()
    assert "pod CIDR" in panel.inner_text()
    assert view.focused() == "Close"
    assert view.pressed("Escape") == "cluster east, local"
    assert not panel.is_visible()


def test_related_parts_are_one_step_away(show: Open) -> None:
    view = show(as_html(graph("local")))
    view.page.locator("g[data-id='group/legacy']").click()
    panel = view.page.locator("#panel")
    assert "gets 50 % of route split" in panel.inner_text()
    panel.get_by_role("button", name="route split").click()
    assert panel.get_by_role("heading", name="route split").is_visible()
    assert view.page.locator("g.chosen").get_attribute("data-id") == "route/public/split"


def test_a_phone_shows_a_list_instead_of_the_drawing(show: Open) -> None:
    view = show(as_html(graph("prod")), width=_PHONE)
    assert not view.page.locator(".drawing").is_visible()
    assert view.page.locator(".list button").count() == len(graph("prod").nodes)


@pytest.mark.parametrize("name", ["local", "large"])
def test_it_can_be_printed(show: Open, name: str) -> None:
    view = show(as_html(_mesh(name)))
    view.page.emulate_media(media="print")
    assert view.page.locator(".drawing svg").is_visible()
    assert not view.page.locator(".list").is_visible()
    assert view.overflowing() == []
    assert view.page.pdf(format="A4").startswith(b"%PDF")


def test_names_of_a_file_are_text_whatever_they_contain(show: Open) -> None:
    mesh = hostile()
    view = show(as_html(mesh))
    assert view.page.evaluate("document.scripts.length") == 1
    assert view.page.evaluate("document.images.length") == 0
    for node in mesh.nodes:
        view.page.locator(f"g[data-id={_quoted(node.id)}]").first.press("Enter")
        assert node.name in view.page.locator("#panel h2").inner_text()
    assert view.page.evaluate("'hurt' in window") is False
    assert view.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["prod", "live", "hostile"])
def test_the_svg_is_a_picture_of_its_own(show: Open, name: str, scheme: str) -> None:
    view = show(as_svg(_mesh(name)), kind="image/svg+xml", scheme=scheme)
    assert view.page.evaluate("document.documentElement.nodeName") == "svg"
    assert view.page.evaluate("document.getElementsByTagName('parsererror').length") == 0
    assert (view.errors, view.requests) == ([], [ADDRESS])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\a ")
    return f'"{escaped}"'
