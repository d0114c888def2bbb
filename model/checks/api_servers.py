"""Rules on who may reach the API servers of clusters in a cloud."""

from hybrid_mesh.model.checks.in_clouds import cloud_cluster_rule
from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.config.clusters import CloudClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.api_access import allowed_count, api_groups, plan_api_access
from hybrid_mesh.model.derive.clouds import cloud_clusters
from hybrid_mesh.model.reading.problems import Problem, Problems


@rule
def api_servers_allow_the_operators(mesh: MeshConfig) -> Problems:
    """`cidrs` is required if a cluster in a cloud has a public endpoint and no `authorizedNetworks`."""
    if mesh.operators.cidrs:
        return
    shut = [
        name
        for name, cluster, _ in cloud_clusters(mesh)
        if cluster.endpoint == "restricted" and not cluster.authorized_networks
    ]
    if shut:
        yield Problem(
            "operators.cidrs",
            "",
            f"required: the API server of {' and '.join(shut)} would not allow you to reach it",
            "List the CIDRs that you and your pipelines call from: `cidrs: [198.51.100.0/28]`.",
        )


@cloud_cluster_rule
def api_servers_allow_a_supported_number_of_cidrs(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """The API server must not have to allow more CIDRs than the cloud supports."""
    if cloud.control_plane_in_network and cluster.endpoint == "private":
        return
    sources = plan_api_access(mesh, name, cluster).sources
    count, limit = allowed_count(mesh, sources), cloud.api_source_limit
    if count > limit:
        yield Problem(
            f"clusters.{name}.endpoint",
            cluster.endpoint,
            f"{cluster.type.upper()} allows {limit} CIDRs for an API server; this mesh requires {count}",
            "Connect the networks privately and set `endpoint: private` with `peerEndpoint`, or use fewer "
            "egress addresses.",
        )


@cloud_cluster_rule
def private_clusters_can_be_reached(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """`endpoint: private` requires `peerEndpoint` if there are peers or VMs in other networks."""
    if cluster.endpoint != "private" or cluster.peer_endpoint is not None:
        return
    peers = [key for key, other in mesh.clusters.items() if other.network != cluster.network]
    groups = [key for key, group in api_groups(mesh, name) if group.network != cluster.network]
    outside = sorted(peers) + sorted(groups)
    if outside:
        yield Problem(
            f"clusters.{name}.endpoint",
            "private",
            f"{', '.join(outside)} in other networks cannot reach its private API server",
            "Set `peerEndpoint` to its URL over your private connection, or `endpoint: restricted`.",
        )
