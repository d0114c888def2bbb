"""How the findings of verify are shown: at a terminal, to a pipeline, on a page."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as Xml

from hypothesis import given
from hypothesis import strategies as some

from hybrid_mesh.operate.verify.checks import Check, Gap, MustAnswer, MustFail, Outside
from hybrid_mesh.operate.verify.execute import Result
from hybrid_mesh.operate.verify.report import as_text, failures, summary
from hybrid_mesh.operate.verify.report_files import as_html, as_junit
from hybrid_mesh.operate.verify.run import Report
from hybrid_mesh.operate.verify.verdict import Verdict
from tests.operate.mesh import FakeShell, mesh_plan, verified

WHEN = datetime(2026, 11, 27, 5, 0, tzinfo=UTC)
GOOD = verified(mesh_plan(), FakeShell())
BAD = verified(mesh_plan(), FakeShell(missing_pods={"outside/east"}))


def report(detail: str = "status 503", destination: str = "service echo") -> Report:
    """One check that fails, one that is refused as expected, and one gap of each kind."""
    answer = Check("outside → x", Outside(), destination, (), MustAnswer((), "", frozenset(), 1))
    refusal = Check("outside → y", Outside(), "y", (), MustFail(frozenset()))
    results = (
        Result(answer, Verdict(False, detail), 2, 0.5),
        Result(refusal, Verdict(True, "connection closed"), 1, 0.25),
    )
    gaps = (Gap("VM a", "not running", False), Gap("cluster b", "quarantined", True))
    return Report(results, gaps, 1.5)


def test_each_check_is_a_line_below_its_sender() -> None:
    lines = as_text(GOOD, 160).plain.splitlines()
    assert lines[:3] == ["from istiod of east", lines[1], "from pod echo-e in east"]
    assert lines[1].startswith("  ✓ VMs of group legacy ")
    assert lines[1].endswith(" 2 VMs registered and healthy")
    assert lines[3] == "  ✓ service echo                          200 from cluster east, cluster west"
    assert len([line for line in lines if line.startswith("  ✓ ")]) == len(GOOD.results)
    assert any(line.endswith("refused: TLS alert") for line in lines)
    lines = as_text(report(), 80).plain.splitlines()
    assert "  ✗ service echo  status 503 (try 2)" in lines
    assert lines[-3:] == [
        "not checked",
        "  ✗ VM a          not running",
        "  - cluster b     quarantined",
    ]


@given(some.integers(1, 200))
def test_lines_are_as_wide_as_the_terminal_and_no_word_is_broken(width: int) -> None:
    url = "http://127.0.0.1:21016/a-path-that-is-long/with-many-parts/and-a-name-of-its-own"
    for one in (GOOD, BAD, report(f"no route to host {url}")):
        text = as_text(one, width).plain
        assert text.split() == as_text(one, 1000).plain.split()
        for line in text.splitlines():
            words = [word for word in line.split() if word not in "✓✗-"]
            assert len(line) <= width or not line.startswith(" ") or len(words) == 1


def test_the_summary_and_the_failures_count() -> None:
    assert re.fullmatch(r"The mesh works: 36 of 36 checks passed \(\d+\.\d s\)\.", summary(GOOD))
    assert failures(GOOD) == []
    assert summary(report()) == "1 of 2 checks passed (1.5 s)."
    assert failures(report()) == [
        "1 of 2 checks failed, 1 could not be run.",
        "outside → x: status 503",
        "VM a: not running",
    ]
    assert failures(Report((), (), 0)) == ["Nothing could be checked."]


def test_a_pipeline_sees_failures_errors_and_what_is_skipped() -> None:
    suite = Xml.fromstring(as_junit(report(), "dev", WHEN)).find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped", "time")}
    assert counts == {
        "name": "hybrid-mesh verify dev",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "1.50",
    }
    cases = {case.get("name"): [(e.tag, e.get("message")) for e in case] for case in suite.iter("testcase")}
    assert cases == {
        "service echo": [("failure", "status 503")],
        "y": [],
        "VM a": [("error", "not running")],
        "cluster b": [("skipped", "quarantined")],
    }
    assert suite.get("timestamp") == "2026-11-27T05:00:00+00:00"


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page(text: str) -> Page:
    found = Page()
    found.feed(text)
    found.close()
    return found


def test_the_page_stands_alone() -> None:
    found = page(as_html(report(), "dev", WHEN))
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "link", "img", "iframe", "a"})
    assert not any({"src", "href"} & set(attributes) for _, attributes in found.tags)
    for text in ("Mesh of stack dev: failed", "service echo", "status 503", "quarantined", "0.50 s"):
        assert text in found.text
    assert [attributes["class"] for tag, attributes in found.tags if tag == "td" and attributes] == [
        "failed",
        "passed",
        "failed",
        "skipped",
    ]


@given(some.text(), some.text())
def test_nothing_that_was_seen_becomes_markup(detail: str, destination: str) -> None:
    plain = [tag for tag, _ in page(as_html(report("x", "y"), "dev", WHEN)).tags]
    written = report(f"<script>{detail}</td>", f'"><img src={destination}>')
    assert [tag for tag, _ in page(as_html(written, "a<b>", WHEN)).tags] == plain
    (case, *_) = Xml.fromstring(as_junit(written, "a<b>", WHEN)).iter("testcase")
    assert str(case[0].get("message")).startswith("<script>")
