"""What the machines of a group offer, wherever they are."""

from collections.abc import Mapping

import pulumi

from model.config.istio import Istio
from model.plan.boot import machine_boot
from model.plan.types import GroupPlan
from model.render.cloud_init import UserDataTooLarge, render_user_data


class Machines(pulumi.ComponentResource):
    """The machines of one group, and what changes when they do."""

    addresses: Mapping[str, pulumi.Output[str]] = {}
    """By machine, as the mesh sees them, where each is a resource of its own."""
    incarnations: Mapping[str, pulumi.Output[str]] = {}
    """By what is made anew with other machines in it."""


def user_data(
    group: GroupPlan,
    istio: Istio,
    endpoint: str,
    certificate_authority: str,
    gateways: tuple[str, ...],
    *,
    eks_cluster: str | None = None,
) -> str:
    """The cloud-config of the group's machines. Raises RunError that names the group."""
    try:
        return render_user_data(
            machine_boot(group, istio, endpoint, certificate_authority, gateways, eks_cluster=eks_cluster)
        )
    except (UserDataTooLarge, ValueError) as failure:
        raise pulumi.RunError(f"workloadGroups.{group.name}: {failure}") from failure
