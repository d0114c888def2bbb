"""Rules on the ranges of clusters in a cloud, and on those that are let in."""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network
from itertools import combinations

from model.checks.addresses import UNUSABLE
from model.checks.registry import cluster_rule, readable, rule, single_cluster_rule
from model.clouds.cidrs import spare_cidrs
from model.clouds.google import CONTROL_PLANE_PREFIX, SERVICE_PREFIXES, gke_cidrs, nodes_cidr
from model.clouds.registry import GOOGLE
from model.config.base import UnreadableError
from model.config.clusters import CloudClusterConfig, ClusterConfig, EksClusterConfig, GkeClusterConfig
from model.config.mesh import MeshConfig
from model.config.networks import CloudNetworkConfig, ExternalNetworkConfig, GcpNetworkConfig
from model.derive.api_access import PRIVATE, is_private
from model.reading.problems import Problem

SERVICES_OF_EKS = PRIVATE[:3]
"""Where EKS takes a range of Services from (EKS API, `serviceIpv4Cidr`)."""

WIDEST = 8
"""The largest range that may be admitted."""

_KEYS = {"pods": "podCidr", "services": "serviceCidr", "control_plane": "controlPlaneCidr"}
_WANTED = {"pods": 18, "services": 20, "control_plane": CONTROL_PLANE_PREFIX}
"""Sizes of the ranges that are suggested."""

Ranges = dict[str, IPv4Network]


@rule
def one_cluster_of_a_gcp_network_leaves_its_ranges_out(mesh: MeshConfig) -> Iterator[Problem]:
    """Only one GKE cluster of a network leaves out the range of its pods, Services or control plane."""
    for network, members in _gke_clusters(mesh).items():
        for part, key in _KEYS.items():
            silent = sorted(name for name, cluster in members.items() if _configured(cluster, part) is None)
            for name in silent[1:]:
                free = _free(mesh, network, _WANTED[part])
                yield Problem(
                    f"clusters.{name}.{key}",
                    "",
                    f"{silent[0]} of network {network} leaves it out too, and only one cluster may",
                    f"Leave it out where the cluster exists already; elsewhere write {key}: {free or '…'}.",
                )


@rule
def gke_ranges_are_inside_their_network(mesh: MeshConfig) -> Iterator[Problem]:
    """The ranges that a GKE cluster names are in its network's range."""
    for network, members in _gke_clusters(mesh).items():
        cidr = mesh.networks[network].cidr
        for name, cluster in sorted(members.items()):
            for part, key in _KEYS.items():
                given = _configured(cluster, part)
                if given is not None and not given.subnet_of(cidr):
                    free = _free(mesh, network, _WANTED[part])
                    yield Problem(
                        f"clusters.{name}.{key}",
                        str(given),
                        f"this range is outside {cidr} of network {network}",
                        f"Choose one like {free}." if free else "Give the network a larger range.",
                    )


@rule
def gke_ranges_are_apart(mesh: MeshConfig) -> Iterator[Problem]:
    """Ranges of pods, Services, control planes and nodes of a network have no address in common."""
    for network, members in _gke_clusters(mesh).items():
        cidr = mesh.networks[network].cidr
        parts = [
            (f"clusters.{name}.{_KEYS[part]}", range_, _configured(cluster, part) is not None)
            for name, cluster in sorted(members.items())
            for part, range_ in _ranges(cidr, cluster).items()
        ]
        for path, range_, given in parts:
            if given and range_.overlaps(nodes_cidr(cidr)):
                yield _overlap(path, range_, f"{nodes_cidr(cidr)}, where nodes and machines are")
        for (first, one, one_given), (second, other, other_given) in combinations(parts, 2):
            if one.overlaps(other) and (one_given or other_given):
                path, range_, there = (second, other, one) if other_given else (first, one, other)
                owner = (first if other_given else second).removeprefix("clusters.")
                yield _overlap(path, range_, f"{there} of {owner}")


@single_cluster_rule
def gke_control_planes_have_their_size(mesh: MeshConfig) -> Iterator[Problem]:
    """GKE gives a control plane a /28, neither more nor less; its Services have a /16 to /27."""
    for members in _gke_clusters(mesh).values():
        for name, cluster in sorted(members.items()):
            control_plane, services = cluster.control_plane_cidr, cluster.service_cidr
            if control_plane is not None and control_plane.prefixlen != CONTROL_PLANE_PREFIX:
                yield Problem(
                    f"clusters.{name}.controlPlaneCidr",
                    str(control_plane),
                    "GKE takes a /28 for a control plane",
                    f"Write {control_plane.network_address}/{CONTROL_PLANE_PREFIX}.",
                )
            if services is not None and not SERVICE_PREFIXES[0] <= services.prefixlen <= SERVICE_PREFIXES[1]:
                yield Problem(
                    f"clusters.{name}.serviceCidr",
                    str(services),
                    "GKE takes no Service range of this size",
                    "Choose a /16 to /27, inside the network's range.",
                )


@cluster_rule
def eks_services_are_apart_from_every_network(
    mesh: MeshConfig, name: str, cluster: ClusterConfig
) -> Iterator[Problem]:
    """The Services of an EKS cluster have a private /12 to /24 that is no network's of the mesh."""
    if not isinstance(cluster, EksClusterConfig):
        return
    path, services = f"clusters.{name}.serviceCidr", cluster.service_cidr
    if not 12 <= services.prefixlen <= 24 or not any(services.subnet_of(p) for p in SERVICES_OF_EKS):
        yield Problem(
            path,
            str(services),
            "EKS takes a private range of the size /12 to /24",
            "Choose one like 172.20.0.0/16.",
        )
    for key, network in sorted(mesh.networks.items()):
        if services.overlaps(network.cidr):
            yield Problem(
                path,
                str(services),
                f"this range overlaps {network.cidr} of network {key}",
                "Choose a range that is used for nothing else, for example 172.20.0.0/16.",
            )


@rule
def admitted_ranges_are_narrow(mesh: MeshConfig) -> Iterator[Problem]:
    """No range that is let in is as wide as the Internet: a /8 at most."""
    for path, cidr in _admitted(mesh):
        if cidr.prefixlen < WIDEST:
            yield Problem(
                path,
                str(cidr),
                "this range lets nearly everybody in",
                "Write the addresses that you really come from, for example 198.51.100.7/32.",
            )


@rule
def admitted_ranges_are_public(mesh: MeshConfig) -> Iterator[Problem]:
    """Ranges that are let in from the Internet are public addresses: no other arrives there."""
    if all(not isinstance(c, CloudClusterConfig) or c.endpoint == "private" for c in mesh.clusters.values()):
        return
    for path, cidr in _admitted(mesh):
        unusable = next((why for taken, why in UNUSABLE.items() if cidr.overlaps(taken)), None)
        if is_private(cidr):
            yield Problem(
                path,
                str(cidr),
                "traffic of a private range never arrives at a public address",
                "Write the public addresses behind which it leaves.",
            )
        elif unusable is not None and cidr.prefixlen >= WIDEST:
            yield Problem(
                path,
                str(cidr),
                f"this range holds {unusable}, and no traffic comes from it",
                "Write the public addresses that you really come from, for example 198.51.100.7/32.",
            )


@cluster_rule
def private_endpoints_admit_private_ranges(
    mesh: MeshConfig, name: str, cluster: ClusterConfig
) -> Iterator[Problem]:
    """A private API server is asked to admit private ranges only: no others arrive, and GKE takes none."""
    if not isinstance(cluster, CloudClusterConfig) or cluster.endpoint != "private":
        return
    for index, cidr in enumerate(cluster.authorized_networks):
        if not is_private(cidr):
            yield Problem(
                f"clusters.{name}.authorizedNetworks.{index}",
                str(cidr),
                "the API server is private, and nobody reaches it from a public address",
                "Write the private addresses behind your connection, or set `endpoint: restricted`.",
            )


def _overlap(path: str, range_: IPv4Network, other: str) -> Problem:
    return Problem(path, str(range_), f"this range overlaps {other}", "Choose another one.")


def _admitted(mesh: MeshConfig) -> Iterator[tuple[str, IPv4Network]]:
    """Path and value of each CIDR that may reach a cloud's clusters, as far as they can be read."""
    with suppress(UnreadableError):
        yield from ((f"operators.cidrs.{index}", cidr) for index, cidr in enumerate(mesh.operators.cidrs))
    clusters = readable(
        mesh.clusters,
        lambda cluster: (
            cluster.authorized_networks
            if isinstance(cluster, CloudClusterConfig) and cluster.endpoint == "restricted"
            else ()
        ),
    )
    for name, cidrs in clusters.items():
        yield from ((f"clusters.{name}.authorizedNetworks.{index}", cidr) for index, cidr in enumerate(cidrs))
    networks = readable(
        mesh.networks,
        lambda network: (
            network.egress if isinstance(network, CloudNetworkConfig | ExternalNetworkConfig) else ()
        ),
    )
    for name, cidrs in networks.items():
        yield from ((f"networks.{name}.egress.{index}", cidr) for index, cidr in enumerate(cidrs))


def _gke_clusters(mesh: MeshConfig) -> dict[str, dict[str, GkeClusterConfig]]:
    """The GKE clusters of each gcp network with room for one."""
    found: dict[str, dict[str, GkeClusterConfig]] = {}
    for name, cluster in mesh.clusters.items():
        network = mesh.networks.get(cluster.network)
        smallest = GOOGLE.sizes.smallest_with_cluster
        fits = isinstance(network, GcpNetworkConfig) and network.cidr.prefixlen <= smallest
        if isinstance(cluster, GkeClusterConfig) and fits:
            found.setdefault(cluster.network, {})[name] = cluster
    return dict(sorted(found.items()))


def _configured(cluster: GkeClusterConfig, part: str) -> IPv4Network | None:
    return {
        "pods": cluster.pod_cidr,
        "services": cluster.service_cidr,
        "control_plane": cluster.control_plane_cidr,
    }[part]


def _ranges(cidr: IPv4Network, cluster: GkeClusterConfig) -> Ranges:
    ranges = gke_cidrs(cidr, cluster)
    return {"pods": ranges.pods, "services": ranges.services, "control_plane": ranges.control_plane}


def _free(mesh: MeshConfig, network: str, prefix: int) -> IPv4Network | None:
    """A range of `network` that no cluster has, of the size `prefix` or, failing that, smaller ones."""
    cidr = mesh.networks[network].cidr
    taken = [nodes_cidr(cidr)]
    for cluster in _gke_clusters(mesh)[network].values():
        taken += [range_ for range_ in _ranges(cidr, cluster).values() if range_.subnet_of(cidr)]
    for wanted in range(prefix, CONTROL_PLANE_PREFIX + 1):
        for block in spare_cidrs(cidr, taken):
            if block.prefixlen <= wanted:
                return next(block.subnets(new_prefix=wanted))
    return None
