"""The report of `verify` as files: JUnit's XML for pipelines, HTML for people. Pure."""

import re
from datetime import datetime
from html import escape
from xml.etree import ElementTree as Xml

from hybrid_mesh.operate.verify.checks import Gap, source_name
from hybrid_mesh.operate.verify.execute import Result
from hybrid_mesh.operate.verify.report import as_json, summary
from hybrid_mesh.operate.verify.run import Report

_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Source: XML 1.0, production 2, `Char`."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .3rem .8rem .3rem 0; text-align: left; }
td { vertical-align: top; }
td { overflow-wrap: anywhere; }
div { overflow: auto; }
.passed { color: #12693a; } .failed { color: #a31621; font-weight: 600; } .skipped { color: #4a5565; }
@media (prefers-color-scheme: dark) {
  html { background: #10151c; color: #e8edf4; }
  .passed { color: #7fdba4; } .failed { color: #ff9aa0; } .skipped { color: #aab6c6; }
}
"""


def as_junit(report: Report, stack: str, finished: datetime) -> str:
    """A test suite with a case for each check and each gap: a failed check is a failure, a missing member an
    error, and a check that is impossible by design is skipped.

    Source of the format: JUnit's jenkins-junit.xsd, which GitLab, Jenkins and GitHub's reporters read.
    """
    suite = Xml.Element("testsuite", name=f"hybrid-mesh verify {stack}", timestamp=_time(finished))
    for result in report.results:
        _case_of_check(suite, result)
    for gap in report.gaps:
        _case_of_gap(suite, gap)
    counts = {
        "tests": len(suite),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    for element in (suite, root := Xml.Element("testsuites")):
        for name, count in counts.items():
            element.set(name, str(count))
        element.set("time", f"{report.seconds:.2f}")
    root.append(suite)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def as_html(report: Report, stack: str, finished: datetime) -> str:
    """One self-contained page that loads nothing."""
    rows = [
        _html_row(
            "passed" if check["holds"] else "failed",
            check["source"],
            check["destination"],
            f"{check['expected']} expected",
            check["detail"],
            f"{check['seconds']:.2f} s",
        )
        for check in as_json(report)["checks"]
    ]
    rows += [
        _html_row("skipped" if gap.by_design else "failed", "", gap.subject, "not checked", gap.reason, "")
        for gap in report.gaps
    ]
    title = f"Mesh of stack {escape(stack)}"
    state = "passed" if report.holds else "failed"
    header = "".join(f"<th>{name}</th>" for name in ("Result", "From", "To", "Expected", "Seen", "Time"))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}: {state}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1>{title}</h1>\n<p class="{state}">{escape(summary(report))}</p>\n'
        f"<p>Checked by <code>hybrid-mesh verify</code> at {_time(finished)}.</p>\n"
        '<div role="region" aria-label="Checks" tabindex="0">\n'
        f"<table>\n<thead><tr>{header}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody>\n</table>\n"
        "</div>\n</main>\n</body>\n</html>\n"
    )


def _case_of_check(suite: Xml.Element, result: Result) -> None:
    case = _case(suite, source_name(result.check.source), result.check.destination, result.seconds)
    if not result.verdict.holds:
        Xml.SubElement(case, "failure", message=_clean(result.verdict.detail))


def _case_of_gap(suite: Xml.Element, gap: Gap) -> None:
    case = _case(suite, "not checked", gap.subject, 0)
    Xml.SubElement(case, "skipped" if gap.by_design else "error", message=_clean(gap.reason))


def _case(suite: Xml.Element, source: str, name: str, seconds: float) -> Xml.Element:
    return Xml.SubElement(
        suite, "testcase", classname=_clean(source), name=_clean(name), time=f"{seconds:.2f}"
    )


def _html_row(state: str, *cells: str) -> str:
    content = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><td class="{state}">{state}</td>{content}</tr>\n'


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
