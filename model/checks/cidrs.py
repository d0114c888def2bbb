"""Rules on the CIDRs of clusters in a cloud, and on those that may reach them."""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network
from itertools import combinations

from hybrid_mesh.model.checks.addresses import UNUSABLE
from hybrid_mesh.model.checks.registry import cluster_rule, readable, rule
from hybrid_mesh.model.clouds.cidrs import spare_cidrs
from hybrid_mesh.model.clouds.google import (
    BRIDGE_OF_NODES,
    CLASS_E,
    CONTROL_PLANE_PREFIX,
    SERVICE_PREFIXES,
    gke_cidrs,
    nodes_cidr,
)
from hybrid_mesh.model.clouds.registry import GOOGLE
from hybrid_mesh.model.config.base import UnreadableError
from hybrid_mesh.model.config.clusters import (
    CloudClusterConfig,
    ClusterConfig,
    EksClusterConfig,
    GkeClusterConfig,
)
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import CloudNetworkConfig, ExternalNetworkConfig, GcpNetworkConfig
from hybrid_mesh.model.derive.api_access import PRIVATE, is_private
from hybrid_mesh.model.reading.problems import Problem, Problems

SERVICES_OF_EKS = PRIVATE[:3]
"""Blocks in which EKS allows the CIDR of Services (EKS API, `serviceIpv4Cidr`)."""

WIDEST = 8
"""Prefix length of the largest CIDR that may be allowed."""

_KEYS = {"pods": "podCidr", "services": "serviceCidr", "control_plane": "controlPlaneCidr"}
_WANTED = {"pods": 18, "services": 20, "control_plane": CONTROL_PLANE_PREFIX}
"""Prefix lengths of suggested CIDRs."""

Ranges = dict[str, IPv4Network]


@rule
def one_gke_cluster_has_the_default_cidrs(mesh: MeshConfig) -> Problems:
    """Only one GKE cluster of a network may omit `podCidr`, `serviceCidr` or `controlPlaneCidr`."""
    for network, members in _gke_clusters(mesh).items():
        for part, key in _KEYS.items():
            unset = sorted(name for name, cluster in members.items() if _configured(cluster, part) is None)
            for name in unset[1:]:
                free = _free(mesh, network, _WANTED[part]) or "…"
                yield Problem(
                    f"clusters.{name}.{key}",
                    "",
                    f"required: network {network} already has a cluster ({unset[0]}) with the default {key}",
                    f"Set `{key}: {free}` here, or in {unset[0]} if {name} is the one that exists already.",
                )


@rule
def gke_cidrs_are_inside_their_network(mesh: MeshConfig) -> Problems:
    """`podCidr`, `serviceCidr` and `controlPlaneCidr` must be inside the CIDR of the network. `podCidr` may
    be in 240.0.0.0/4 (class E) instead, without 255.255.255.255."""
    for network, members in _gke_clusters(mesh).items():
        cidr = mesh.networks[network].cidrs[0]
        for name, cluster in sorted(members.items()):
            for part, key in _KEYS.items():
                given = _configured(cluster, part)
                if (
                    given is not None
                    and not given.subnet_of(cidr)
                    and not (part == "pods" and _is_class_e(given))
                ):
                    free = _free(mesh, network, _WANTED[part])
                    yield Problem(
                        f"clusters.{name}.{key}",
                        str(given),
                        f"this CIDR is outside {cidr} of network {network}",
                        f"Choose one like {free}." if free else "Give the network a larger CIDR.",
                    )


@rule
def gke_cidrs_do_not_overlap(mesh: MeshConfig) -> Problems:
    """The CIDRs of pods, Services, control planes and nodes of a network must not overlap."""
    for network, members in _gke_clusters(mesh).items():
        cidr = mesh.networks[network].cidrs[0]
        parts = [
            (f"clusters.{name}.{_KEYS[part]}", range_, _configured(cluster, part) is not None)
            for name, cluster in sorted(members.items())
            for part, range_ in _ranges(cidr, cluster).items()
        ]
        for path, range_, given in parts:
            if given and range_.overlaps(nodes_cidr(cidr)):
                yield _overlap(path, range_, f"{nodes_cidr(cidr)} of nodes and VMs")
        for (first, one, one_given), (second, other, other_given) in combinations(parts, 2):
            if one.overlaps(other) and (one_given or other_given):
                path, range_, there = (second, other, one) if other_given else (first, one, other)
                owner = (first if other_given else second).removeprefix("clusters.")
                yield _overlap(path, range_, f"{there} of {owner}")


@cluster_rule
def gke_cidrs_have_a_valid_size(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`controlPlaneCidr` must be a /28, and `serviceCidr` a /16 to /27."""
    if not isinstance(cluster, GkeClusterConfig):
        return
    control_plane, services = cluster.control_plane_cidr, cluster.service_cidr
    if control_plane is not None and control_plane.prefixlen != CONTROL_PLANE_PREFIX:
        yield Problem(
            f"clusters.{name}.controlPlaneCidr",
            str(control_plane),
            f"GKE requires a /{CONTROL_PLANE_PREFIX} for a control plane",
            f"Write {control_plane.network_address}/{CONTROL_PLANE_PREFIX}.",
        )
    largest, smallest = SERVICE_PREFIXES
    if services is not None and not largest <= services.prefixlen <= smallest:
        yield Problem(
            f"clusters.{name}.serviceCidr",
            str(services),
            f"GKE requires a CIDR from /{largest} to /{smallest} for Services",
            f"Choose a /{largest} to /{smallest} inside the network's CIDR.",
        )


@rule
def gke_cidrs_avoid_the_bridge_of_nodes(mesh: MeshConfig) -> Problems:
    """The CIDRs of nodes, pods, Services and control planes must not overlap 172.17.0.0/16, which GKE nodes
    use themselves."""
    for network, members in _gke_clusters(mesh).items():
        cidr = mesh.networks[network].cidrs[0]
        parts = [(f"networks.{network}.cidr", nodes_cidr(cidr))]
        for name, cluster in sorted(members.items()):
            for part, range_ in _ranges(cidr, cluster).items():
                given = _configured(cluster, part) is not None
                parts.append(
                    (f"clusters.{name}.{_KEYS[part]}" if given else f"networks.{network}.cidr", range_)
                )
        refused = {path: range_ for path, range_ in parts if range_.overlaps(BRIDGE_OF_NODES)}
        for path, range_ in refused.items():
            value = cidr if path.startswith("networks.") else range_
            yield Problem(
                path,
                str(value),
                f"{range_} of the cluster overlaps {BRIDGE_OF_NODES}, which GKE nodes use themselves",
                "Choose a CIDR outside 172.17.0.0/16, for example 10.10.0.0/16.",
            )


@cluster_rule
def eks_service_cidrs_do_not_overlap_networks(
    mesh: MeshConfig, name: str, cluster: ClusterConfig
) -> Problems:
    """`serviceCidr` must be a private /12 to /24 that overlaps no network of the mesh."""
    if not isinstance(cluster, EksClusterConfig):
        return
    path, services = f"clusters.{name}.serviceCidr", cluster.service_cidr
    if not 12 <= services.prefixlen <= 24 or not any(services.subnet_of(p) for p in SERVICES_OF_EKS):
        yield Problem(
            path,
            str(services),
            "EKS requires a private CIDR from /12 to /24",
            "Choose one like 172.20.0.0/16.",
        )
    for key, network in sorted(mesh.networks.items()):
        for cidr in network.cidrs:
            if services.overlaps(cidr):
                yield Problem(
                    path,
                    str(services),
                    f"this CIDR overlaps {cidr} of network {key}",
                    "Choose an unused CIDR, for example 172.20.0.0/16.",
                )


@rule
def allowed_cidrs_are_narrow(mesh: MeshConfig) -> Problems:
    """Allowed CIDRs (`operators.cidrs`, `authorizedNetworks`, `egress`) must be a /8 or smaller."""
    for path, cidr in _allowed_cidrs(mesh):
        if cidr.prefixlen < WIDEST:
            yield Problem(
                path,
                str(cidr),
                f"this CIDR allows much of the Internet; a /{WIDEST} is the largest that is accepted",
                "Write the addresses that you call from, for example 198.51.100.7/32.",
            )


@rule
def allowed_cidrs_are_public(mesh: MeshConfig) -> Problems:
    """CIDRs that may reach a public endpoint must be public, as traffic from private addresses never
    arrives there."""
    if all(not isinstance(c, CloudClusterConfig) or c.private for c in mesh.clusters.values()):
        return
    for path, cidr in _allowed_cidrs(mesh):
        unusable = next((why for taken, why in UNUSABLE.items() if cidr.overlaps(taken)), None)
        if is_private(cidr):
            yield Problem(
                path,
                str(cidr),
                "traffic from private addresses never arrives at a public endpoint",
                "Write the public addresses of the NAT that it passes.",
            )
        elif unusable is not None and cidr.prefixlen >= WIDEST:
            yield Problem(
                path,
                str(cidr),
                f"this CIDR contains {unusable}, from which no traffic comes",
                "Write the public addresses that you call from, for example 198.51.100.7/32.",
            )


@cluster_rule
def private_endpoints_allow_private_cidrs(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """With `endpoint: private` or `dns`, `authorizedNetworks` must be private CIDRs."""
    if not isinstance(cluster, CloudClusterConfig) or not cluster.private:
        return
    for index, cidr in enumerate(cluster.authorized_networks):
        if not is_private(cidr):
            yield Problem(
                f"clusters.{name}.authorizedNetworks.{index}",
                str(cidr),
                "the API server is private and cannot be reached from public addresses",
                "Write the private addresses of your connection, or set `endpoint: restricted`.",
            )


def _is_class_e(cidr: IPv4Network) -> bool:
    return cidr.subnet_of(CLASS_E) and cidr.broadcast_address != CLASS_E.broadcast_address


def _overlap(path: str, range_: IPv4Network, other: str) -> Problem:
    return Problem(path, str(range_), f"this CIDR overlaps {other}", "Choose another one.")


def _allowed_cidrs(mesh: MeshConfig) -> Iterator[tuple[str, IPv4Network]]:
    """Path and value of each readable CIDR that may reach clusters in a cloud."""
    with suppress(UnreadableError):
        yield from ((f"operators.cidrs.{index}", cidr) for index, cidr in enumerate(mesh.operators.cidrs))
    clusters = readable(
        mesh.clusters,
        lambda cluster: (
            cluster.authorized_networks
            if isinstance(cluster, CloudClusterConfig) and not cluster.private
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
    """An unused CIDR of `network` with the prefix length `prefix` or, failing that, the next longer one."""
    cidr = mesh.networks[network].cidrs[0]
    taken = [nodes_cidr(cidr)]
    for cluster in _gke_clusters(mesh)[network].values():
        taken += [range_ for range_ in _ranges(cidr, cluster).values() if range_.subnet_of(cidr)]
    for wanted in range(prefix, CONTROL_PLANE_PREFIX + 1):
        for block in spare_cidrs(cidr, taken):
            if block.prefixlen <= wanted:
                return next(block.subnets(new_prefix=wanted))
    return None
