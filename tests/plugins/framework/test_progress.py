"""How a wait is reported."""

from __future__ import annotations

import threading

import pytest

from hybrid_mesh.plugins.framework.calls import CallContext, Progress
from hybrid_mesh.plugins.framework.engine import EngineLog, Severity


class Told(EngineLog):
    """Remembers what the engine would show."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def log(self, severity: Severity, text: str, urn: str = "", *, passing: bool = False) -> None:
        assert passing
        self.texts.append(text)


def test_one_line_in_each_span_of_time_and_none_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("hybrid_mesh.plugins.framework.calls.time.monotonic", lambda: now)
    told = Told()
    progress = Progress(CallContext("", "", "", threading.Event(), told, frozenset({"hunter22"})), 3)
    for now in (0.0, 2.9, 3.0, 5.9, 6.5):
        progress.report(f"at {now:g} hunter22")
    assert told.texts == ["at 3 [secret]", "at 6.5 [secret]"]
