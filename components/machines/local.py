"""Machines that the embedded site boots on this machine."""

from collections.abc import Mapping

import pulumi

from components.clusters.base import MeshCluster
from components.clusters.local import local_network
from components.resources import LocalMachine
from model.config.istio import Istio
from model.plan.types import GroupPlan, NetworkPlan
from model.render.cloud_init import MachineBoot, MachineFile, SystemdUnit, UserDataTooLarge, render_user_data


class LocalMachines(pulumi.ComponentResource):
    """The machines of one group, booted with the cloud-init that cloud machines get.

    They need the cluster's endpoint and its gateway's address only, so they boot while Istio is being
    installed.
    """

    instance_ids: Mapping[str, pulumi.Output[str]]
    addresses: Mapping[str, pulumi.Output[str]]
    """By machine, as the mesh sees them."""

    def __init__(
        self,
        name: str,
        *,
        group: GroupPlan,
        network: NetworkPlan,
        cluster: MeshCluster,
        certificate_authority: pulumi.Input[str],
        gateway_addresses: pulumi.Input[tuple[str, ...]],
        istio: Istio,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:LocalMachines", name, None, opts)
        user_data = pulumi.Output.all(cluster.peer_endpoint, certificate_authority, gateway_addresses).apply(
            lambda parts: _user_data(group, istio, parts[0], parts[1], tuple(parts[2]))
        )
        machines = {
            machine.name: LocalMachine(
                f"{name}-{machine.index}",
                machine_name=machine.name,
                network=local_network(network),
                user_data=user_data,
                service_account_email=group.machine_identity or "",
                opts=pulumi.ResourceOptions(parent=self),
            )
            for machine in group.machines
        }
        self.instance_ids = {machine: resource.instance_id for machine, resource in machines.items()}
        self.addresses = {machine: resource.address for machine, resource in machines.items()}
        self.register_outputs({"addresses": self.addresses})


def package_url(istio: Istio) -> str:
    """Where a Debian machine finds Istio's package (Istio: "Virtual Machine Installation")."""
    return f"{istio.packages.rstrip('/')}/releases/{istio.version}/deb/istio-sidecar.deb"


def _user_data(
    group: GroupPlan, istio: Istio, endpoint: str, certificate_authority: str, gateways: tuple[str, ...]
) -> str:
    application = group.config.application
    try:
        return render_user_data(
            MachineBoot(
                group=group.name,
                namespace=group.namespace,
                service_account=group.service_account,
                cluster=group.cluster,
                api_endpoint=endpoint,
                api_certificate_authority=certificate_authority,
                gateway_addresses=gateways,
                cluster_env=group.cluster_env,
                mesh_yaml=group.mesh_yaml,
                package_url=package_url(istio),
                files=tuple(
                    MachineFile(file.path, file.content, file.url, file.mode) for file in application.files
                ),
                units=tuple(SystemdUnit(unit.name, unit.content) for unit in application.units),
                commands=application.commands,
            )
        )
    except (UserDataTooLarge, ValueError) as failure:
        raise pulumi.RunError(f"workloadGroups.{group.name}: {failure}") from failure
