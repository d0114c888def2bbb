"""Measured values, and their report: one line per value, or one JSON document."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value. `bound` is its maximum, None without one."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    note: str = ""

    @property
    def kept(self) -> bool:
        return self.bound is None or self.value <= self.bound

    def __str__(self) -> str:
        value = f"{self.value:.2f}" if isinstance(self.value, float) else f"{self.value:,}"
        bound = "" if self.bound is None else f"at most {self.bound:,g} {self.unit}".rstrip()
        remarks = "; ".join(each for each in (bound, self.note) if each)
        verdict = "" if self.kept else " EXCEEDED"
        return f"{self.name}: {value} {self.unit}".rstrip() + (f" ({remarks})" if remarks else "") + verdict


def report(figures: Iterable[Figure], *, as_json: bool) -> int:
    """Prints each figure as soon as it is measured, or all at the end. Returns the exit code: 0 if all
    figures are within their bounds."""
    measured = []
    for figure in figures:
        measured.append(figure)
        if not as_json:
            print(figure, flush=True)
    if as_json:
        print(json.dumps([{**asdict(figure), "kept": figure.kept} for figure in measured], indent=2))
    return 0 if all(figure.kept for figure in measured) else 1
