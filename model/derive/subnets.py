"""Subnets of the clouds' networks, carved from their ranges.

What a subnet's range depends on is written into this module and into nothing else: on gcp the network's own
range, on aws that and the zone's letter. So adding a zone, a cluster or a network never moves what is there.

gcp, in sixteenths of the network's range: 0 nodes and machines; 1 Services and 8 to 15 pods of the one
cluster that names no ranges of its own; the first /28 of 2 its control plane; the rest is spare, for the
ranges that further clusters name. aws, in eighths: one for each letter of a zone, of which the first half is
the private subnet, the third quarter the public one, the last spare.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses

from model.config.clusters import GkeClusterConfig
from model.config.mesh import MeshConfig
from model.config.networks import AwsNetworkConfig, CloudNetworkConfig, GcpNetworkConfig
from model.derive.types import SubnetPlan

ZONE_LETTERS = "abcdefgh"

DEFAULT_AWS_ZONES = {"ap-northeast-1": "acd", "ca-central-1": "abd"}
"""The first three letters of regions that do not have a, b and c for every account."""

AWS_REGIONS_OF_FEW_ZONES = ("us-west-1",)
"""Regions of which each account has two zones, and not everybody the same."""

CONTROL_PLANE_PREFIX = 28
"""GKE's size of a control plane's range."""

GCP_LONGEST, AWS_LONGEST = 20, 20
"""The smallest networks with room for a cluster: /24 of nodes and Services, /21 of pods; /24 for each private
subnet."""

GCP_LONGEST_WITHOUT_CLUSTER, AWS_LONGEST_WITHOUT_CLUSTER = 24, 23
"""The smallest networks for machines alone: a /28 of GCE, a public /28 of AWS."""

AWS_LARGEST = 16
"""The largest VPC (VPC User Guide, "VPC CIDR blocks")."""


@dataclass(frozen=True)
class GkeRanges:
    """The ranges of one GKE cluster."""

    pods: IPv4Network
    services: IPv4Network
    control_plane: IPv4Network


def zones_of(network: CloudNetworkConfig) -> tuple[str, ...]:
    """The zones of a network, sorted; on aws three of the region where none is named, on gcp () then."""
    if network.zones:
        return tuple(sorted(set(network.zones)))
    if isinstance(network, GcpNetworkConfig):
        return ()
    letters = DEFAULT_AWS_ZONES.get(network.region, ZONE_LETTERS[:3])
    return tuple(f"{network.region}{letter}" for letter in letters)


def plan_subnets(mesh: MeshConfig, name: str) -> tuple[SubnetPlan, ...]:
    """The subnets of network `name`, sorted by key; () where it is none of a cloud's."""
    network = mesh.networks[name]
    if isinstance(network, GcpNetworkConfig):
        clusters = {
            key: cluster
            for key, cluster in sorted(mesh.clusters.items())
            if isinstance(cluster, GkeClusterConfig) and cluster.network == name
        }
        return (_gcp_subnet(network.cidr, clusters),)
    if isinstance(network, AwsNetworkConfig):
        return tuple(sorted(_aws_subnets(network), key=lambda subnet: subnet.key))
    return ()


def nodes_range(cidr: IPv4Network) -> IPv4Network:
    """The range of nodes and machines in a gcp network."""
    return _part(cidr, 4, 0)


def gke_ranges(cidr: IPv4Network, cluster: GkeClusterConfig) -> GkeRanges | None:
    """The ranges of a cluster in the gcp network `cidr`; None where the network is too small for them."""
    if cidr.prefixlen > GCP_LONGEST:
        return None
    control_plane = next(_part(cidr, 4, 2).subnets(new_prefix=CONTROL_PLANE_PREFIX))
    return GkeRanges(
        pods=cluster.pod_cidr or _part(cidr, 1, 1),
        services=cluster.service_cidr or _part(cidr, 4, 1),
        control_plane=cluster.control_plane_cidr or control_plane,
    )


def zone_ranges(cidr: IPv4Network, letter: str) -> tuple[IPv4Network, IPv4Network, IPv4Network]:
    """Private, public and spare range of the zone with `letter` in the aws network `cidr`."""
    zone = _part(cidr, 3, ZONE_LETTERS.index(letter))
    return _part(zone, 1, 0), _part(zone, 2, 2), _part(zone, 2, 3)


def spare_ranges(cidr: IPv4Network, taken: Sequence[IPv4Network]) -> list[IPv4Network]:
    """What of `cidr` nobody has taken, in as few ranges as possible: with `taken` it is `cidr`, no gap."""
    free = [cidr]
    for used in taken:
        free = [rest for block in free for rest in _without(block, used)]
    return sorted(collapse_addresses(free))


def _without(block: IPv4Network, used: IPv4Network) -> list[IPv4Network]:
    if not block.overlaps(used):
        return [block]
    return [] if block.subnet_of(used) else list(block.address_exclude(used))


def _gcp_subnet(cidr: IPv4Network, clusters: dict[str, GkeClusterConfig]) -> SubnetPlan:
    secondary: list[tuple[str, str]] = []
    for name, cluster in clusters.items():
        ranges = gke_ranges(cidr, cluster)
        if ranges is not None:
            secondary += [(f"pods-{name}", str(ranges.pods)), (f"services-{name}", str(ranges.services))]
    return SubnetPlan(key="nodes", cidr=str(nodes_range(cidr)), secondary=tuple(sorted(secondary)))


def _aws_subnets(network: AwsNetworkConfig) -> list[SubnetPlan]:
    found: list[SubnetPlan] = []
    for zone in zones_of(network):
        private, public, _ = zone_ranges(network.cidr, zone[-1])
        found.append(SubnetPlan(key=f"private-{zone[-1]}", cidr=str(private), zone=zone))
        found.append(SubnetPlan(key=f"public-{zone[-1]}", cidr=str(public), zone=zone, public=True))
    return found


def _part(cidr: IPv4Network, bits: int, index: int) -> IPv4Network:
    """Part `index` of the 2^`bits` equal parts of `cidr`. Raises ValueError where it has fewer addresses."""
    prefix = cidr.prefixlen + bits
    size = 1 << (32 - prefix)
    return IPv4Network((int(cidr.network_address) + index * size, prefix))
