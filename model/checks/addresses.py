"""Rules on CIDRs of networks, pods and Services."""

from contextlib import suppress
from ipaddress import IPv4Network
from itertools import combinations

from hybrid_mesh.model.checks.registry import cluster_rule, network_rule, readable, rule
from hybrid_mesh.model.config.base import UnreadableError
from hybrid_mesh.model.config.clusters import ClusterConfig, LocalClusterConfig
from hybrid_mesh.model.config.machines import LocalMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import ExternalNetworkConfig, LocalNetworkConfig, NetworkConfig
from hybrid_mesh.model.derive.local_pod_cidrs import (
    carve,
    free_range,
    lan,
    local_cidr,
    pod_ranges_in,
)
from hybrid_mesh.model.reading.problems import Problem, Problems

LAB_WAN = IPv4Network("172.30.0.0/16")
"""The WAN between the networks of the lab."""

CLASS_E = "class E addresses, which only networks of type external may have"

UNUSABLE = {
    IPv4Network("0.0.0.0/8"): "addresses of this host",
    IPv4Network("127.0.0.0/8"): "loopback addresses",
    IPv4Network("169.254.0.0/16"): "link-local addresses and metadata servers",
    IPv4Network("224.0.0.0/4"): "multicast addresses",
    IPv4Network("240.0.0.0/4"): CLASS_E,
}

LOCAL_MACHINES_LIMIT = 150
"""Maximum number of local VMs: a LAN assigns them addresses whose last octet starts at 100."""


@network_rule
def networks_have_usable_cidrs(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """`cidr` must not contain loopback, link-local, multicast or other reserved addresses. Only a network of
    type `external` may be in 240.0.0.0/4 (class E), as pods of GKE are: in another one, nodes and VMs would
    have such addresses, too. GKE clusters that the program creates have `podCidr` for it."""
    for path, cidr in cidr_paths(name, network):
        for unusable, purpose in UNUSABLE.items():
            reserved = purpose == CLASS_E and isinstance(network, ExternalNetworkConfig)
            if cidr.overlaps(unusable) and not (reserved and cidr.subnet_of(unusable)):
                yield Problem(
                    path,
                    str(cidr),
                    f"this CIDR contains {purpose} ({unusable})",
                    "Choose a private CIDR, for example 10.10.0.0/16.",
                )


@network_rule
def cidrs_of_a_network_do_not_overlap(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """The CIDRs of a list must not overlap each other."""
    for (_, one), (path, other) in combinations(cidr_paths(name, network), 2):
        if one.overlaps(other):
            yield Problem(
                path, str(other), f"this CIDR overlaps {one} of the same list", "List each address once."
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
def local_networks_have_room_for_pods(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """The network must have an unused /20 for each local cluster that omits `podCidr`."""
    if not isinstance(network, LocalNetworkConfig) or not carve(network.cidr):
        return
    for key, pods in pod_ranges_in(mesh, name):
        if pods is None:
            yield Problem(
                f"clusters.{key}.podCidr",
                "",
                f"the clusters above this one use every /20 of {network.cidr} of network {name}",
                "Give the network a larger CIDR, or put the cluster into another network.",
            )


@cluster_rule
def pod_cidrs_are_inside_their_network(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`podCidr` must be inside the CIDR of the network, and outside the network's first /20, which nodes
    and VMs use."""
    if not isinstance(cluster, LocalClusterConfig) or cluster.pod_cidr is None:
        return
    pods, cidr = cluster.pod_cidr, local_cidr(mesh, cluster.network)
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
    given = readable(
        mesh.clusters,
        lambda cluster: (
            cluster.pod_cidr if isinstance(cluster, LocalClusterConfig) and cluster.network == name else None
        ),
    )
    ranges = {key: cidr for key, cidr in given.items() if cidr is not None}
    with suppress(UnreadableError):
        for key, pods in pod_ranges_in(mesh, name):
            ranges |= {key: pods} if pods else {}
    for first, second in combinations(sorted(ranges), 2):
        if not ranges[first].overlaps(ranges[second]):
            continue
        wrong, other = (second, first) if given.get(second) else (first, second)
        free = free_range(network.cidrs[0], ranges.values())
        yield Problem(
            f"clusters.{wrong}.podCidr",
            str(ranges[wrong]),
            f"this CIDR overlaps {ranges[other]}, the pods of cluster {other}",
            f"Choose another one, for example {free}." if free else "Give the network a larger CIDR.",
        )


@cluster_rule
def service_cidrs_do_not_overlap_the_network(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`serviceCidr` must overlap neither the CIDR of the network nor 172.30.0.0/16, the WAN of the local
    site."""
    if not isinstance(cluster, LocalClusterConfig):
        return
    network = local_cidr(mesh, cluster.network)
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


def cidr_paths(name: str, network: NetworkConfig) -> list[tuple[str, IPv4Network]]:
    """Each CIDR of a network with the path of the value that holds it."""
    path, cidrs = f"networks.{name}.cidr", network.cidrs
    return [(f"{path}.{index}" if len(cidrs) > 1 else path, cidr) for index, cidr in enumerate(cidrs)]
