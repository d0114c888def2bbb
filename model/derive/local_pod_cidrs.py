"""Pod ranges of the local clusters, carved from their networks.

The rule: a local network is cut into /20s. The first is the LAN's (nodes and machines), the second belongs
to the one
cluster of the network that names no `podCidr`; every other cluster of the network names its own. So the
range of a
cluster depends on nothing but its own entry, and adding, renaming or removing another never moves it.
"""

from ipaddress import IPv4Network

from hybrid_mesh.model.config.clusters import ClusterConfig, LocalClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig

RANGE_PREFIX = 20


def pod_ranges(mesh: MeshConfig) -> dict[str, IPv4Network]:
    """The pod range of every local cluster whose network has one to give, by cluster name."""
    ranges = {name: pod_range(mesh, cluster) for name, cluster in mesh.clusters.items()}
    return {name: cidr for name, cidr in ranges.items() if cidr is not None}


def pod_range(mesh: MeshConfig, cluster: ClusterConfig) -> IPv4Network | None:
    """The pod range of a local cluster; None for other clusters, and where the network has none to give."""
    if not isinstance(cluster, LocalClusterConfig):
        return None
    carved = carve(mesh.networks[cluster.network].cidr)
    return cluster.pod_cidr or (carved[0] if carved else None)


def carve(cidr: IPv4Network) -> list[IPv4Network]:
    """The /20s of a network that pods may have: all but the first, which is the LAN's. Empty below a /19."""
    if cidr.prefixlen >= RANGE_PREFIX:
        return []
    return list(cidr.subnets(new_prefix=RANGE_PREFIX))[1:]


def lan(cidr: IPv4Network) -> IPv4Network:
    """The part of a local network that nodes and machines have."""
    return cidr if cidr.prefixlen >= RANGE_PREFIX else next(cidr.subnets(new_prefix=RANGE_PREFIX))


def free_range(cidr: IPv4Network, taken: list[IPv4Network]) -> IPv4Network | None:
    """The first /20 of a network after the second that nobody has taken: what a further cluster may be
    given."""
    return next((r for r in carve(cidr)[1:] if not any(r.overlaps(other) for other in taken)), None)
