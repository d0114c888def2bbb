"""Ingress gateways, by the Kubernetes Gateway API."""

from typing import Any

import pulumi

from hybrid_mesh.components.member import ClusterMember
from hybrid_mesh.model.plan.types import IngressPlan


class Ingress(pulumi.ComponentResource):
    """A Gateway of the configured class and its routes. It is ready when its controller has programmed it."""

    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        plan: IngressPlan,
        member: ClusterMember,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:Ingress", name, None, opts)
        gateway = member.declare(f"ingress-{plan.name}", self)["gateway"]
        self.address = gateway.status.apply(_address)
        self.register_outputs({"address": self.address})


def _address(status: Any) -> str:
    addresses = (status or {}).get("addresses") or [{"value": ""}]
    return str(addresses[0]["value"])
