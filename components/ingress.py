"""A way into the mesh by the Kubernetes Gateway API."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.clusters.base import MeshCluster
from components.declare import annotated, declare
from components.istio import IstioControlPlane
from model.plan.types import IngressPlan


class _ApiGateway(pulumi.CustomResource):
    """A Gateway of the Gateway API, whose status tells its address."""

    status: pulumi.Output[Any]

    def __init__(self, name: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        token = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
        super().__init__(token, name, {**manifest, "status": None}, opts)


class Ingress(pulumi.ComponentResource):
    """A Gateway of the configured class and its routes; awaited until the class' controller has programmed
    it.
    """

    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        plan: IngressPlan,
        cluster: MeshCluster,
        control_plane: IstioControlPlane,
        namespaces: dict[str, pulumi.Resource],
        drain: pulumi.Resource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:Ingress", name, None, opts)
        namespace = namespaces[plan.namespace]
        programmed = annotated(plan.gateway, {"pulumi.com/waitFor": "condition=Programmed"})
        gateway = _ApiGateway(
            f"{name}-gateway",
            programmed,
            cluster.options(self, [namespace, control_plane.istiod, *([drain] if drain else [])]),
        )
        for route in plan.routes:
            where = route["metadata"]["namespace"]
            owners = [namespaces[where]] if where in namespaces else []
            declare(
                _route_name(name, route),
                route,
                cluster.options(self, [*owners, control_plane.definitions, control_plane.istiod]),
            )
        self.address = gateway.status.apply(_address)
        self.register_outputs({"address": self.address})


def _address(status: Any) -> str:
    addresses = (status or {}).get("addresses") or [{"value": ""}]
    return str(addresses[0]["value"])


def _route_name(name: str, route: Mapping[str, Any]) -> str:
    metadata = route["metadata"]
    if route["kind"] == "ReferenceGrant":
        return f"{name}-grant-{metadata['namespace']}"
    return f"{name}-{metadata['name']}"
