"""What the engine reports while it works, as it writes it to its event log.

The option `--event-log` is what Pulumi's Automation API reads, too (pulumi/automation/_stack.py). Each line
of the log is an EngineEvent of pulumi/sdk/go/common/apitype/events.go. Secrets in it are blinded.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

DEBUG_COMMANDS = "PULUMI_DEBUG_COMMANDS"
"""`pulumi` knows `--event-log` only where this variable is "true" (pulumi/pkg/cmd/pulumi/operations)."""

_ANNOUNCED = re.compile(
    r"registering resource: ty=(?P<type>[^,]+), name=(?P<name>[^,]+), custom=(?P<custom>\w+)"
)
"""The Python SDK's line about each resource that the program declares (pulumi/runtime/resource.py)."""


class Moment(Enum):
    BEGUN = "resourcePreEvent"
    DONE = "resOutputsEvent"
    FAILED = "resOpFailedEvent"


@dataclass(frozen=True)
class Step:
    """An operation on a resource begins, is done or has failed.

    `operation` is one of Pulumi's (`create`, `same`, `delete-replaced` …), `changed` the property paths that
    differ, `before` the inputs until now. `custom`: not a component. `retained`: a deletion only forgets it.
    """

    moment: Moment
    operation: str
    urn: str
    changed: tuple[str, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    custom: bool = True
    retained: bool = False
    provider: str = ""


@dataclass(frozen=True)
class Message:
    """Text about the resource `urn`, or about the whole run when that is empty; `severity` is `info`,
    `warning` or `error`. `passing`: a status, which the next one replaces."""

    severity: str
    text: str
    urn: str = ""
    passing: bool = False


@dataclass(frozen=True)
class Announced:
    """The program declares a resource; its turn comes when what it depends on is done."""

    type: str
    name: str
    custom: bool


@dataclass(frozen=True)
class Summary:
    """The end: how many resources had each operation."""

    changes: Mapping[str, int]


Event = Step | Message | Announced | Summary


def name_of(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


def types_of(urn: str) -> list[str]:
    """The types of the resource's parents, outermost first, and its own."""
    return urn.split("::")[2].split("$") if urn.count("::") >= 3 else []


def type_of(urn: str) -> str:
    return (types_of(urn) or [""])[-1]


class EventLog:
    """The log of one run, read while it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0

    def new(self) -> Iterator[Event]:
        """What was written since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return
        whole, _, _ = data.rpartition(b"\n")
        if not whole:
            return
        self._read += len(whole) + 1
        for line in whole.split(b"\n"):
            if (event := read_event(line)) is not None:
                yield event


def read_event(line: bytes | str) -> Event | None:
    """The event of one line; None for those that say nothing about resources."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    for name, found in content.items() if isinstance(content, dict) else ():
        if (reader := _READERS.get(name)) and isinstance(found, dict):
            return reader(found)
    return None


def _step(moment: Moment, content: Mapping[str, Any]) -> Step:
    metadata = content["metadata"]
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    state = new or old
    return Step(
        moment,
        metadata["op"],
        metadata["urn"],
        changed=tuple(metadata.get("detailedDiff") or metadata.get("diffs") or ()),
        before=old.get("inputs") or {},
        custom=bool(state.get("custom")),
        retained=bool(old.get("retainOnDelete")),
        provider=state.get("provider") or "",
    )


def _message(content: Mapping[str, Any]) -> Message | Announced | None:
    text, severity = content.get("message", "").rstrip(), content.get("severity", "")
    if found := _ANNOUNCED.match(text):
        return Announced(found["type"], found["name"], found["custom"] == "True")
    if severity == "debug":
        return None
    return Message(
        severity.removesuffix("#err"), text, content.get("urn") or "", bool(content.get("ephemeral"))
    )


def _policy(content: Mapping[str, Any]) -> Message:
    severity = "error" if content.get("enforcementLevel") == "mandatory" else "warning"
    text = f"policy {content.get('policyName', '')}: {content.get('message', '')}".rstrip()
    return Message(severity, text, content.get("resourceUrn") or "")


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Event | None]] = {
    **{moment.value: partial(_step, moment) for moment in Moment},
    "diagnosticEvent": _message,
    "policyEvent": _policy,
    "stdoutEvent": lambda content: Message("info", content.get("message", "").rstrip()),
    "summaryEvent": lambda content: Summary(content.get("resourceChanges") or {}),
}
