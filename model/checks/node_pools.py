"""Rules on the nodes of clusters in a cloud."""

from hybrid_mesh.model.checks.in_clouds import cloud_cluster_rule
from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.clouds.registry import CLOUDS, cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems


@cloud_cluster_rule
def pools_have_a_range(mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud) -> Problems:
    """`min` of a pool does not exceed `max`, and `max` is at least the number of nodes that the pool starts
    with."""
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
def nodes_are_of_a_kind_that_their_cloud_has(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """The machine type of a pool is a machine type of its cloud and can run the cloud's image of nodes."""
    path = f"clusters.{name}.{cloud.node_pool_key}.machineType"
    machine_type = cloud.node_pool(cluster).machine_type
    yield from machine_type_problems(path, machine_type, cloud)
    refused = cloud.refused_nodes(machine_type)
    if refused is not None:
        yield Problem(path, machine_type, *refused)


def min_over_max(section: str, minimum: int, maximum: int) -> Problems:
    """A problem of `section` when its `min` exceeds its `max`."""
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
