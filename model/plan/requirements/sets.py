"""The nodes and VMs of a network in a cloud, as sets of equal machines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.networks import CloudNetworkConfig
from hybrid_mesh.model.plan.kinds import CloudClusterPlan
from hybrid_mesh.model.plan.requirements.types import NOTHING, Amount
from hybrid_mesh.model.plan.types import MeshPlan, NetworkPlan


@dataclass(frozen=True)
class MachineSet:
    """The nodes of a cluster or the VMs of a group."""

    what: str
    """`nodes of <cluster>`, or `VMs of <group>`."""
    machine_type: str
    amount: Amount
    disk_gigabytes: int


def sets_of(plan: MeshPlan, network: NetworkPlan) -> list[MachineSet]:
    """The sets in a network of a cloud: those of its clusters, then those of its groups."""
    config = network.config
    assert isinstance(config, CloudNetworkConfig)
    cloud = cloud_of(config)
    found = []
    for cluster in clusters_of(plan, network):
        pool, surge = cloud.node_pool(cluster.config), cloud.node_surge(config)
        amount = Amount.of_set(pool.min, pool.max, surge)
        found.append(MachineSet(f"nodes of {cluster.name}", pool.machine_type, amount, pool.disk_gigabytes))
    for name in network.groups:
        group = plan.groups[name]
        if (vms := group.machine_set) is not None:
            surges = [
                cloud.vm_surge(config, group.config.machines, minimum=vms.minimum, size=number)
                for number in (vms.minimum, vms.maximum)
            ]
            amount = Amount.of_set(vms.minimum, vms.maximum, *surges)
            found.append(MachineSet(f"VMs of {name}", vms.machine_type, amount, vms.disk_gigabytes))
    return found


def clusters_of(plan: MeshPlan, network: NetworkPlan) -> Iterator[CloudClusterPlan]:
    """The clusters that the program creates in a network."""
    for name in network.clusters:
        cluster = plan.clusters[name]
        if isinstance(cluster, CloudClusterPlan):
            yield cluster


def load_balancers(plan: MeshPlan, network: NetworkPlan) -> tuple[int, int]:
    """The number of load balancers of a network: those of east-west gateways and those of ingresses."""
    names = {cluster.name for cluster in clusters_of(plan, network)}
    gateways = [cluster for cluster in clusters_of(plan, network) if cluster.exposure is not None]
    return len(gateways), sum(ingress.cluster in names for ingress in plan.ingresses.values())


def reserved_addresses(plan: MeshPlan, network: NetworkPlan) -> int:
    """The addresses that the program reserves: those of the NAT and of the east-west gateways."""
    exposures = [cluster.exposure for cluster in clusters_of(plan, network)]
    return network.nat_addresses + sum(each.reserved_addresses for each in exposures if each)


def allowed_sources(plan: MeshPlan, cluster: CloudClusterPlan, *, gateway: bool = False) -> int:
    """The number of CIDRs that may reach the API server of a cluster, or its gateway, once the NATs have
    their addresses."""
    exposure = cluster.exposure
    sources = cluster.api.sources if not gateway else (exposure.sources if exposure else ())
    return sum(plan.networks[s.egress_of].nat_addresses if s.egress_of else 1 for s in sources)


def total(amounts: Iterable[Amount]) -> Amount:
    return sum(amounts, NOTHING)
