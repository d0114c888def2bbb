"""The state of the lab: as text for 80 columns, and as JSON."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from hybrid_mesh.cli.lab_names import stacks
from hybrid_mesh.cli.options import DEFAULT_STACK
from hybrid_mesh.cli.typed import COMMAND, command
from hybrid_mesh.local.lab.specs import LabStatus, Owner

Row = tuple[str, ...]


def status_document(status: LabStatus) -> dict[str, Any]:
    """The document of `hybrid-mesh lab status --json`; docs/json.md has its keys.

    Those of the lab's own values in camelCase: `running`, `processId` (0 when stopped), `memoryBytes`,
    `clusters`, `machines`, and `forwards`, the ports on 127.0.0.1.
    """
    document: dict[str, Any] = _camel_case(asdict(status))
    return document


def status_lines(status: LabStatus) -> Iterator[str]:
    """What `hybrid-mesh lab status` prints. Each address and each command is whole and in one line."""
    members = bool(status.clusters or status.machines)
    if status.running:
        memory = f"{status.memory_bytes / 2**20:.0f} MiB of memory"
        yield f"The lab is running (process {status.process_id}, {memory})."
    elif members:
        yield f"The lab is stopped; `{_up(status)}` restarts it from its saved state."
    else:
        yield "No lab is running."
    if members:
        yield ""
        yield from _members(status)
    if status.running and members:
        yield ""
        yield "From this host:"
        for rows in (_own_access(status), _gateways(status)):
            yield from (f"  {line}" for line in _columns(rows))


def _up(status: LabStatus) -> str:
    known = stacks(status)
    return command("up", known[0] if known and DEFAULT_STACK not in known else DEFAULT_STACK)


def _members(status: LabStatus) -> Iterator[str]:
    rows = [("MEMBER", "STACK", "NETWORK", "ADDRESS", "STATE")]
    details = [""]
    for cluster in status.clusters:
        name = f"cluster {cluster.name}"
        rows.append((name, _stack(cluster.owner), cluster.network, cluster.gateway_address, cluster.state))
        details.append(cluster.detail)
    for machine in status.machines:
        name = f"VM {machine.name}"
        rows.append((name, _stack(machine.owner), machine.network, machine.address, machine.state))
        details.append(machine.detail)
    for line, detail in zip(_columns(rows), details, strict=True):
        yield line
        if detail:
            yield f"    {detail.splitlines()[0]}"


def _own_access(status: LabStatus) -> list[Row]:
    clusters = [(f"cluster {cluster.name}", cluster.endpoint) for cluster in status.clusters]
    shell = f"{COMMAND} lab shell"
    return [*clusters, *((f"VM {machine.name}", f"{shell} {machine.name}") for machine in status.machines)]


def _gateways(status: LabStatus) -> list[Row]:
    return [
        (f"{forward.subject} of {forward.cluster}", f"127.0.0.1:{forward.port}")
        for forward in status.forwards
        if forward.subject != "api"
    ]


def _stack(owner: Owner | None) -> str:
    return owner.stack if owner else "-"


def _columns(rows: Sequence[Row]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            re.sub(r"_(\w)", lambda found: found[1].upper(), key): _camel_case(v) for key, v in value.items()
        }
    return [_camel_case(each) for each in value] if isinstance(value, list) else value
