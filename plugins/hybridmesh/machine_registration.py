"""`hybridmesh:index:MachineRegistration`: waits until a workload group's machines are in the mesh.

Inputs: `clusterName`, `kubeconfig` (secret; text or path; absent: the ambient one) and `context`, which no
diff counts, `group`, `namespace`, `minimum`, `probe`, `triggers` (a change means: wait again), `machineNames`
(local machines, for the diagnosis), `quarantined` (no I/O at all). Outputs: the inputs and `workloadEntries`,
the names of the registrations.
"""

import time
from typing import ClassVar, Final

from local.lab.errors import LabError
from plugins.framework.calls import CallContext
from plugins.framework.engine import Severity
from plugins.framework.errors import (
    CheckFailure,
    InitializationFailedError,
    ResourceError,
    WaitTimeoutError,
)
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.values import UNKNOWN, Properties, contains_unknown
from plugins.hybridmesh.api_server import UnreachableClusterError
from plugins.hybridmesh.inputs import missing, unexpected
from plugins.hybridmesh.lab import connect, in_background
from plugins.hybridmesh.strip import without_secrets
from plugins.hybridmesh.workload_entries import Registration, Registrations

INPUTS: Final = frozenset(
    {
        "clusterName",
        "kubeconfig",
        "context",
        "group",
        "namespace",
        "minimum",
        "probe",
        "triggers",
        "machineNames",
        "quarantined",
    }
)
OPTIONAL: Final = frozenset({"kubeconfig", "context"})
OUTPUTS: Final = ("workloadEntries",)
DEFAULTS: Final = {"probe": False, "triggers": {}, "machineNames": [], "quarantined": False}
NOT_COMPARED: Final = frozenset({"kubeconfig", "context", "minimum", "machineNames"})
"""Credentials change without a meaning; scaling is no difference; a new machine is a trigger."""
IDENTITY: Final = frozenset({"clusterName", "group", "namespace"})
_WAIT_SECONDS: Final = 300.0
_ASK_SECONDS: Final = 0.4
_PROGRESS_SECONDS: Final = 3.0
_LOG_LINES: Final = 15
_LOG_SECONDS: Final = 15.0
_AGENT_LOG: Final = "/var/log/istio/istio.log /var/log/istio/istio.err.log"


class MachineRegistrationHandler(ResourceHandler):
    secret_outputs: ClassVar[frozenset[str]] = frozenset({"kubeconfig"})

    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        del olds, context
        inputs = {**DEFAULTS, **news}
        failures = [*unexpected(news, INPUTS), *missing(inputs, INPUTS - OPTIONAL)]
        minimum = inputs.get("minimum", 0)
        if minimum is not UNKNOWN and not (isinstance(minimum, int) and minimum >= 0):
            failures.append(CheckFailure("minimum", f"{minimum!r} is no number of machines"))
        return Checked(inputs, failures)

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        del identity, old_outputs, context
        return Diff.of_inputs(old_inputs, news, replace_on=IDENTITY, ignore=NOT_COMPARED)

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        if preview:
            return Created("", {**inputs, "workloadEntries": UNKNOWN})
        identity = f"{inputs['clusterName']}/{inputs['namespace']}/{inputs['group']}"
        return Created(identity, _await(identity, inputs, timeout, context))

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        """Never waits and asks no one: machines come and go, which is no drift."""
        del context
        if not inputs:
            raise ResourceError("a machine registration cannot be imported")
        return ReadState(identity, inputs, outputs)

    def update(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        *,
        preview: bool,
        timeout: float,
        context: CallContext,
    ) -> Properties:
        del old_inputs
        if preview or contains_unknown(news):
            return {**news, "workloadEntries": UNKNOWN}
        if news["quarantined"]:
            return {**news, "workloadEntries": old_outputs.get("workloadEntries", [])}
        return _await(identity, news, timeout, context)

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        """Nothing: the machines leave by themselves."""


def _await(identity: str, inputs: Properties, timeout: float, context: CallContext) -> Properties:
    if inputs["quarantined"]:
        return {**inputs, "workloadEntries": []}
    waiting = _Waiting(inputs, context)
    seconds = timeout or _WAIT_SECONDS
    minimum = inputs["minimum"]
    what = f"{minimum} machine{'s' * (minimum != 1)} of the group {inputs['group']} joined the mesh"
    try:
        found = context.wait_for(waiting.probe, what=what, timeout=seconds, interval=_ASK_SECONDS)
    except WaitTimeoutError as failure:
        reasons = [str(failure), *waiting.known(), *_agents_words(inputs, waiting.last, context)]
        names = [entry.name for entry in waiting.last]
        raise InitializationFailedError(identity, {**inputs, "workloadEntries": names}, reasons) from failure
    return {**inputs, "workloadEntries": found}


class _Waiting:
    """Asks for the registrations again and again, remembers the last answer and tells the progress."""

    def __init__(self, inputs: Properties, context: CallContext) -> None:
        self._inputs, self._context = inputs, context
        self._registrations = Registrations(
            inputs.get("kubeconfig"), inputs.get("context"), inputs["namespace"], inputs["group"]
        )
        self._told = time.monotonic()
        self._trouble = ""
        self.last: list[Registration] = []

    def probe(self) -> list[str] | None:
        """The names of the registrations as soon as enough of them are ready."""
        try:
            self.last, self._trouble = self._registrations.read(), ""
        except UnreachableClusterError as failure:
            self._trouble = str(failure)
        ready = [entry for entry in self.last if entry.ready(probe=self._inputs["probe"])]
        if not self._trouble and len(ready) >= self._inputs["minimum"]:
            return [entry.name for entry in ready]
        self._tell(len(ready))
        return None

    def known(self) -> list[str]:
        """What is known about the machines that are missing, one line each."""
        probe = self._inputs["probe"]
        lines = [entry.describe() for entry in self.last if not entry.ready(probe=probe)]
        ready = sum(entry.ready(probe=probe) for entry in self.last)
        unregistered = self._inputs["minimum"] - len(self.last)
        if self._trouble:
            lines.append(f"cluster {self._inputs['clusterName']}: {self._trouble}")
        if unregistered > 0:
            lines.append(
                f"{ready} of {self._inputs['minimum']} machines are ready, {unregistered} never registered "
                f"with istiod of cluster {self._inputs['clusterName']}"
            )
        return lines

    def _tell(self, ready: int) -> None:
        if time.monotonic() - self._told < _PROGRESS_SECONDS:
            return
        self._told = time.monotonic()
        detail = "; ".join(self.known())
        self._context.status(
            f"{ready} of {self._inputs['minimum']} machines ready{': ' + detail if detail else ''}"
        )


def _agents_words(inputs: Properties, seen: list[Registration], context: CallContext) -> list[str]:
    """The last lines of the agents' logs on those local machines that are not ready."""
    lines = []
    for name in inputs["machineNames"]:
        try:
            words = in_background(
                lambda name=name: _agent_log(name, inputs, seen),  # type: ignore[misc]
                what=f"the log of machine {name} is read",
                timeout=_LOG_SECONDS,
                context=context,
            )
        except ResourceError as failure:
            context.log(Severity.DEBUG, f"no log of machine {name}: {failure}")
            continue
        lines.extend(words)
    return lines


def _agent_log(name: str, inputs: Properties, seen: list[Registration]) -> list[str]:
    lab = connect(start=False)
    machine = lab.machine(name)
    if machine is None:
        return [f"machine {name}: the lab does not have it"]
    ready = {entry.address for entry in seen if entry.ready(probe=inputs["probe"])}
    if machine.address in ready:
        return []
    try:
        told = lab.machine_shell(
            name, ["sh", "-c", f"tail -q -n {_LOG_LINES} {_AGENT_LOG} 2>/dev/null"], _LOG_SECONDS
        )
    except LabError as failure:
        return [f"machine {name} ({machine.address}): no answer ({failure})"]
    words = without_secrets(told.stdout).strip() or "the agent has written nothing yet"
    return [f"machine {name} ({machine.address}), Istio's agent:\n{words}"]
