"""Pod CIDRs of the local clusters.

A local network is divided into /20s. The first is the LAN of nodes and VMs. Each cluster that sets no
`podCidr` gets the first of the others that no cluster before it in the file has. A cluster's CIDR therefore
depends only on the entries above its own: a cluster that is added below moves no other. A change that would
move one (another order, a cluster removed) is refused by `plugins.hybridmesh.foundation`.
"""

from collections.abc import Collection, Iterator
from ipaddress import IPv4Network

from hybrid_mesh.model.config.clusters import LocalClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig

RANGE_PREFIX = 20


def pod_ranges(mesh: MeshConfig) -> dict[str, IPv4Network]:
    """The pod CIDR of every local cluster, by cluster name. Clusters in networks without room are left
    out."""
    return {
        name: cidr
        for network in mesh.networks
        for name, cidr in pod_ranges_in(mesh, network)
        if cidr is not None
    }


def pod_ranges_in(mesh: MeshConfig, network: str) -> Iterator[tuple[str, IPv4Network | None]]:
    """Each local cluster of `network` with its pod CIDR, in the order of the file; None if the network has no
    room for one."""
    taken: list[IPv4Network] = []
    for name, cluster in mesh.clusters.items():
        if isinstance(cluster, LocalClusterConfig) and cluster.network == network:
            cidr = cluster.pod_cidr or free_range(local_cidr(mesh, network), taken)
            taken += [cidr] if cidr else []
            yield name, cidr


def local_cidr(mesh: MeshConfig, network: str) -> IPv4Network:
    """The CIDR of a local network."""
    return mesh.networks[network].cidrs[0]


def carve(cidr: IPv4Network) -> list[IPv4Network]:
    """The /20s of a network for pods: all but the first, which is the LAN. Empty if smaller than a /19."""
    if cidr.prefixlen >= RANGE_PREFIX:
        return []
    return list(cidr.subnets(new_prefix=RANGE_PREFIX))[1:]


def lan(cidr: IPv4Network) -> IPv4Network:
    """The part of a local network that nodes and VMs use."""
    return cidr if cidr.prefixlen >= RANGE_PREFIX else next(cidr.subnets(new_prefix=RANGE_PREFIX))


def free_range(cidr: IPv4Network, taken: Collection[IPv4Network]) -> IPv4Network | None:
    """The first /20 of a network for pods that overlaps none of `taken`."""
    return next((r for r in carve(cidr) if not any(r.overlaps(other) for other in taken)), None)
