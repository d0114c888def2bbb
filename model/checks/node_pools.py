"""Rules on the nodes of clusters in a cloud."""

from hybrid_mesh.model.checks.in_clouds import cloud_cluster_rule
from hybrid_mesh.model.checks.registry import cluster_rule
from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.clouds.registry import CLOUDS, cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig, ClusterConfig, GkeClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems


@cloud_cluster_rule
def node_pool_sizes_are_valid(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """`min` must not exceed `max`, and `max` must be at least the initial number of nodes."""
    path, network = f"clusters.{name}.{cloud.node_pool_key}", mesh.networks.get(cluster.network)
    pool = cloud.node_pool(cluster)
    yield from min_over_max(path, pool.min, pool.max)
    first = cloud.first_nodes(network) if network and cloud_of(network) is cloud else 1
    if pool.max < first:
        yield Problem(
            f"{path}.max",
            str(pool.max),
            f"the pool starts with one node in each of {first} zones",
            f"Write {first} or more, or list fewer `zones` of the network.",
        )


@cloud_cluster_rule
def node_machine_types_exist(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """`machineType` must be a machine type of the cloud that can run its node image."""
    path = f"clusters.{name}.{cloud.node_pool_key}.machineType"
    machine_type = cloud.node_pool(cluster).machine_type
    yield from machine_type_problems(path, machine_type, cloud)
    refused = cloud.refused_nodes(machine_type)
    if refused is not None:
        yield Problem(path, machine_type, *refused)


@cluster_rule
def image_repositories_are_unique(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`imageRepositories` must list each repository once."""
    repositories = cluster.node_pool.image_repositories if isinstance(cluster, GkeClusterConfig) else ()
    for index, repository in enumerate(repositories):
        if repository in repositories[:index]:
            yield Problem(
                f"clusters.{name}.nodePool.imageRepositories.{index}",
                repository,
                "this repository is listed twice",
                "List each repository once.",
            )


def min_over_max(section: str, minimum: int, maximum: int) -> Problems:
    """A problem if the `min` of a section exceeds its `max`."""
    if minimum > maximum:
        yield Problem(
            f"{section}.min",
            str(minimum),
            f"`min` must not exceed `max` (got {minimum} > {maximum})",
            "Lower `min` or raise `max`.",
        )


def machine_type_problems(path: str, value: str, cloud: AnyCloud) -> Problems:
    """What is wrong with a machine type of `cloud` at `path`."""
    if cloud.machine_types.matches(value):
        return
    other = next((each for each in CLOUDS if each.machine_types.matches(value)), None)
    message = (
        f"not a machine type of {cloud.title} but of {other.title}"
        if other
        else f"not a machine type of {cloud.title}"
    )
    yield Problem(path, value, message, f"Write one like {cloud.machine_types.example}.")
