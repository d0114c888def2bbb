"""Who may reach the API servers and east-west gateways of clusters in a cloud."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, collapse_addresses

from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig, ClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.machines import CloudMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import CloudNetworkConfig, ExternalNetworkConfig
from hybrid_mesh.model.derive.clouds import network_cidrs
from hybrid_mesh.model.derive.types import ApiAccessPlan, GatewayExposurePlan, Source

PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""CIDRs of private addresses, from which no traffic on the Internet comes (RFC 1918, RFC 6598)."""


def plan_api_access(mesh: MeshConfig, name: str, cluster: CloudClusterConfig) -> ApiAccessPlan:
    """Who may reach the API server of the cluster `name`.

    These are the operators, the egress addresses of each peer's network (its istiod reads this cluster), and
    those of each network whose VMs request their tokens from this API server. Members of the cluster's own
    network use its private address. On AWS, firewall rules allow them; GKE's list has their own addresses.

    A private endpoint sees the callers' own addresses and must allow those as well. GKE accepts no public
    CIDR for it.
    """
    private = cluster.private
    operators = [cidr for cidr in mesh.operators.cidrs if not private or is_private(cidr)]
    ranges = [
        *(Source("operators", cidr=str(cidr)) for cidr in operators),
        *(Source("configured", cidr=str(cidr)) for cidr in cluster.authorized_networks),
    ]
    callers = [
        *((f"istiod of {peer}", other.network) for peer, other in _peers(mesh, name)),
        *((f"VMs of {key}", group.network) for key, group in api_groups(mesh, name)),
    ]
    ranges += _inside(mesh, name, cluster)
    if private:
        networks = {network for _, network in callers if network in mesh.networks} - {cluster.network}
        joined = collapse_addresses(cidr for network in networks for cidr in network_cidrs(mesh, network))
        ranges += (Source("peers and VMs elsewhere", cidr=str(cidr)) for cidr in joined)
        return ApiAccessPlan("private", _merged(ranges))
    for purpose, network in callers:
        if network != cluster.network:
            ranges += egress(mesh, network, purpose)
    return ApiAccessPlan("restricted", _merged(ranges))


def _inside(mesh: MeshConfig, name: str, cluster: CloudClusterConfig) -> Iterator[Source]:
    """The addresses of callers in the cluster's own network that its list of allowed CIDRs must have."""
    network, cloud = mesh.networks.get(cluster.network), cloud_of(cluster)
    if cloud.control_plane_in_network or network is None or cloud_of(network) is not cloud:
        return
    for peer, other in _peers(mesh, name):
        if other.network == cluster.network and cloud_of(other) is cloud:
            pods = cloud.cluster_cidrs(network, other).pods
            yield Source(f"istiod of {peer}", cidr=str(pods))
    for key, group in api_groups(mesh, name):
        if group.network == cluster.network:
            yield from (Source(f"VMs of {key}", cidr=str(cidr)) for cidr in cloud.machine_cidrs(network))


def is_private(cidr: IPv4Network) -> bool:
    return any(cidr.subnet_of(private) for private in PRIVATE)


def plan_exposure(mesh: MeshConfig, name: str) -> GatewayExposurePlan | None:
    """How the east-west gateway of cluster `name` is exposed; None without a gateway or outside a cloud.

    It allows the members of other networks and, as VMs reach istiod through it, the VMs of its own network
    that register with it. If there are none, it allows only its own network.
    """
    cluster = mesh.clusters[name]
    network, cloud = mesh.networks.get(cluster.network), cloud_of(cluster)
    if cloud is None or not cluster.gateway.enabled or network is None or cloud_of(network) is not cloud:
        return None
    sources = [
        source for other in _callers(mesh, name) for source in egress(mesh, other, f"members of {other}")
    ]
    own = Source("its own network", cidr=str(network.cidr))
    return GatewayExposurePlan(
        reserved_addresses=cloud.gateway_addresses(network),
        sources=_merged(sources) or (own,),
    )


def egress(mesh: MeshConfig, name: str, purpose: str) -> Iterator[Source]:
    """The egress addresses of network `name`: known CIDRs, or those that its NAT will get."""
    network = mesh.networks.get(name)
    if isinstance(network, CloudNetworkConfig) and not network.egress:
        yield Source(purpose, egress_of=name)
    elif isinstance(network, CloudNetworkConfig | ExternalNetworkConfig):
        yield from (Source(purpose, cidr=str(cidr)) for cidr in network.egress)


def nat_addresses(mesh: MeshConfig, name: str) -> int:
    """Number of addresses of the NAT that the program creates for network `name`; 0 without one."""
    network = mesh.networks.get(name)
    cloud = cloud_of(network) if network else None
    if not isinstance(network, CloudNetworkConfig) or network.egress or cloud is None:
        return 0
    return cloud.nat_addresses(network)


def allowed_count(mesh: MeshConfig, sources: Iterable[Source]) -> int:
    """The number of CIDRs in `sources` once the NATs have their addresses."""
    return sum(nat_addresses(mesh, source.egress_of) if source.egress_of else 1 for source in sources)


def api_groups(mesh: MeshConfig, cluster: str) -> list[tuple[str, WorkloadGroupConfig]]:
    """The groups whose VMs request their tokens from the API server of `cluster`. Bundles bring one
    instead."""
    return [
        (name, group)
        for name, group in sorted(mesh.workload_groups.items())
        if group.cluster == cluster and isinstance(group.machines, CloudMachinesConfig)
    ]


def _peers(mesh: MeshConfig, name: str) -> list[tuple[str, ClusterConfig]]:
    """The other clusters, including quarantined ones, which keep their access for when they return."""
    return [(key, other) for key, other in sorted(mesh.clusters.items()) if key != name]


def _callers(mesh: MeshConfig, cluster: str) -> list[str]:
    """The networks whose members call the east-west gateway of `cluster`, sorted."""
    own = mesh.clusters[cluster].network
    groups = [group for group in mesh.workload_groups.values() if group.has_agent]
    found = {other.network for other in mesh.clusters.values()} | {group.network for group in groups}
    if not any(group.cluster == cluster and group.network == own for group in groups):
        found.discard(own)
    return sorted(found)


def _merged(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Each CIDR and each network once, with their purposes joined: CIDRs first."""
    purposes: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        purposes.setdefault((source.egress_of or "", source.cidr or ""), []).append(source.purpose)
    return tuple(
        Source(", ".join(dict.fromkeys(purposes[key])), cidr=key[1] or None, egress_of=key[0] or None)
        for key in sorted(purposes)
    )
