"""The gateway by which other networks and the machines come into one cluster."""

from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.helm.v3 import Release

from components.charts import istio_chart
from components.clusters.base import MeshCluster
from components.declare import declare
from components.istio import IstioControlPlane
from model.config.istio import IstioConfig
from model.objects.helm_values import GATEWAY_NAME, merge
from model.objects.manifest import SYSTEM_NAMESPACE
from model.objects.mesh import cross_network_gateway, istiod_gateway, istiod_virtual_service


class EastWestGateway(pulumi.ComponentResource):
    """The east-west gateway's proxies, the way through it to services, and the one to istiod."""

    addresses: pulumi.Output[tuple[str, ...]]
    """IP addresses at which other networks and the machines reach it."""

    def __init__(
        self,
        name: str,
        *,
        cluster: MeshCluster,
        istio: IstioConfig,
        control_plane: IstioControlPlane,
        drain: pulumi.Resource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:EastWestGateway", name, None, opts)
        release = Release(
            f"{name}-release",
            name=GATEWAY_NAME,
            namespace=SYSTEM_NAMESPACE,
            values=_values(cluster),
            opts=cluster.options(self, [control_plane.istiod, *([drain] if drain else [])]),
            **istio_chart(istio, "gateway"),
        )
        options = cluster.options(self, [control_plane.istiod])
        declare(f"{name}-services", cross_network_gateway(cluster.plan.gateway_hosts), options)
        declare(f"{name}-istiod", istiod_gateway(), options)
        declare(f"{name}-istiod-route", istiod_virtual_service(), options)
        self.addresses = _addresses(name, cluster, release, self)
        self.register_outputs({"addresses": self.addresses})


def gateway_addresses(
    cluster: MeshCluster, gateway: "EastWestGateway | None"
) -> pulumi.Output[tuple[str, ...]]:
    """Addresses of the cluster's gateway, as early as they are known: reserved and configured ones before it
    exists.
    """
    if cluster.plan.config.gateway.addresses:
        return pulumi.Output.from_input(cluster.plan.config.gateway.addresses)
    if cluster.reserved_gateway_addresses is not None:
        return cluster.reserved_gateway_addresses
    return gateway.addresses if gateway is not None else pulumi.Output.from_input(())


def _values(cluster: MeshCluster) -> dict[str, Any]:
    return merge(cluster.plan.gateway_values, {"service": cluster.gateway_service})


def _addresses(
    name: str, cluster: MeshCluster, release: Release, parent: pulumi.Resource
) -> pulumi.Output[tuple[str, ...]]:
    if cluster.reserved_gateway_addresses is not None or cluster.plan.config.gateway.addresses:
        return gateway_addresses(cluster, None)
    if not cluster.plan.active:
        return pulumi.Output.from_input(())
    # The namespace is known only once the release is there, so that a preview before that reads nothing.
    where = release.status.namespace.apply(lambda namespace: f"{namespace}/{GATEWAY_NAME}")
    service = Service.get(f"{name}-service", where, opts=cluster.options(parent))
    return service.status.apply(lambda status: _of_status(cluster.plan.name, status))


def _of_status(cluster: str, status: Any) -> tuple[str, ...]:
    balancer = getattr(status, "load_balancer", None)
    entries = getattr(balancer, "ingress", None) or ()
    addresses = tuple(entry.ip or entry.hostname for entry in entries)
    if not addresses:
        raise pulumi.RunError(
            f"clusters.{cluster}.gateway: its load balancer has no address; where none exists, set "
            "serviceType: NodePort and addresses"
        )
    return addresses
