"""Rules on clusters in a cloud."""

import re
from collections.abc import Iterator

from model.checks.gateways import address_is_given
from model.checks.in_clouds import cloud_cluster_rule
from model.checks.registry import cluster_rule, kind_rule, rule
from model.clouds.base import AnyCloud
from model.clouds.registry import CLOUDS, cloud_of
from model.config.clusters import CloudClusterConfig, ClusterConfig, EksClusterConfig, KubeconfigClusterConfig
from model.config.mesh import MeshConfig
from model.config.networks import LocalNetworkConfig
from model.derive.api_access import admitted_count, api_groups, plan_api_access
from model.derive.clouds import cloud_clusters
from model.reading.problems import Problem

OLDEST_KUBERNETES = 32
"""The oldest minor release of Kubernetes 1 that Istio 1.31 supports (istio.io/latest/docs/releases/
supported-releases, "Support status of Istio releases"). The newest that EKS has is for EKS to say."""


@kind_rule
@cluster_rule
def clusters_are_in_their_clouds_networks(
    mesh: MeshConfig, name: str, cluster: ClusterConfig
) -> Iterator[Problem]:
    """A cluster of a cloud is in a network of that cloud, an existing cluster in an external one."""
    network, cloud = mesh.networks.get(cluster.network), cloud_of(cluster)
    if network is None or isinstance(network, LocalNetworkConfig):
        return
    if cloud is not None:
        home, remedy = cloud.kinds.network, f"Choose or declare a network of type {cloud.kinds.network}."
    elif isinstance(cluster, KubeconfigClusterConfig):
        home = "external"
        remedy = "Declare the network that the cluster is in already as `type: external`."
    else:
        return
    if network.type != home:
        yield Problem(
            f"clusters.{name}.network",
            cluster.network,
            f"the cluster is of type {cluster.type}, and this network of type {network.type}",
            remedy,
        )


@cloud_cluster_rule
def pools_have_a_range(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """`min` of a pool does not exceed `max`, and `max` the nodes that the pool begins with."""
    path, network = f"clusters.{name}.{cloud.node_pool_key}", mesh.networks.get(cluster.network)
    pool = cloud.node_pool(cluster)
    yield from min_over_max(path, pool.min, pool.max)
    first = cloud.first_nodes(network) if network and cloud_of(network) is cloud else 1
    if pool.max < first:
        yield Problem(
            f"{path}.max",
            str(pool.max),
            f"the pool begins with a node in each of {first} zones",
            f"Write {first} or more, or name fewer `zones` of the network.",
        )


@cloud_cluster_rule
def nodes_are_of_a_kind_that_their_cloud_has(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """The machine type of a pool has the form of its cloud's, and can run the cloud's image of nodes."""
    path = f"clusters.{name}.{cloud.node_pool_key}.machineType"
    machine_type = cloud.node_pool(cluster).machine_type
    yield from machine_type_problems(path, machine_type, cloud)
    refused = cloud.refused_nodes(machine_type)
    if refused is not None:
        yield Problem(path, machine_type, *refused)


def min_over_max(section: str, fewest: int, most: int) -> Iterator[Problem]:
    """A problem of `section` when its `min`, which is `fewest`, is more than its `max`."""
    if fewest > most:
        yield Problem(
            f"{section}.min",
            str(fewest),
            f"this is more than max, which is {most}",
            "Let min be at most max.",
        )


def machine_type_problems(path: str, value: str, cloud: AnyCloud) -> Iterator[Problem]:
    """What is wrong with a machine type of `cloud` at `path`."""
    if cloud.machine_types.matches(value):
        return
    other = next((each for each in CLOUDS if each.machine_types.matches(value)), None)
    message = (
        f"this is a machine type of {other.title}"
        if other
        else f"this is not a machine type of {cloud.title}"
    )
    yield Problem(path, value, message, f"Write one like {cloud.machine_types.example}.")


@cluster_rule
def eks_runs_a_release_that_istio_supports(
    mesh: MeshConfig, name: str, cluster: ClusterConfig
) -> Iterator[Problem]:
    """An EKS cluster's version is a minor release, and none too old for this Istio."""
    if not isinstance(cluster, EksClusterConfig):
        return
    minor = re.fullmatch(r"1\.([1-9][0-9]{0,2})", cluster.version)
    if minor is None:
        yield Problem(
            f"clusters.{name}.version",
            cluster.version,
            "this is no minor release of Kubernetes",
            'Write it in quotes and without a patch: "1.35".',
        )
    elif int(minor[1]) < OLDEST_KUBERNETES:
        yield Problem(
            f"clusters.{name}.version",
            cluster.version,
            "Istio does not support this release of Kubernetes any more",
            f'Choose "1.{OLDEST_KUBERNETES}" or a later one that EKS has, in quotes: "1.35".',
        )


@rule
def api_servers_admit_the_operators(mesh: MeshConfig) -> Iterator[Problem]:
    """Whoever runs the program is admitted by every API server in a cloud."""
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
            f"the API server of {' and '.join(shut)} would not admit you",
            "List the ranges that you and your pipelines come from: `cidrs: [198.51.100.0/28]`.",
        )


@cloud_cluster_rule
def api_servers_admit_no_more_than_their_cloud_takes(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """The ranges that an API server admits are at most as many as its cloud takes."""
    if cloud.control_plane_in_network and cluster.endpoint == "private":
        return
    sources = plan_api_access(mesh, name, cluster).sources
    count, limit = admitted_count(mesh, sources), cloud.api_source_limit
    if count > limit:
        yield Problem(
            f"clusters.{name}.endpoint",
            cluster.endpoint,
            f"its API server would admit {count} ranges, and {cluster.type.upper()} takes {limit}",
            "Join the networks privately and set `endpoint: private` with `peerEndpoint`, or have fewer "
            "egress addresses.",
        )


@cloud_cluster_rule
def private_clusters_can_be_reached(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """A private cluster with peers or machines in other networks says where they reach its API server."""
    if cluster.endpoint != "private" or cluster.peer_endpoint is not None:
        return
    peers = [key for key, other in mesh.clusters.items() if other.network != cluster.network]
    groups = [key for key, group in api_groups(mesh, name) if group.network != cluster.network]
    outside = sorted(peers) + sorted(groups)
    if outside:
        yield Problem(
            f"clusters.{name}.endpoint",
            "private",
            f"{', '.join(outside)} in other networks could not reach its API server",
            "Set `peerEndpoint` to its URL over your private connection, or `endpoint: restricted`.",
        )


@cloud_cluster_rule
def cloud_gateways_have_reserved_addresses(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """The gateway of a cloud's cluster is a load balancer with addresses that the program reserves."""
    yield from address_is_given(
        name, cluster, "the addresses of a cloud's gateway are reserved by the program"
    )
