"""Rules on ranges of addresses."""

from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from model.checks.registry import rule
from model.config.clusters import LocalClusterConfig
from model.config.machines import LocalMachinesConfig
from model.config.mesh import MeshConfig
from model.config.networks import LocalNetworkConfig
from model.derive.local_pod_cidrs import carve, free_range, lan, pod_ranges
from model.reading.problems import Problem

LAB_WAN = IPv4Network("172.30.0.0/16")
"""The lab's WAN, by which its networks meet."""

UNUSABLE = {
    IPv4Network("0.0.0.0/8"): "this host's own addresses",
    IPv4Network("127.0.0.0/8"): "the loopback",
    IPv4Network("169.254.0.0/16"): "link-local addresses and metadata servers",
    IPv4Network("224.0.0.0/3"): "multicast and reserved addresses",
}

LOCAL_MACHINES_LIMIT = 150
"""Machines that the lab has addresses for: a LAN gives them the last octets from 100 on."""


@rule
def networks_are_apart(mesh: MeshConfig) -> Iterator[Problem]:
    """No two networks have an address in common."""
    for (first, one), (second, other) in combinations(sorted(mesh.networks.items()), 2):
        if one.cidr.overlaps(other.cidr):
            yield Problem(
                f"networks.{second}.cidr",
                str(other.cidr),
                f"this range overlaps {one.cidr} of network {first}",
                "Give each network a range of its own.",
            )


@rule
def networks_have_usable_ranges(mesh: MeshConfig) -> Iterator[Problem]:
    """No network lies in a range that the Internet's standards keep for something else."""
    for name, network in mesh.networks.items():
        for unusable, purpose in UNUSABLE.items():
            if network.cidr.overlaps(unusable):
                yield Problem(
                    f"networks.{name}.cidr",
                    str(network.cidr),
                    f"this range holds {purpose} ({unusable})",
                    "Choose a private range, for example 10.10.0.0/16.",
                )


@rule
def local_networks_leave_the_wan_alone(mesh: MeshConfig) -> Iterator[Problem]:
    """A local network does not overlap the lab's WAN."""
    for name, network in mesh.networks.items():
        if isinstance(network, LocalNetworkConfig) and network.cidr.overlaps(LAB_WAN):
            yield Problem(
                f"networks.{name}.cidr",
                str(network.cidr),
                f"this range overlaps {LAB_WAN}, the WAN of the local site",
                "Choose another range, for example 10.10.0.0/16.",
            )


@rule
def local_networks_are_large_enough(mesh: MeshConfig) -> Iterator[Problem]:
    """A local network has room for its LAN and, where it has clusters, for their pods."""
    for name, network in mesh.networks.items():
        if not isinstance(network, LocalNetworkConfig):
            continue
        has_clusters = any(cluster.network == name for cluster in mesh.clusters.values())
        longest = 19 if has_clusters else 24
        if network.cidr.prefixlen > longest:
            members = "nodes, machines and pods" if has_clusters else "machines"
            yield Problem(
                f"networks.{name}.cidr",
                str(network.cidr),
                f"this range is too small for {members}",
                f"Give the network a /{longest} or larger; a /16 has room for 15 clusters.",
            )


@rule
def local_machines_fit_the_lab(mesh: MeshConfig) -> Iterator[Problem]:
    """The lab has addresses for every local machine."""
    total = 0
    for name, group in sorted(mesh.workload_groups.items()):
        if not isinstance(group.machines, LocalMachinesConfig):
            continue
        total += group.machines.count
        if total > LOCAL_MACHINES_LIMIT:
            yield Problem(
                f"workloadGroups.{name}.machines.count",
                str(group.machines.count),
                f"the local site would have {total} machines with these",
                f"Keep the sum of all local groups at {LOCAL_MACHINES_LIMIT} or below.",
            )


@rule
def one_cluster_of_a_network_leaves_its_pod_range_out(mesh: MeshConfig) -> Iterator[Problem]:
    """Only one local cluster of a network leaves its pod range out.

    `model.derive.local_pod_cidrs` says why.
    """
    for network, members in _local_clusters(mesh).items():
        silent = sorted(name for name, cluster in members.items() if cluster.pod_cidr is None)
        cidr = mesh.networks[network].cidr
        taken = [cluster.pod_cidr for cluster in members.values() if cluster.pod_cidr is not None]
        for name in silent[1:]:
            free = free_range(cidr, taken)
            taken += [free] if free else []
            others = " and ".join(other for other in silent if other != name)
            yield Problem(
                f"clusters.{name}.podCidr",
                "",
                f"{others} of network {network} leaves it out too, and only one cluster of a network may",
                f"Leave it out where the cluster exists already; at the other, write podCidr: {free or '…'}.",
            )


@rule
def pod_ranges_are_inside_their_network(mesh: MeshConfig) -> Iterator[Problem]:
    """A pod range lies in its network's range, beside the LAN."""
    for network, members in _local_clusters(mesh).items():
        cidr = mesh.networks[network].cidr
        for name, cluster in sorted(members.items()):
            pods = cluster.pod_cidr
            if pods is None or (pods.subnet_of(cidr) and not pods.overlaps(lan(cidr))):
                continue
            place = f"outside {cidr} of network {network}"
            reason = f"in {lan(cidr)}, where nodes and machines are" if pods.subnet_of(cidr) else place
            suggestion = next(iter(carve(cidr)), None)
            yield Problem(
                f"clusters.{name}.podCidr",
                str(pods),
                f"this range is {reason}",
                f"Choose one like {suggestion}." if suggestion else "Give the network a larger range.",
            )


@rule
def pod_ranges_are_apart(mesh: MeshConfig) -> Iterator[Problem]:
    """No two clusters of a network have pod addresses in common."""
    ranges = pod_ranges(mesh)
    for network, members in _local_clusters(mesh).items():
        known = sorted(name for name in members if name in ranges)
        for first, second in combinations(known, 2):
            both_carved = members[first].pod_cidr is None and members[second].pod_cidr is None
            if both_carved or not ranges[first].overlaps(ranges[second]):
                continue
            told, other = (second, first) if members[second].pod_cidr is not None else (first, second)
            free = free_range(mesh.networks[network].cidr, list(ranges.values()))
            yield Problem(
                f"clusters.{told}.podCidr",
                str(ranges[told]),
                f"this range overlaps {ranges[other]}, the pods of cluster {other}",
                f"Choose another one, for example {free}." if free else "Give the network a larger range.",
            )


@rule
def service_ranges_are_apart_from_the_network(mesh: MeshConfig) -> Iterator[Problem]:
    """A cluster's Service addresses are none of its own network's, nor of the lab's WAN."""
    for name, cluster in sorted(mesh.clusters.items()):
        if not isinstance(cluster, LocalClusterConfig) or cluster.network not in mesh.networks:
            continue
        network = mesh.networks[cluster.network].cidr
        for taken, owner in ((network, f"network {cluster.network}"), (LAB_WAN, "the local site's WAN")):
            if cluster.service_cidr.overlaps(taken):
                yield Problem(
                    f"clusters.{name}.serviceCidr",
                    str(cluster.service_cidr),
                    f"this range overlaps {taken} of {owner}",
                    "Choose a range that is used for nothing else, for example 10.96.0.0/16.",
                )


@rule
def service_ranges_have_a_usable_size(mesh: MeshConfig) -> Iterator[Problem]:
    """A range of Service addresses is a /12 to /24: kube-apiserver takes none that is larger."""
    for name, cluster in sorted(mesh.clusters.items()):
        if isinstance(cluster, LocalClusterConfig) and not 12 <= cluster.service_cidr.prefixlen <= 24:
            yield Problem(
                f"clusters.{name}.serviceCidr",
                str(cluster.service_cidr),
                "Kubernetes takes no Service range of this size",
                "Choose a /12 to /24, for example 10.96.0.0/16.",
            )


def _local_clusters(mesh: MeshConfig) -> dict[str, dict[str, LocalClusterConfig]]:
    """The local clusters of each network that exists."""
    found: dict[str, dict[str, LocalClusterConfig]] = {}
    for name, cluster in mesh.clusters.items():
        if isinstance(cluster, LocalClusterConfig) and cluster.network in mesh.networks:
            found.setdefault(cluster.network, {})[name] = cluster
    return dict(sorted(found.items()))
