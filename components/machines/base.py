"""What the machines of a group offer, wherever they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from model.config.istio import IstioConfig
from model.plan.boot import machine_boot
from model.plan.types import GroupPlan
from model.texts.cloud_init import UserDataTooLarge, render_user_data


class Machines(pulumi.ComponentResource):
    """The machines of one group, and what changes when they do."""

    addresses: Mapping[str, pulumi.Output[str]] = {}
    """By machine, as the mesh sees them, where each is a resource of its own."""
    incarnations: Mapping[str, pulumi.Output[str]] = {}
    """By what is made anew with other machines in it."""


def user_data(
    group: GroupPlan,
    istio: IstioConfig,
    endpoint: pulumi.Input[str],
    certificate_authority: pulumi.Input[str],
    gateway_addresses: pulumi.Input[tuple[str, ...]],
    *,
    eks_cluster: pulumi.Input[str] | None = None,
) -> pulumi.Output[str]:
    """The cloud-config of the group's machines. Fails with a RunError that names the group."""

    def render(parts: Sequence[Any]) -> str:
        api, authority, gateways, real_name = parts
        try:
            return render_user_data(
                machine_boot(group, istio, api, authority, tuple(gateways), eks_cluster=real_name)
            )
        except (UserDataTooLarge, ValueError) as failure:
            raise pulumi.RunError(f"workloadGroups.{group.name}: {failure}") from failure

    return pulumi.Output.all(endpoint, certificate_authority, gateway_addresses, eks_cluster).apply(render)
