"""`hybridmesh:index:MachineRegistration`: waits until a workload group's VMs have joined the mesh.

Inputs: `clusterName`, `kubeconfig` (secret; text or path; default: the default kubeconfig) and `context`
(both ignored in diffs), `group`, `namespace`, `minimum`, `probe`, `triggers` (a change waits again;
`machine-<name>` is the incarnation of a VM, `template` the cloud's template of VMs), `machineAddresses`
(local VMs: name -> address), `quarantined` (no I/O). Outputs: the inputs, `workloadEntries` (names of the
registrations), `connections` (address -> time of connection) and `superseded` (the same for registrations
that do not count because their VM was replaced; empty after success).

A WorkloadEntry that differs from its WorkloadGroup is corrected; until then, its VM does not count.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from hybrid_mesh.plugins.framework.api_server import ApiServerError
from hybrid_mesh.plugins.framework.calls import CallContext, Progress
from hybrid_mesh.plugins.framework.declared import DeclaredHandler
from hybrid_mesh.plugins.framework.errors import (
    CheckFailure,
    InitializationFailedError,
    WaitTimeoutError,
)
from hybrid_mesh.plugins.framework.handler import CreateCall, Created, ReadCall, ReadState, UpdateCall
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties, contains_unknown
from hybrid_mesh.plugins.hybridmesh.diagnosis import agent_logs
from hybrid_mesh.plugins.hybridmesh.workload_entries import Registration, Registrations, moment

_WAIT_SECONDS: Final = 300.0
_ASK_SECONDS: Final = 0.4
_PROGRESS_SECONDS: Final = 3.0
_TEMPLATE: Final = "template"
"""The trigger that changes when a cloud replaces the VMs of a group one by one."""
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
            "machineAddresses",
            "quarantined",
        }
    )
    optional = frozenset({"kubeconfig", "context"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "probe": False,
        "triggers": {},
        "machineAddresses": {},
        "quarantined": False,
    }
    computed = ("workloadEntries", "connections", "superseded")
    identifying = frozenset({"clusterName", "group", "namespace"})
    not_compared = frozenset({"kubeconfig", "context", "minimum", "machineAddresses"})
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
        waiting = _Waiting(
            call.inputs,
            call.outputs.get("superseded", {}),
            call.context,
            rolling=_TEMPLATE in call.inputs["triggers"],
        )
        ready = waiting.done()
        now = _outputs(call.inputs, waiting.ready(), {}) if ready else call.outputs
        return ReadState(call.identity, call.inputs, now, ready=ready)

    def create(self, call: CreateCall) -> Created:
        if call.preview:
            return Created("", self.previewed(call.inputs))
        identity = f"{call.inputs['clusterName']}/{call.inputs['namespace']}/{call.inputs['group']}"
        return Created(identity, _await(identity, call.inputs, {}, call.timeout, call.context, rolling=False))

    def update(self, call: UpdateCall) -> Properties:
        """Waits again. The remaining registration of a replaced VM does not count for its successor."""
        if call.preview or contains_unknown(call.news):
            return self.previewed(call.news)
        if call.news["quarantined"]:
            known = {**_NOTHING, **call.old_outputs}
            return {**call.news, **{name: known[name] for name in self.computed}}
        before, after = call.old_inputs.get("triggers", {}), call.news["triggers"]
        rolling = _TEMPLATE in after and (
            bool(call.context.unready) or before.get(_TEMPLATE) != after[_TEMPLATE]
        )
        superseded = _superseded(call.old_outputs, call.old_inputs, call.news)
        return _await(call.identity, call.news, superseded, call.timeout, call.context, rolling=rolling)


def _await(
    identity: str,
    inputs: Properties,
    superseded: Mapping[str, str],
    timeout: float,
    context: CallContext,
    *,
    rolling: bool,
) -> Properties:
    if inputs["quarantined"]:
        return {**inputs, **_NOTHING}
    waiting = _Waiting(inputs, superseded, context, rolling=rolling)
    seconds = timeout or _WAIT_SECONDS
    minimum = inputs["minimum"]
    condition = f"{minimum} VM{'s' * (minimum != 1)} of group {inputs['group']} have joined the mesh"
    try:
        context.wait_for(waiting.done, condition=condition, timeout=seconds, interval=_ASK_SECONDS)
    except WaitTimeoutError as failure:
        ready = {entry.address for entry in waiting.ready()}
        logs = agent_logs(inputs["machineAddresses"], ready, context)
        reasons = [str(failure), *waiting.known(), *logs]
        outputs = _outputs(inputs, waiting.last, superseded)
        raise InitializationFailedError(identity, outputs, reasons) from failure
    return _outputs(inputs, waiting.ready(), {})


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


class _Waiting:
    """Polls the registrations, keeps the last response and reports the progress."""

    def __init__(
        self,
        inputs: Properties,
        superseded: Mapping[str, str],
        context: CallContext,
        *,
        rolling: bool,
    ) -> None:
        self._inputs, self._superseded, self._rolling = inputs, superseded, rolling
        self._progress = Progress(context, _PROGRESS_SECONDS)
        self._registrations = Registrations(
            inputs.get("kubeconfig"), inputs.get("context"), inputs["namespace"], inputs["group"]
        )
        self._trouble = ""
        self.last: list[Registration] = []

    def done(self) -> bool:
        """Polls once. Returns whether enough VMs are ready."""
        try:
            found, self._trouble = self._registrations.read(), ""
            self.last = [entry for entry in found if not self._is_superseded(entry)]
            for entry in self.last:
                if entry.connected and entry.correction is not None and self._is_current(entry):
                    self._registrations.correct(entry)
        except ApiServerError as failure:
            self._trouble = str(failure)
        enough = not self._trouble and len(self.ready()) >= self._inputs["minimum"]
        if not enough:
            self._tell(len(self.ready()))
        return enough

    def ready(self) -> list[Registration]:
        return [entry for entry in self.last if entry.ready(probe=self._inputs["probe"])]

    def _is_current(self, entry: Registration) -> bool:
        """Whether the current WorkloadGroup applies to this VM. While a cloud replaces a group's VMs,
        those that connected before the group changed still follow its old version."""
        group = self._registrations.group
        return not self._rolling or (group is not None and moment(entry.connected_at) >= group.changed_at)

    def _is_superseded(self, entry: Registration) -> bool:
        return self._superseded.get(entry.address) == entry.connected_at

    def known(self) -> list[str]:
        """What is known about the missing VMs, one line each."""
        lines = [entry.describe() for entry in self.last if not entry.ready(probe=self._inputs["probe"])]
        ready = len(self.ready())
        unregistered = self._inputs["minimum"] - len(self.last)
        if self._trouble:
            lines.append(f"cluster {self._inputs['clusterName']}: {self._trouble}")
        if unregistered > 0:
            lines.append(
                f"{ready} of {self._inputs['minimum']} VMs are ready, {unregistered} did not register "
                f"with istiod of cluster {self._inputs['clusterName']}"
            )
        return lines

    def _tell(self, ready: int) -> None:
        detail = "; ".join(self.known())
        self._progress.report(
            f"{ready} of {self._inputs['minimum']} VMs ready{': ' + detail if detail else ''}"
        )
