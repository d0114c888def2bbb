"""Machines that the embedded site boots on this machine."""

import pulumi

from components.clusters.base import MeshCluster
from components.clusters.local import local_network
from components.machines.base import Machines, user_data
from components.resources import LocalMachine
from model.config.istio import IstioConfig
from model.plan.types import GroupPlan, NetworkPlan


class LocalMachines(Machines):
    """The machines of one group, booted with the cloud-init that cloud machines get.

    They need the cluster's endpoint and its gateway's address only, so they boot while Istio is being
    installed.
    """

    def __init__(
        self,
        name: str,
        *,
        group: GroupPlan,
        network: NetworkPlan,
        cluster: MeshCluster,
        certificate_authority: pulumi.Input[str],
        gateway_addresses: pulumi.Input[tuple[str, ...]],
        istio: IstioConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:LocalMachines", name, None, opts)
        text = user_data(group, istio, cluster.peer_endpoint, certificate_authority, gateway_addresses)
        machines = {
            machine.name: LocalMachine(
                f"{name}-{machine.index}",
                machine_name=machine.name,
                network=local_network(network),
                user_data=text,
                service_account_email=group.machine_identity or "",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for machine in group.machines
        }
        self.incarnations = {
            f"machine-{machine}": resource.instance_id for machine, resource in machines.items()
        }
        self.addresses = {machine: resource.address for machine, resource in machines.items()}
        self.register_outputs({"addresses": self.addresses})
