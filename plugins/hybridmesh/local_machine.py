"""`hybridmesh:index:LocalMachine`: a VM of the local site.

Inputs: `machineName`, `network` {name, cidr, direct, delayMilliseconds, lossPercent}, `userData` (cloud-init,
not secret), `serviceAccountEmail` (the identity that the lab's metadata service issues tokens for), `cluster`
(the incarnation of the cluster that it registers with). Outputs: the inputs, `instanceId` (this incarnation;
also the resource's ID), `address` (in its network), `wanAddress`.

Changed `userData` is only recorded in the lab: the registration of the VM's group renews its VMs step by step
(`local_rollout`), when everything that they need is there. A VM of another cluster is replaced at once, as
it cannot serve.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import MachineInfo, MachineSpec, Owner, Report
from hybrid_mesh.plugins.framework.handler import Diff, DiffCall
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh.instance import InstanceHandler
from hybrid_mesh.plugins.hybridmesh.lab import network_spec


class LocalMachineHandler(InstanceHandler[MachineInfo]):
    inputs = frozenset({"machineName", "network", "userData", "serviceAccountEmail", "cluster"})
    defaults: ClassVar[Mapping[str, Any]] = {"cluster": ""}
    in_place = frozenset({"userData"})
    computed = ("instanceId", "address", "wanAddress")
    no_import = "a local VM cannot be imported; it is declared in the stack file"
    kind = "machine"
    noun = "VM"
    made = "has booted"
    create_seconds = 120.0
    delete_seconds = 60.0

    def find(self, lab: LabClient, name: str) -> MachineInfo | None:
        return lab.machine(name)

    def diff(self, call: DiffCall) -> Diff:
        """A state of an earlier version does not know the cluster."""
        cluster = call.old_inputs.get("cluster") or call.news["cluster"]
        return super().diff(replace(call, old_inputs={**call.old_inputs, "cluster": cluster}))

    def ensure(self, lab: LabClient, inputs: Properties, owner: Owner, report: Report) -> MachineInfo:
        return lab.ensure_machine(_specification(inputs, owner), report)

    def amend(self, lab: LabClient, inputs: Properties, owner: Owner, report: Report) -> MachineInfo:
        return lab.amend_machine(_specification(inputs, owner), report)

    def end(self, lab: LabClient, name: str) -> None:
        lab.delete_machine(name)

    def has_outputs(self, info: MachineInfo) -> bool:
        return info.state == "ready"

    def outputs_of(self, info: MachineInfo) -> Properties:
        return {
            "instanceId": info.instance_id,
            "address": info.address,
            "wanAddress": info.wan_address,
        }


def _specification(inputs: Properties, owner: Owner) -> MachineSpec:
    return MachineSpec(
        name=inputs["machineName"],
        network=network_spec(inputs),
        user_data=inputs["userData"],
        service_account_email=inputs["serviceAccountEmail"],
        owner=owner,
    )
