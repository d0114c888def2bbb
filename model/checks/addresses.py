"""Rules on CIDRs of networks, pods and Services."""

from ipaddress import IPv4Network
from itertools import combinations

from hybrid_mesh.model.checks.registry import cluster_rule, network_rule, readable, rule
from hybrid_mesh.model.config.clusters import ClusterConfig, LocalClusterConfig
from hybrid_mesh.model.config.machines import LocalMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import LocalNetworkConfig, NetworkConfig
from hybrid_mesh.model.derive.local_pod_cidrs import carve, free_range, lan, pod_range
from hybrid_mesh.model.reading.problems import Problem, Problems

LAB_WAN = IPv4Network("172.30.0.0/16")
"""The WAN between the networks of the lab."""

UNUSABLE = {
    IPv4Network("0.0.0.0/8"): "addresses of this host",
    IPv4Network("127.0.0.0/8"): "loopback addresses",
    IPv4Network("169.254.0.0/16"): "link-local addresses and metadata servers",
    IPv4Network("224.0.0.0/3"): "multicast and reserved addresses",
}

LOCAL_MACHINES_LIMIT = 150
"""Maximum number of local VMs: a LAN assigns them addresses whose last octet starts at 100."""


@rule
def networks_do_not_overlap(mesh: MeshConfig) -> Problems:
    """`cidr` must not overlap the CIDR of another network."""
    cidrs = readable(mesh.networks, lambda network: network.cidr)
    for (first, one), (second, other) in combinations(cidrs.items(), 2):
        if one.overlaps(other):
            yield Problem(
                f"networks.{second}.cidr",
                str(other),
                f"this CIDR overlaps {one} of network {first}",
                "Give each network a CIDR of its own.",
            )


@network_rule
def networks_have_usable_cidrs(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """`cidr` must not contain loopback, link-local, multicast or other reserved addresses."""
    for unusable, purpose in UNUSABLE.items():
        if network.cidr.overlaps(unusable):
            yield Problem(
                f"networks.{name}.cidr",
                str(network.cidr),
                f"this CIDR contains {purpose} ({unusable})",
                "Choose a private CIDR, for example 10.10.0.0/16.",
            )


@network_rule
def local_networks_do_not_overlap_the_wan(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """`cidr` must not overlap 172.30.0.0/16, the WAN of the local site."""
    if isinstance(network, LocalNetworkConfig) and network.cidr.overlaps(LAB_WAN):
        yield Problem(
            f"networks.{name}.cidr",
            str(network.cidr),
            f"this CIDR overlaps {LAB_WAN}, the WAN of the local site",
            "Choose another CIDR, for example 10.10.0.0/16.",
        )


@network_rule
def local_networks_are_large_enough(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """`cidr` must be a /24 or larger, and a /19 or larger if the network has clusters."""
    if not isinstance(network, LocalNetworkConfig) or network.cidr.prefixlen <= 19:
        return
    has_clusters = any(cluster.network == name for cluster in mesh.clusters.values())
    longest = 19 if has_clusters else 24
    if network.cidr.prefixlen > longest:
        members = "nodes, VMs and pods" if has_clusters else "VMs"
        yield Problem(
            f"networks.{name}.cidr",
            str(network.cidr),
            f"this CIDR is too small for {members}",
            f"Give the network a /{longest} or larger; a /16 has room for 15 clusters.",
        )


@rule
def local_machines_fit_the_lab(mesh: MeshConfig) -> Problems:
    """All local groups together must not have more than 150 VMs."""
    counts = readable(
        mesh.workload_groups,
        lambda group: group.machines.count if isinstance(group.machines, LocalMachinesConfig) else 0,
    )
    total = 0
    for name, count in counts.items():
        total += count
        if count and total > LOCAL_MACHINES_LIMIT:
            yield Problem(
                f"workloadGroups.{name}.machines.count",
                str(count),
                f"the local site would have {total} VMs",
                f"Keep the sum of all local groups at {LOCAL_MACHINES_LIMIT} or below.",
            )


@network_rule
def one_local_cluster_has_the_default_pod_cidr(
    mesh: MeshConfig, name: str, network: NetworkConfig
) -> Problems:
    """Only one local cluster of a network may omit `podCidr`.

    `model.derive.local_pod_cidrs` says why.
    """
    members = _local_clusters(mesh, name)
    without_cidr = [key for key, cluster in members.items() if cluster.pod_cidr is None]
    taken = [cluster.pod_cidr for cluster in members.values() if cluster.pod_cidr is not None]
    for key in without_cidr[1:]:
        free = free_range(network.cidr, taken)
        taken += [free] if free else []
        others = " and ".join(other for other in without_cidr if other != key)
        yield Problem(
            f"clusters.{key}.podCidr",
            "",
            f"`podCidr` is required: network {name} already has a default pod CIDR ({others})",
            f"Leave it out of the cluster that exists already; for the other, set podCidr: {free or '…'}.",
        )


@cluster_rule
def pod_cidrs_are_inside_their_network(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`podCidr` must be inside the CIDR of the network, and outside the network's first /20, which nodes
    and VMs use."""
    if not isinstance(cluster, LocalClusterConfig) or cluster.pod_cidr is None:
        return
    pods, cidr = cluster.pod_cidr, mesh.networks[cluster.network].cidr
    if pods.subnet_of(cidr) and not pods.overlaps(lan(cidr)):
        return
    outside = f"this CIDR is outside {cidr} of network {cluster.network}"
    suggestion = next(iter(carve(cidr)), None)
    yield Problem(
        f"clusters.{name}.podCidr",
        str(pods),
        f"this CIDR overlaps {lan(cidr)}, which nodes and VMs use" if pods.subnet_of(cidr) else outside,
        f"Choose one like {suggestion}." if suggestion else "Give the network a larger CIDR.",
    )


@network_rule
def pod_cidrs_do_not_overlap(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """`podCidr` must not overlap the pod CIDR of another cluster in the network."""
    pods = readable(
        mesh.clusters,
        lambda cluster: (pod_range(mesh, cluster) if cluster.network == name else None, _pod_cidr(cluster)),
    )
    ranges = {key: range_ for key, (range_, _) in pods.items() if range_ is not None}
    for first, second in combinations(ranges, 2):
        given = [key for key in (second, first) if pods[key][1] is not None]
        if not given or not ranges[first].overlaps(ranges[second]):
            continue
        other = first if given[0] == second else second
        free = free_range(network.cidr, list(ranges.values()))
        yield Problem(
            f"clusters.{given[0]}.podCidr",
            str(ranges[given[0]]),
            f"this CIDR overlaps {ranges[other]}, the pods of cluster {other}",
            f"Choose another one, for example {free}." if free else "Give the network a larger CIDR.",
        )


@cluster_rule
def service_cidrs_do_not_overlap_the_network(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`serviceCidr` must overlap neither the CIDR of the network nor 172.30.0.0/16, the WAN of the local
    site."""
    if not isinstance(cluster, LocalClusterConfig):
        return
    network = mesh.networks[cluster.network].cidr
    for taken, owner in ((network, f"network {cluster.network}"), (LAB_WAN, "the WAN of the local site")):
        if cluster.service_cidr.overlaps(taken):
            yield Problem(
                f"clusters.{name}.serviceCidr",
                str(cluster.service_cidr),
                f"this CIDR overlaps {taken} of {owner}",
                "Choose a CIDR that nothing else uses, for example 10.96.0.0/16.",
            )


@cluster_rule
def service_cidrs_have_a_valid_size(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`serviceCidr` must be a /12 to /24, as kube-apiserver requires."""
    if isinstance(cluster, LocalClusterConfig) and not 12 <= cluster.service_cidr.prefixlen <= 24:
        yield Problem(
            f"clusters.{name}.serviceCidr",
            str(cluster.service_cidr),
            "Kubernetes does not accept a Service CIDR of this size",
            "Choose a /12 to /24, for example 10.96.0.0/16.",
        )


def _local_clusters(mesh: MeshConfig, network: str) -> dict[str, LocalClusterConfig]:
    """The local clusters of a network, sorted by name."""
    return {
        name: cluster
        for name, cluster in sorted(mesh.clusters.items())
        if isinstance(cluster, LocalClusterConfig) and cluster.network == network
    }


def _pod_cidr(cluster: ClusterConfig) -> IPv4Network | None:
    return cluster.pod_cidr if isinstance(cluster, LocalClusterConfig) else None
