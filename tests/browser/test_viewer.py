"""What the other browser tests rely on finds what it should find."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Open
from tests.browser.viewer import ADDRESS, difference

pytestmark = pytest.mark.browser

_PAGE = (
    "<!doctype html><html lang='en'><title>A page</title><body><main><h1>A page</h1>{}</main></body></html>"
)


def test_a_plain_page_has_nothing_against_it(show: Open) -> None:
    view = show(_PAGE.format("<p>Text</p>"), width=360)
    assert (view.violations(), view.overflowing(), view.errors) == ([], [], [])
    assert view.requests == [ADDRESS]


def test_requests_errors_and_dialogs_are_seen(show: Open) -> None:
    view = show(
        _PAGE.format("<img alt='' src='http://other.test/x.png'><script>alert('shown'); nothing()</script>")
    )
    assert view.requests == [ADDRESS, "http://other.test/x.png"]
    assert view.errors[0] == "shown"
    assert any("nothing is not defined" in error for error in view.errors)


def test_low_contrast_and_missing_names_are_seen(show: Open) -> None:
    found = show(_PAGE.format("<p style='color:#ccc;background:#fff'>Pale</p><button></button>")).violations()
    assert {line.partition(":")[0] for line in found} == {"color-contrast", "button-name"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<div style='width:900px'>wide</div>", "the page is 908 px wide"),
        (
            "<svg width='99' height='30'><g><rect width='20' height='20'/><text y='15'>long</text></g></svg>",
            '"long" leaves its box',
        ),
        ("<p style='width:20px;overflow:hidden;white-space:nowrap'>long text</p>", '"long text" is clipped'),
    ],
)
def test_texts_that_do_not_fit_are_seen(show: Open, content: str, expected: str) -> None:
    assert show(_PAGE.format(content), width=360).overflowing() == [expected]


def test_images_are_compared_by_their_pixels(show: Open, browser: Browser) -> None:
    images = [
        show(_PAGE.format(f"<p style='color:{colour}'>Text</p>"), width=200, height=size).page.screenshot()
        for colour, size in (("black", 100), ("#111", 100), ("red", 100), ("black", 90))
    ]
    assert difference(browser, images[0], images[1]) == 0
    changed = difference(browser, images[0], images[2])
    assert isinstance(changed, float)
    assert 0 < changed < 0.02
    assert difference(browser, images[0], images[3]) == "200x90 instead of 200x100"
