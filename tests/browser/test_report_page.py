"""The page of verify's report: everybody can read it, and it reaches nothing."""

import pytest

from hybrid_mesh.operate.verify.report_files import as_html
from tests.browser.conftest import Open
from tests.browser.viewer import ADDRESS
from tests.operate.test_verify_report import WHEN, report

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_everybody_can_read_the_report(show: Open, scheme: str, width: int) -> None:
    view = show(as_html(report(), "local", WHEN), scheme=scheme, width=width)
    assert (view.violations(), view.overflowing()) == ([], [])
    assert (view.errors, view.requests) == ([], [ADDRESS])
