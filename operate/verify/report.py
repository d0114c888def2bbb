"""The report of `verify`, for people and for scripts."""

import textwrap
from typing import Any

from rich.text import Text

from hybrid_mesh.operate.verify.checks import MustFail, MustRegister, source_name
from hybrid_mesh.operate.verify.execute import Result
from hybrid_mesh.operate.verify.run import Report

PASSED, FAILED, NOT_PROBED = "✓", "✗", "-"
_STYLES = {PASSED: "green", FAILED: "red", NOT_PROBED: "dim"}
_EXPECTED = {MustFail: "refusal", MustRegister: "registration"}
_INDENT = 4
_LONGEST_COLUMN = 40


def as_json(report: Report) -> dict[str, Any]:
    """`{passed, seconds, checks: [{subject, source, destination, from, to, expected, holds, detail, tries,
    seconds}], notChecked: [{subject, reason, byDesign}]}`. `expected` is `answer`, `refusal` or
    `registration`; `from` and `to` list the members at the ends."""
    return {
        "passed": report.holds,
        "seconds": round(report.seconds, 2),
        "checks": [_check(result) for result in report.results],
        "notChecked": [
            {"subject": gap.subject, "reason": gap.reason, "byDesign": gap.by_design} for gap in report.gaps
        ],
    }


def _check(result: Result) -> dict[str, Any]:
    return {
        "subject": result.check.subject,
        "source": source_name(result.check.source),
        "destination": result.check.destination,
        "from": sorted(result.check.origin),
        "to": sorted(result.check.target),
        "expected": _EXPECTED.get(type(result.check.expectation), "answer"),
        "holds": result.verdict.holds,
        "detail": result.verdict.detail,
        "tries": result.tries,
        "seconds": round(result.seconds, 2),
    }


def as_text(report: Report, width: int) -> Text:
    """One line per check, grouped by the sender of its requests, at most `width` columns wide. Longer
    lines are wrapped without breaking names and addresses."""
    rows = [(f"from {source_name(r.check.source)}", *_row(r)) for r in report.results]
    rows += [
        ("not checked", NOT_PROBED if gap.by_design else FAILED, gap.subject, gap.reason)
        for gap in report.gaps
    ]
    column = max((len(name) for _, _, name, _ in rows if len(name) <= _LONGEST_COLUMN), default=0)
    text, group = Text(), ""
    for heading, mark, name, detail in rows:
        if heading != group:
            group = heading
            text.append(f"{heading}\n", style="bold")
        line = _wrapped(f"  {mark} ", f"{name:<{column}}  {detail}", width)
        text.append(line[:_INDENT], style=_STYLES[mark])
        text.append(f"{line[_INDENT:]}\n")
    return text


def summary(report: Report) -> str:
    """One line without the failures, which `failures` has."""
    passed = sum(result.verdict.holds for result in report.results)
    counted = f"{passed} of {len(report.results)} checks passed ({report.seconds:.1f} s)"
    return f"The mesh works: {counted}." if report.holds else f"{counted[0].upper()}{counted[1:]}."


def failures(report: Report) -> list[str]:
    """The number of failed checks, then one line per failed or missing check; empty without failures."""
    if report.holds:
        return []
    failed = [f"{r.check.subject}: {r.verdict.detail}" for r in report.results if not r.verdict.holds]
    missing = [f"{gap.subject}: {gap.reason}" for gap in report.gaps if not gap.by_design]
    counted = [f"{len(failed)} of {len(report.results)} checks failed"] if failed else []
    counted += [f"{len(missing)} could not be run"] if missing else []
    return [f"{', '.join(counted) or 'Nothing could be checked'}.", *failed, *missing]


def _row(result: Result) -> tuple[str, str, str]:
    tries = f" (try {result.tries})" if result.tries > 1 else ""
    refused = isinstance(result.check.expectation, MustFail) and result.verdict.holds
    detail = f"{'refused: ' if refused else ''}{result.verdict.detail}{tries}"
    return PASSED if result.verdict.holds else FAILED, result.check.destination, detail


def _wrapped(mark: str, line: str, width: int) -> str:
    """`line` after `mark`, whose width is `_INDENT`."""
    return textwrap.fill(
        line,
        max(width, _INDENT + 3),
        initial_indent=mark,
        subsequent_indent=" " * (_INDENT + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
