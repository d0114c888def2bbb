"""`hybridmesh:index:MachineRegistration`: waits until a workload group's VMs have joined the mesh.

Inputs: `clusterName`, `kubeconfig` (secret; text or path; default: the default kubeconfig) and `context`
(both ignored in diffs), `group`, `namespace`, `minimum`, `probe`, `triggers` (a change waits again;
`machine-<name>` is the incarnation of a VM, `template` the cloud's template of VMs), `template` (in a cloud:
the fingerprint that the VMs of the current template send as a label; only they count), `patienceSeconds` (how
long a new VM may be connected and not ready while others are replaced), `inspection` (a command that shows
what the cloud does), `machineAddresses` (local VMs: name -> address), `rollout` {maxUnavailable, canary} (of
local VMs, which are renewed here; {} for others), `quarantined` (no I/O). Outputs: the
inputs, `workloadEntries` (names of the registrations), `connections` (address -> time of connection) and
`superseded` (the same for registrations that do not count because their VM was replaced; empty after
success).

A WorkloadEntry that differs from its WorkloadGroup is corrected; until then, its VM does not count.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.errors import (
    CheckFailure,
    InitializationFailedError,
    WaitTimeoutError,
)
from hybrid_mesh.plugins.framework.handler import CreateCall, Created, ReadCall, ReadState, UpdateCall
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties, contains_unknown
from hybrid_mesh.plugins.hybridmesh.diagnosis import agent_logs
from hybrid_mesh.plugins.hybridmesh.local_rollout import LocalRollout, outdated
from hybrid_mesh.plugins.hybridmesh.registration_wait import RegistrationWait, RolloutStoppedError
from hybrid_mesh.plugins.hybridmesh.workload_entries import Registration

_WAIT_SECONDS: Final = 300.0
_NOTHING: Final[Properties] = {"workloadEntries": [], "connections": {}, "superseded": {}}


class MachineRegistrationHandler(DeclaredHandler):
    """Read checks only after a failed wait, and Delete does nothing: VMs come and go automatically, which
    is not drift."""

    inputs = frozenset(
        {
            "clusterName",
            "kubeconfig",
            "context",
            "group",
            "namespace",
            "minimum",
            "probe",
            "triggers",
            "template",
            "patienceSeconds",
            "inspection",
            "machineAddresses",
            "rollout",
            "quarantined",
        }
    )
    optional = frozenset({"kubeconfig", "context"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "probe": False,
        "triggers": {},
        "template": "",
        "patienceSeconds": 0,
        "inspection": "",
        "machineAddresses": {},
        "rollout": {},
        "quarantined": False,
    }
    computed = ("workloadEntries", "connections", "superseded")
    identifying = frozenset({"clusterName", "group", "namespace"})
    not_compared = frozenset(
        {"kubeconfig", "context", "minimum", "machineAddresses", "patienceSeconds", "inspection", "rollout"}
    )
    """Changed credentials and scaling are not differences. A new VM changes a trigger."""
    secret_outputs = frozenset({"kubeconfig"})
    no_import = "a VM registration cannot be imported"

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterable[CheckFailure]:
        del olds
        minimum = inputs.get("minimum", UNKNOWN)
        if minimum is not UNKNOWN and not (isinstance(minimum, int) and minimum >= 0):
            yield CheckFailure("minimum", f"must be a number of VMs (got {minimum!r})")

    def read(self, call: ReadCall) -> ReadState | None:
        self.refuse_import(call.inputs)
        if not call.context.unready or call.inputs["quarantined"]:
            return ReadState(call.identity, call.inputs, call.outputs, ready=True)
        inputs = {**self.defaults, **call.inputs}
        waiting = RegistrationWait(inputs, call.outputs.get("superseded", {}), call.context, replacing=True)
        ready = waiting.done() and not _outdated(inputs, call.context)
        now = _outputs(call.inputs, waiting.ready(), {}) if ready else call.outputs
        return ReadState(call.identity, call.inputs, now, ready=ready)

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", self.previewed(call.inputs))
        identity = f"{call.inputs['clusterName']}/{call.inputs['namespace']}/{call.inputs['group']}"
        outputs = _await(identity, call.inputs, {}, call.timeout, call.context, replacing=False)
        return Created(identity, outputs)

    def update(self, call: UpdateCall) -> Properties:
        """Waits again. The remaining registration of a replaced VM does not count for its successor."""
        if call.preview or contains_unknown(call.news):
            return self.previewed(call.news)
        if call.news["quarantined"]:
            known = {**_NOTHING, **call.old_outputs}
            return {**call.news, **{name: known[name] for name in self.computed}}
        superseded = _superseded(call.old_outputs, call.old_inputs, call.news)
        return _await(call.identity, call.news, superseded, call.timeout, call.context, replacing=True)


def _await(
    identity: str,
    inputs: Properties,
    superseded: Mapping[str, str],
    timeout: float,
    context: CallContext,
    *,
    replacing: bool,
) -> Properties:
    if inputs["quarantined"]:
        return {**inputs, **_NOTHING}
    waiting = RegistrationWait(inputs, superseded, context, replacing=replacing)
    try:
        if inputs["rollout"]:
            LocalRollout(inputs, waiting, context).run()
        waiting.run(timeout or _WAIT_SECONDS)
    except (WaitTimeoutError, RolloutStoppedError) as failure:
        ready = {entry.address for entry in waiting.ready()}
        logs = agent_logs(inputs["machineAddresses"], ready, context)
        known = [line for line in waiting.known() if line not in str(failure)]
        reasons = [str(failure), *known, *waiting.inspection_hints(), *logs]
        outputs = _outputs(inputs, waiting.last, superseded)
        raise InitializationFailedError(identity, outputs, reasons) from failure
    return _outputs(inputs, waiting.ready(), {})


def _outdated(inputs: Properties, context: CallContext) -> bool:
    """Whether local VMs still have to be renewed."""
    return bool(inputs["rollout"]) and bool(outdated(inputs["machineAddresses"], context, start=False))


def _outputs(inputs: Properties, entries: list[Registration], superseded: Mapping[str, str]) -> Properties:
    return {
        **inputs,
        "workloadEntries": [entry.name for entry in entries],
        "connections": {entry.address: entry.connected_at for entry in entries},
        "superseded": dict(superseded),
    }


def _superseded(old_outputs: Properties, old_inputs: Properties, news: Properties) -> dict[str, str]:
    """Address -> time of connection of the registrations whose VM has been replaced since.

    A VM that was terminated abruptly keeps its Healthy entry until istiod notices. Registrations that did not
    count in a failed wait do not count in the next one either.
    """
    before, after = old_inputs.get("triggers", {}), news["triggers"]
    connections = old_outputs.get("connections", {})
    replaced = (
        address
        for name, address in news["machineAddresses"].items()
        if before.get(f"machine-{name}") != after.get(f"machine-{name}")
    )
    now = {address: connections[address] for address in replaced if address in connections}
    return {**old_outputs.get("superseded", {}), **now}
