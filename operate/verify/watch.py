"""What is different between two reports of `verify`. Pure."""

from collections.abc import Iterator

from hybrid_mesh.operate.verify.report import FAILED, NOT_PROBED, PASSED
from hybrid_mesh.operate.verify.run import Report


def changes(before: Report, after: Report) -> Iterator[str]:
    """A line for each check and each missing member whose state is another one now, or that is new or gone.
    While a check passes, another detail
    is not a change."""
    old, new = _states(before), _states(after)
    for subject, (mark, detail) in new.items():
        known = old.get(subject)
        if known is None or known[0] != mark or (mark != PASSED and known[1] != detail):
            yield f"{mark} {subject}: {detail}"
    for subject in old.keys() - new.keys():
        yield f"{NOT_PROBED} {subject}: not checked any more"


def _states(report: Report) -> dict[str, tuple[str, str]]:
    states = {
        result.check.subject: (PASSED if result.verdict.holds else FAILED, result.verdict.detail)
        for result in report.results
    }
    gaps = {gap.subject: (NOT_PROBED if gap.by_design else FAILED, gap.reason) for gap in report.gaps}
    return states | gaps
