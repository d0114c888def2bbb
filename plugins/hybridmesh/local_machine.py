"""`hybridmesh:index:LocalMachine`: a VM of the local site.

Inputs: `machineName`, `network` {name, cidr, direct, delayMilliseconds, lossPercent}, `userData` (cloud-init,
not secret), `serviceAccountEmail` (the identity that the lab's metadata service issues tokens for). Outputs:
the inputs, `instanceId` (this incarnation; also the resource's ID), `address` (in its network), `wanAddress`.
"""

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import MachineInfo, MachineSpec, Owner, Report
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh.instance import InstanceHandler
from hybrid_mesh.plugins.hybridmesh.lab import network_spec


class LocalMachineHandler(InstanceHandler[MachineInfo]):
    inputs = frozenset({"machineName", "network", "userData", "serviceAccountEmail"})
    computed = ("instanceId", "address", "wanAddress")
    no_import = "a local VM cannot be imported; it is declared in the stack file"
    kind = "machine"
    noun = "VM"
    made = "has booted"
    create_seconds = 120.0
    delete_seconds = 60.0

    def find(self, lab: LabClient, name: str) -> MachineInfo | None:
        return lab.machine(name)

    def ensure(self, lab: LabClient, inputs: Properties, owner: Owner, report: Report) -> MachineInfo:
        specification = MachineSpec(
            name=inputs["machineName"],
            network=network_spec(inputs),
            user_data=inputs["userData"],
            service_account_email=inputs["serviceAccountEmail"],
            owner=owner,
        )
        return lab.ensure_machine(specification, report)

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
