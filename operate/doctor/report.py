"""The report of `doctor`, for people and for scripts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from rich.text import Text

from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.run import Diagnosis

_MARKS = {Severity.BROKEN: ("✗", "red"), Severity.WARNING: ("!", "yellow")}
_STATES = ("healthy", "warnings", "broken")


def as_json(diagnosis: Diagnosis, typed: Callable[[str], str]) -> dict[str, Any]:
    """`{state, seconds, taken, findings: [{check, severity, subject, problem, since, remedy, fixable}],
    notChecked: [{subject, reason}]}`. `typed` turns a command into one that the user can type."""
    return {
        "state": _STATES[diagnosis.code],
        "seconds": round(diagnosis.seconds, 2),
        "taken": diagnosis.taken.isoformat(timespec="seconds"),
        "findings": [
            {
                "check": each.check,
                "severity": each.severity.value,
                "subject": each.subject,
                "problem": each.problem,
                "since": each.since.isoformat(timespec="seconds") if each.since else None,
                "remedy": [typed(line) for line in each.remedy],
                "fixable": each.repair is not None,
            }
            for each in diagnosis.findings
        ],
        "notChecked": [{"subject": subject, "reason": reason} for subject, reason in diagnosis.unseen],
    }


def as_text(diagnosis: Diagnosis, typed: Callable[[str], str]) -> Text:
    """The findings, what repairs each, and what was not looked at; empty for a healthy mesh."""
    text = Text()
    for each in diagnosis.findings:
        mark, style = _MARKS[each.severity]
        text.append(f"{mark} {each.subject}", style=style)
        text.append(f"  [{each.check}]\n", style="dim")
        text.append(f"    {each.problem}{_since(each, diagnosis.taken)}\n")
        for line in each.remedy:
            text.append(f"    → {typed(line)}\n")
    for subject, reason in diagnosis.unseen:
        text.append(f"- {subject}  not looked at: {reason}\n", style="dim")
    return text


def summary(diagnosis: Diagnosis) -> str:
    """One line."""
    took = f"({diagnosis.seconds:.1f} s)"
    if not diagnosis.findings:
        return f"The mesh is healthy {took}."
    broken = sum(each.severity is Severity.BROKEN for each in diagnosis.findings)
    warnings = len(diagnosis.findings) - broken
    counted = [f"{broken} broken"] if broken else []
    counted += [f"{warnings} warning{'' if warnings == 1 else 's'}"] if warnings else []
    fixable = sum(each.repair is not None for each in diagnosis.findings)
    more = f" {fixable} can be repaired by `hybrid-mesh doctor --fix`." if fixable else ""
    return f"{', '.join(counted)} {took}.{more}"


def _since(finding: Finding, now: datetime) -> str:
    if finding.since is None:
        return ""
    return f" (since {finding.since:%Y-%m-%d %H:%M:%S} UTC, {_span(now - finding.since)})"


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds} s"
