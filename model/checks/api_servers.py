"""Rules on who may reach the API servers of clusters in a cloud."""

from hybrid_mesh.model.checks.in_clouds import cloud_cluster_rule
from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.config.clusters import CloudClusterConfig, GkeClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.api_access import allowed_count, is_private, plan_api_access
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
    if cloud.control_plane_in_network and cluster.private:
        return
    sources = plan_api_access(mesh, name, cluster).sources
    count, limit = allowed_count(mesh, sources), cloud.api_source_limit
    if count > limit:
        yield Problem(
            f"clusters.{name}.endpoint",
            cluster.endpoint,
            f"{cluster.type.upper()} allows {limit} CIDRs for an API server; this mesh requires {count}",
            "Connect the networks privately and set `endpoint: private`, or use fewer egress addresses.",
        )


@cloud_cluster_rule
def private_clusters_can_be_reached(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """`endpoint: private` requires a private CIDR from which you run Pulumi, in `authorizedNetworks` or in
    `operators.cidrs`."""
    del cloud
    if cluster.endpoint != "private" or any(map(is_private, mesh.operators.cidrs)):
        return
    if not cluster.authorized_networks:
        other = " or set `endpoint: dns`," if isinstance(cluster, GkeClusterConfig) else ""
        yield Problem(
            f"clusters.{name}.authorizedNetworks",
            "",
            "required with `endpoint: private`: nobody could reach the API server to set up the cluster",
            "List the private CIDRs from which you reach its network, for example [10.99.0.0/24],"
            f"{other} or `endpoint: restricted`.",
        )
