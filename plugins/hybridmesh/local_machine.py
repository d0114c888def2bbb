"""`hybridmesh:index:LocalMachine`: a virtual machine that the embedded site boots on this machine.

Inputs: `machineName`, `network` {name, cidr, direct, delayMilliseconds, lossPercent}, `userData` (cloud-init;
it holds no secret), `serviceAccountEmail` (the identity that the lab's metadata service vouches for).
Outputs: the inputs, `instanceId` (this incarnation; also the resource's id), `address` (in its network),
`wanAddress`.
"""

from typing import Final

from local.lab.specs import MachineInfo, MachineSpec
from plugins.framework.calls import CallContext
from plugins.framework.errors import ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.values import Properties
from plugins.hybridmesh.inputs import missing, unexpected
from plugins.hybridmesh.instance import instance_diff
from plugins.hybridmesh.lab import (
    Life,
    checked_network,
    connect,
    find_machine,
    in_background,
    network_spec,
    remove,
    unknown_outputs,
)

INPUTS: Final = frozenset({"machineName", "network", "userData", "serviceAccountEmail"})
OUTPUTS: Final = ("instanceId", "address", "wanAddress")
_CREATE_SECONDS: Final = 120.0
_DELETE_SECONDS: Final = 60.0


class LocalMachineHandler(ResourceHandler):
    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        del olds, context
        return Checked(checked_network(news), [*unexpected(news, INPUTS), *missing(news, INPUTS)])

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        """Asks the lab whether the recorded instance lives: a dead one is replaced."""
        life, _ = find_machine(old_outputs["machineName"], identity, context)
        return instance_diff(life, old_inputs, news)

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        if preview:
            return Created("", unknown_outputs(inputs, OUTPUTS))
        info = _ensure(inputs, timeout, context)
        return Created(info.instance_id, _outputs(inputs, info))

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        if not inputs:
            raise ResourceError("a local machine cannot be imported; it is declared in the stack file")
        life, info = find_machine(inputs["machineName"], identity, context)
        if life is Life.DEAD:
            return None
        return ReadState(identity, inputs, outputs if info is None else _outputs(inputs, info))

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
        """Nothing is changed in place; an unfinished creation is awaited once more."""
        del identity, old_inputs
        if preview:
            return {**old_outputs, **news}
        return _outputs(news, _ensure(news, timeout, context))

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        """Deletes this incarnation only: the name may belong to its successor already."""
        del inputs
        name = outputs["machineName"]

        def delete() -> None:
            remove(lambda lab: lab.machine(name), lambda lab: lab.delete_machine(name), identity)

        what = f"machine {name} is gone"
        in_background(delete, what=what, timeout=timeout or _DELETE_SECONDS, context=context)


def _ensure(inputs: Properties, timeout: float, context: CallContext) -> MachineInfo:
    specification = MachineSpec(
        name=inputs["machineName"],
        network=network_spec(inputs),
        user_data=inputs["userData"],
        service_account_email=inputs["serviceAccountEmail"],
    )

    def ensure() -> MachineInfo:
        return connect(start=True).ensure_machine(specification, context.status)

    what = f"machine {specification.name} has booted"
    return in_background(ensure, what=what, timeout=timeout or _CREATE_SECONDS, context=context)


def _outputs(inputs: Properties, info: MachineInfo) -> Properties:
    return {
        **inputs,
        "instanceId": info.instance_id,
        "address": info.address,
        "wanAddress": info.wan_address,
    }
