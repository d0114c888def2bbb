"""The interface of the VMs of a group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.networks.base import CloudNetwork
from hybrid_mesh.model.config.istio import IstioConfig
from hybrid_mesh.model.plan.boot import machine_boot
from hybrid_mesh.model.plan.types import GroupPlan, NetworkPlan
from hybrid_mesh.model.texts.cloud_init import UserDataTooLarge, render_user_data


@dataclass(frozen=True)
class MachineContext:
    """The inputs of the VMs of a group.

    `cluster` is the one that they register with; `gateway_addresses` are those of its east-west gateway.
    `cloud_network` is None outside a cloud.
    """

    group: GroupPlan
    network: NetworkPlan
    cloud_network: CloudNetwork | None
    cluster: MeshCluster
    gateway_addresses: pulumi.Output[tuple[str, ...]]
    root_certificate: pulumi.Output[str]
    istio: IstioConfig


class Machines(pulumi.ComponentResource):
    """The VMs of one group, and the triggers that change when they do."""

    addresses: Mapping[str, pulumi.Output[str]] = {}
    """Addresses in the mesh by VM name, if each VM is a resource of its own."""
    incarnations: Mapping[str, pulumi.Output[str]] = {}
    """Values that change when VMs are replaced, by name."""


def user_data(context: MachineContext, *, real_name: pulumi.Input[str] | None = None) -> pulumi.Output[str]:
    """The cloud-config of the group's VMs. Fails with a RunError that names the group."""
    group, cluster = context.group, context.cluster
    assert cluster.certificate_authority is not None

    def render(parts: Sequence[Any]) -> str:
        api, authority, gateways, cluster_name = parts
        try:
            return render_user_data(
                machine_boot(group, context.istio, api, authority, tuple(gateways), real_name=cluster_name)
            )
        except (UserDataTooLarge, ValueError) as failure:
            raise pulumi.RunError(f"workloadGroups.{group.name}: {failure}") from failure

    return pulumi.Output.all(
        cluster.peer_endpoint, cluster.certificate_authority, context.gateway_addresses, real_name
    ).apply(render)
