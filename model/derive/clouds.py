"""What several sections together say about a network in a cloud: its members and its subnets."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.clouds.google import CLASS_E
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.clouds.types import SubnetPlan
from hybrid_mesh.model.config.clusters import CloudClusterConfig, GkeClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.machines import CloudMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig


def cloud_clusters(mesh: MeshConfig) -> Iterator[tuple[str, CloudClusterConfig, AnyCloud]]:
    """Name, section and cloud of every cluster in a cloud, sorted by name."""
    for name, cluster in sorted(mesh.clusters.items()):
        if isinstance(cluster, CloudClusterConfig):
            yield name, cluster, cloud_of(cluster)


def cloud_groups(
    mesh: MeshConfig,
) -> Iterator[tuple[str, WorkloadGroupConfig, CloudMachinesConfig, AnyCloud]]:
    """Name, section, VMs and cloud of every group in a cloud, sorted by name."""
    for name, group in sorted(mesh.workload_groups.items()):
        if isinstance(group.machines, CloudMachinesConfig):
            yield name, group, group.machines, cloud_of(group.machines)


def clusters_of(mesh: MeshConfig, network: str) -> dict[str, CloudClusterConfig]:
    """The clusters in network `network` that belong to its cloud, sorted by name."""
    home = cloud_of(mesh.networks[network])
    return {
        name: cluster
        for name, cluster, cloud in cloud_clusters(mesh)
        if cluster.network == network and cloud is home
    }


def network_cidrs(mesh: MeshConfig, name: str) -> tuple[IPv4Network, ...]:
    """The addresses of the members of network `name`: its CIDRs, and those of pods of GKE outside of them."""
    pods = [
        cluster.pod_cidr
        for cluster in mesh.clusters.values()
        if isinstance(cluster, GkeClusterConfig) and cluster.network == name and cluster.pod_cidr is not None
    ]
    return (*mesh.networks[name].cidrs, *(cidr for cidr in pods if cidr.subnet_of(CLASS_E)))


def plan_subnets(mesh: MeshConfig, name: str) -> tuple[SubnetPlan, ...]:
    """The subnets of network `name`, sorted by key; () outside a cloud."""
    cloud = cloud_of(mesh.networks[name])
    return cloud.subnets(mesh.networks[name], clusters_of(mesh, name)) if cloud else ()


def zones(mesh: MeshConfig, name: str) -> tuple[str, ...]:
    """The zones of network `name`, sorted; () if its cloud chooses them, and outside a cloud."""
    cloud = cloud_of(mesh.networks[name])
    return cloud.zones(mesh.networks[name]) if cloud else ()


def project(mesh: MeshConfig, name: str) -> str | None:
    """The Google Cloud project of network `name`; None on other clouds, and if none is configured."""
    network = mesh.networks.get(name)
    cloud = cloud_of(network) if network else None
    return cloud.project(network, mesh.project) if cloud else None
