"""Diagnosis of local VMs that do not join."""

from collections.abc import Collection, Mapping
from typing import Final

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.hybridmesh.lab import connect, in_background
from hybrid_mesh.plugins.hybridmesh.strip import without_secrets

_LOG_LINES: Final = 15
_LOG_SECONDS: Final = 15.0
_AGENT_LOG: Final = "/var/log/istio/istio.log /var/log/istio/istio.err.log"


def agent_logs(machines: Mapping[str, str], ready: Collection[str], context: CallContext) -> list[str]:
    """The last lines of the agent's log of each of `machines` (name -> address) whose address is not in
    `ready`, without secrets."""
    lines = []
    for name, address in sorted(machines.items()):
        if address in ready:
            continue
        try:
            log = in_background(
                lambda name=name: _log(name),  # type: ignore[misc]
                condition=f"the log of VM {name} is read",
                timeout=_LOG_SECONDS,
                context=context,
            )
        except ResourceError as failure:
            context.log(Severity.DEBUG, f"no log of VM {name}: {failure}")
            log = "the lab did not return its log"
        lines.append(f"VM {name} ({address}), Istio's agent:\n{log}")
    return lines


def _log(name: str) -> str:
    command = ["sh", "-c", f"tail -q -n {_LOG_LINES} {_AGENT_LOG} 2>/dev/null"]
    try:
        result = connect(start=False).machine_shell(name, command, _LOG_SECONDS)
    except LabError as failure:
        return f"no response ({without_secrets(str(failure))})"
    return without_secrets(result.stdout).strip() or "(nothing logged yet)"
