"""The critical path of a `pulumi up`, from the engine's events."""

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
UP = ["pulumi", "up", "--yes", "--skip-preview", "--skip-plugin-pre-install", "--non-interactive"]


@dataclass(frozen=True)
class Span:
    """One resource: `start` and `end` in seconds after the start of the run, `needs` the URNs that it
    waited for."""

    urn: str
    start: float
    end: float
    needs: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Recorder(threading.Thread):
    """Reads the engine's event log while it is written, as the events' own times are in whole seconds."""

    def __init__(self, pipe: Path, begin: float) -> None:
        super().__init__(daemon=True)
        self._pipe, self._begin = pipe, begin
        self.starts: dict[str, float] = {}
        self.ends: dict[str, float] = {}

    def run(self) -> None:
        with self._pipe.open() as events:
            for line in events:
                self._note(json.loads(line), time.monotonic() - self._begin)

    def _note(self, event: Mapping[str, Any], moment: float) -> None:
        if step := event.get("resourcePreEvent"):
            self.starts.setdefault(step["metadata"]["urn"], moment)
        elif step := event.get("resOutputsEvent"):
            self.ends[step["metadata"]["urn"]] = moment


def record(stack: str, environment: Mapping[str, str]) -> tuple[float, list[Span]]:
    """Seconds of one `pulumi up`, and a span for each of its resources. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        pipe = Path(folder) / "events"
        os.mkfifo(pipe)
        begin = time.monotonic()
        recorder = Recorder(pipe, begin)
        recorder.start()
        command = [*UP, "--stack", stack, "--event-log", str(pipe)]
        # The flag is a debugging flag of the engine.
        variables = {**environment, "PULUMI_DEBUG_COMMANDS": "true"}
        subprocess.run(command, cwd=PROJECT, env=variables, check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - begin
        recorder.join()
    needs = _needs(stack, environment)
    spans = [
        Span(urn, start, recorder.ends.get(urn, seconds), needs[urn])
        for urn, start in recorder.starts.items()
        if urn in needs
    ]
    return seconds, sorted(spans, key=lambda span: span.start)


def _needs(stack: str, environment: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The dependencies of each resource of the stack, including its provider. Components, which only wait
    for their children, are left out."""
    exported = subprocess.run(
        ["pulumi", "stack", "export", "--stack", stack],
        cwd=PROJECT,
        env=dict(environment),
        check=True,
        capture_output=True,
        text=True,
    )
    resources = json.loads(exported.stdout)["deployment"].get("resources", [])
    return {
        each["urn"]: tuple(
            {*each.get("dependencies", []), each.get("provider", "").rpartition("::")[0]} - {""}
        )
        for each in resources
        if each["custom"]
    }


def critical_path(spans: Iterable[Span]) -> list[Span]:
    """The chain that ends last: each span is preceded by the one of its dependencies that ended last."""
    by_urn = {span.urn: span for span in spans}
    chain = [max(by_urn.values(), key=lambda span: span.end)] if by_urn else []
    while chain:
        before = [by_urn[urn] for urn in chain[0].needs if urn in by_urn]
        if not before:
            break
        chain.insert(0, max(before, key=lambda span: span.end))
    return chain


def rows(chain: Iterable[Span]) -> list[str]:
    """One line per span: its start, its duration, and its wait after the previous span."""
    texts, end = [], 0.0
    for span in chain:
        waited = f" after {span.start - end:.1f} s" if span.start - end >= 0.1 else ""
        texts.append(f"{span.start:5.1f} s  {span.seconds:5.1f} s  {span.name}{waited}")
        end = span.end
    return texts
