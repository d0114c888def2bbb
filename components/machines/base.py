"""The interface of the VMs of a group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.networks.base import CloudNetwork
from hybrid_mesh.model.config.istio import IstioConfig
from hybrid_mesh.model.plan.boot import machine_boot
from hybrid_mesh.model.plan.types import GroupPlan, NetworkPlan
from hybrid_mesh.model.texts.cloud_init import UserDataTooLarge, render_user_data, template_fingerprint


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
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of cloud resources."""


@dataclass(frozen=True)
class UserData:
    """What VMs boot with: the cloud-config, and the fingerprint of everything that they are created from,
    which is in it as a label."""

    text: pulumi.Output[str]
    template: pulumi.Output[str]


class Machines(pulumi.ComponentResource):
    """The VMs of one group, and the triggers that change when they do."""

    addresses: Mapping[str, pulumi.Output[str]] = {}
    """Addresses in the mesh by VM name, if each VM is a resource of its own."""
    incarnations: Mapping[str, pulumi.Output[str]] = {}
    """Values that change when VMs are replaced, by name."""
    template: pulumi.Output[str] | None = None
    """The fingerprint of what the VMs of a cloud's group are created from; None for others."""
    inspection: pulumi.Output[str] | None = None
    """A command that shows what the cloud does with the VMs, and why one cannot be created."""


def user_data(context: MachineContext, *, real_name: pulumi.Input[str] | None = None) -> UserData:
    """The user-data of the group's VMs. Fails with a RunError that names the group."""
    group, cluster = context.group, context.cluster
    assert cluster.certificate_authority is not None

    def render(parts: Sequence[Any]) -> tuple[str, str]:
        api, authority, gateways, cluster_name = parts
        try:
            boot = machine_boot(
                group,
                context.istio,
                api,
                authority,
                tuple(gateways),
                real_name=cluster_name,
                labels=context.labels,
            )
            return render_user_data(boot), template_fingerprint(boot)
        except (UserDataTooLarge, ValueError) as failure:
            raise pulumi.RunError(f"workloadGroups.{group.name}: {failure}") from failure

    rendered = pulumi.Output.all(
        cluster.endpoint_for(group.network),
        cluster.certificate_authority,
        context.gateway_addresses,
        real_name,
    ).apply(render)
    return UserData(rendered.apply(lambda pair: pair[0]), rendered.apply(lambda pair: pair[1]))
