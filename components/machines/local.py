"""VMs of the local site."""

import pulumi

from hybrid_mesh.components.clusters.local import local_network
from hybrid_mesh.components.local_resources import LocalMachine
from hybrid_mesh.components.machines.base import MachineContext, Machines, user_data


class LocalMachines(Machines):
    """The VMs of one group, booted with the cloud-init that cloud VMs get.

    They only need the cluster's endpoint and its gateway's address, so they boot while Istio is being
    installed.
    """

    def __init__(
        self,
        name: str,
        *,
        context: MachineContext,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:LocalMachines", name, None, opts)
        group, data = context.group, user_data(context)
        machines = {
            machine.name: LocalMachine(
                f"{name}-{machine.index}",
                machine_name=machine.name,
                network=local_network(context.network),
                user_data=data.text,
                service_account_email=group.machine_identity or "",
                cluster=context.cluster.incarnation,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for machine in group.machines
        }
        self.incarnations = {
            "template": data.template,
            **{f"machine-{machine}": resource.instance_id for machine, resource in machines.items()},
        }
        self.addresses = {machine: resource.address for machine, resource in machines.items()}
        self.register_outputs({"addresses": self.addresses})
