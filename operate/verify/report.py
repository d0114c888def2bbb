"""The report of `verify`, for people and for scripts."""

from typing import Any

from rich.table import Table

from hybrid_mesh.operate.verify.checks import MustFail, source_name
from hybrid_mesh.operate.verify.run import Report, Result


def as_json(report: Report) -> dict[str, Any]:
    """`{passed, seconds, checks: [{subject, source, destination, expected, holds, detail, tries, seconds}],
    notProbed: [{subject, reason, byDesign}]}`; `expected` is `answer` or `refusal`."""
    return {
        "passed": report.holds,
        "seconds": round(report.seconds, 2),
        "checks": [_check(result) for result in report.results],
        "notProbed": [
            {"subject": gap.subject, "reason": gap.reason, "byDesign": gap.by_design} for gap in report.gaps
        ],
    }


def _check(result: Result) -> dict[str, Any]:
    return {
        "subject": result.check.subject,
        "source": source_name(result.check.source),
        "destination": result.check.destination,
        "expected": _expected(result),
        "holds": result.verdict.holds,
        "detail": result.verdict.detail,
        "tries": result.tries,
        "seconds": round(result.seconds, 2),
    }


def as_table(report: Report) -> Table:
    """One row per check and per gap; what does not hold comes with the reason."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    for heading in ("", "from", "to", "seen"):
        table.add_column(heading, overflow="fold")
    for result in report.results:
        mark = "[green]ok[/]" if result.verdict.holds else "[red]FAILED[/]"
        tries = f" (try {result.tries})" if result.tries > 1 else ""
        refused = (
            "refused: " if isinstance(result.check.expectation, MustFail) and result.verdict.holds else ""
        )
        table.add_row(
            mark,
            source_name(result.check.source),
            result.check.destination,
            f"{refused}{result.verdict.detail}{tries}",
        )
    for gap in report.gaps:
        mark = "[dim]not probed[/]" if gap.by_design else "[red]MISSING[/]"
        table.add_row(mark, "", gap.subject, gap.reason)
    return table


def summary(report: Report) -> str:
    """One line."""
    held = sum(result.verdict.holds for result in report.results)
    missing = sum(not gap.by_design for gap in report.gaps)
    tail = f", {missing} not there to be checked" if missing else ""
    verdict = "The mesh works" if report.holds else "The mesh does NOT work as declared"
    return f"{verdict}: {held} of {len(report.results)} checks hold{tail} ({report.seconds:.1f} s)."


def _expected(result: Result) -> str:
    return "refusal" if isinstance(result.check.expectation, MustFail) else "answer"
