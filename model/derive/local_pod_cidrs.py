"""Pod CIDRs of the local clusters.

A local network is divided into /20s. The first is the LAN of nodes and VMs. The second belongs to the one
cluster of the network that sets no `podCidr`; every other cluster sets its own. A cluster's CIDR therefore
depends only on its own entry, and adding, renaming or removing another cluster never moves it.
"""

from ipaddress import IPv4Network

from hybrid_mesh.model.config.clusters import ClusterConfig, LocalClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig

RANGE_PREFIX = 20


def pod_ranges(mesh: MeshConfig) -> dict[str, IPv4Network]:
    """The pod CIDR of every local cluster, by cluster name. Clusters in networks without room are left
    out."""
    ranges = {name: pod_range(mesh, cluster) for name, cluster in mesh.clusters.items()}
    return {name: cidr for name, cidr in ranges.items() if cidr is not None}


def pod_range(mesh: MeshConfig, cluster: ClusterConfig) -> IPv4Network | None:
    """The pod CIDR of a local cluster; None for other clusters, and if the network has no room for one."""
    if not isinstance(cluster, LocalClusterConfig):
        return None
    carved = carve(mesh.networks[cluster.network].cidr)
    return cluster.pod_cidr or (carved[0] if carved else None)


def carve(cidr: IPv4Network) -> list[IPv4Network]:
    """The /20s of a network for pods: all but the first, which is the LAN. Empty if smaller than a /19."""
    if cidr.prefixlen >= RANGE_PREFIX:
        return []
    return list(cidr.subnets(new_prefix=RANGE_PREFIX))[1:]


def lan(cidr: IPv4Network) -> IPv4Network:
    """The part of a local network that nodes and VMs use."""
    return cidr if cidr.prefixlen >= RANGE_PREFIX else next(cidr.subnets(new_prefix=RANGE_PREFIX))


def free_range(cidr: IPv4Network, taken: list[IPv4Network]) -> IPv4Network | None:
    """The first unused /20 of a network after the second, for a further cluster."""
    return next((r for r in carve(cidr)[1:] if not any(r.overlaps(other) for other in taken)), None)
