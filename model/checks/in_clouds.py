"""Decorators of rules on single members in a cloud, like those of `model.checks.registry`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from hybrid_mesh.model.checks.registry import cluster_rule, group_rule, network_rule
from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig, ClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.machines import CloudMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import CloudNetworkConfig, NetworkConfig
from hybrid_mesh.model.reading.problems import Problems

NetworkCheck = Callable[[MeshConfig, str, CloudNetworkConfig, AnyCloud], Problems]
ClusterCheck = Callable[[MeshConfig, str, CloudClusterConfig, AnyCloud], Problems]


@dataclass(frozen=True)
class CloudVms:
    """A group whose VMs are in a cloud, as a rule sees it. `path` is that of its section."""

    mesh: MeshConfig
    path: str
    group: WorkloadGroupConfig
    machines: CloudMachinesConfig
    cloud: AnyCloud


GroupCheck = Callable[[CloudVms], Problems]


def cloud_network_rule(check: NetworkCheck) -> NetworkCheck:
    """Registers a rule on each network in a cloud."""

    @network_rule
    @wraps(check)
    def check_network(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
        if isinstance(network, CloudNetworkConfig):
            yield from check(mesh, name, network, cloud_of(network))

    return check


def cloud_cluster_rule(check: ClusterCheck) -> ClusterCheck:
    """Registers a rule on each cluster in a cloud."""

    @cluster_rule
    @wraps(check)
    def check_cluster(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
        if isinstance(cluster, CloudClusterConfig):
            yield from check(mesh, name, cluster, cloud_of(cluster))

    return check


def cloud_group_rule(check: GroupCheck) -> GroupCheck:
    """Registers a rule on each group whose VMs are in a cloud."""

    @group_rule
    @wraps(check)
    def check_group(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
        machines = group.machines
        if isinstance(machines, CloudMachinesConfig):
            vms = CloudVms(mesh, f"workloadGroups.{name}", group, machines, cloud_of(machines))
            yield from check(vms)

    return check
