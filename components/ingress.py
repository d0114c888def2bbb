"""Ingress gateways, by the Kubernetes Gateway API."""

from collections.abc import Mapping
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
        filled = _with_annotations(plan, member.cluster.load_balancer_annotations)
        gateway = member.declare(f"ingress-{plan.name}", self, filled=filled)["gateway"]
        self.address = gateway.status.apply(_address)
        self.register_outputs({"address": self.address})


def _with_annotations(
    plan: IngressPlan, annotations: Mapping[str, pulumi.Input[str]]
) -> dict[str, dict[str, Any]]:
    """The Gateway's `spec` with `annotations` of its load balancer."""
    if not annotations or plan.config.service_type != "LoadBalancer":
        return {}
    spec = plan.gateway["spec"]
    infrastructure = {"annotations": {**spec["infrastructure"]["annotations"], **annotations}}
    return {"gateway": {"spec": {**spec, "infrastructure": infrastructure}}}


def _address(status: Any) -> str:
    addresses = (status or {}).get("addresses") or [{"value": ""}]
    return str(addresses[0]["value"])
