"""The east-west gateway, through which other networks and VMs reach a cluster."""

from collections.abc import Sequence
from typing import Any

import pulumi

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.declare import KubernetesObject, existing
from hybrid_mesh.components.member import ClusterMember
from hybrid_mesh.model.checks.formats import is_ip_address
from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME


class EastWestGateway(pulumi.ComponentResource):
    """The east-west gateway: its proxies, and its routes to services and to istiod."""

    addresses: pulumi.Output[tuple[str, ...]]
    """IP addresses at which other networks and the VMs reach it."""

    def __init__(
        self, name: str, *, member: ClusterMember, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("hybridmesh:index:EastWestGateway", name, None, opts)
        own = member.cluster.plan.config.gateway.ownership == "own"
        filled = {"release": {"service": member.cluster.gateway_service}} if own else {}
        release = member.declare(f"{member.name}-gateway", self, filled=filled).get("release")
        self.addresses = _addresses(name, member.cluster, release, self)
        self.register_outputs({"addresses": self.addresses})


def gateway_addresses(
    cluster: MeshCluster, gateway: "EastWestGateway | None"
) -> pulumi.Output[tuple[str, ...]]:
    """Addresses of the cluster's gateway, as early as they are known: reserved and configured ones before
    the gateway exists."""
    if cluster.plan.config.gateway.addresses:
        return pulumi.Output.from_input(cluster.plan.config.gateway.addresses)
    if cluster.reserved_gateway_addresses is not None:
        return cluster.reserved_gateway_addresses
    return gateway.addresses if gateway is not None else pulumi.Output.from_input(())


def addresses_for_vms(
    group: str, cluster: MeshCluster, gateway: "EastWestGateway | None"
) -> pulumi.Output[tuple[str, ...]]:
    """Those of `gateway_addresses`, for the hosts file of a group's VMs. Fails with a RunError for a host
    name, which the file cannot contain."""

    def check(addresses: Sequence[str]) -> tuple[str, ...]:
        names = [address for address in addresses if not is_ip_address(address)]
        if names:
            raise pulumi.RunError(
                f"clusters.{cluster.plan.name}.gateway.addresses is required: its load balancer has a host "
                f"name ({names[0]}), and the VMs of group {group} need IP addresses. Set it to static IP "
                "addresses of the load balancer"
            )
        return tuple(addresses)

    return gateway_addresses(cluster, gateway).apply(check)


def _addresses(
    name: str, cluster: MeshCluster, release: KubernetesObject | None, parent: pulumi.Resource
) -> pulumi.Output[tuple[str, ...]]:
    if cluster.reserved_gateway_addresses is not None or cluster.plan.config.gateway.addresses:
        return gateway_addresses(cluster, None)
    if not cluster.plan.active:
        return pulumi.Output.from_input(())
    where: pulumi.Input[str] = f"{SYSTEM_NAMESPACE}/{GATEWAY_NAME}"
    if release is not None:
        # The namespace is an output of the release, so that a preview before its creation reads nothing.
        where = release.status.apply(lambda status: f"{status['namespace']}/{GATEWAY_NAME}")
    service = existing(f"{name}-service", "v1", "Service", where, cluster.options(parent))
    return service.status.apply(lambda status: _of_status(cluster.plan.name, status))


def _of_status(cluster: str, status: Any) -> tuple[str, ...]:
    entries = ((status or {}).get("loadBalancer") or {}).get("ingress") or ()
    addresses = tuple(entry.get("ip") or entry["hostname"] for entry in entries)
    if not addresses:
        raise pulumi.RunError(
            f"clusters.{cluster}.gateway: its load balancer has no address. If the cluster "
            "has no load balancers, set serviceType: NodePort and addresses"
        )
    return addresses
