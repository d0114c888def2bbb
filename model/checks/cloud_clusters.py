"""Rules on clusters in a cloud."""

import re
from collections.abc import Iterator

from model.checks.cloud_networks import nodes_of
from model.checks.gateways import address_is_given
from model.checks.registry import rule
from model.config.clusters import (
    CloudClusterConfig,
    EksClusterConfig,
    GkeClusterConfig,
    KubeconfigClusterConfig,
)
from model.config.mesh import MeshConfig
from model.config.networks import AwsNetworkConfig, ExternalNetworkConfig, GcpNetworkConfig
from model.derive.api_access import ADMITTED_LIMITS, admitted_count, api_groups, plan_api_access
from model.derive.subnets import zones_of
from model.reading.problems import Problem

OLDEST_KUBERNETES = 32
"""The oldest minor release of Kubernetes 1 that Istio 1.31 supports (istio.io/latest/docs/releases/
supported-releases, "Support status of Istio releases"). The newest that EKS has is for EKS to say."""

ZONES_OF_GKE = 3
"""Zones that GKE chooses for a regional cluster (GKE, "Regional clusters")."""

HOMES = {
    "gke": (GcpNetworkConfig, "gcp"),
    "eks": (AwsNetworkConfig, "aws"),
    "kubeconfig": (ExternalNetworkConfig, "external"),
}
"""The kind of network that each kind of cluster is in."""

MACHINE_TYPE_FORMS = {
    "gcp": re.compile(r"[a-z][0-9]+[a-z]*-[a-z0-9]+(-[a-z0-9]+)*"),
    "aws": re.compile(r"[a-z][a-z0-9-]*\.([0-9]*[a-z]+|metal-[0-9]+xl)"),
}
MACHINE_TYPE_EXAMPLES = {"gcp": "e2-standard-4", "aws": "m6i.xlarge"}


@rule
def clusters_are_in_their_clouds_networks(mesh: MeshConfig) -> Iterator[Problem]:
    """GKE clusters are in networks of type gcp, EKS clusters in aws, existing clusters in external ones."""
    for name, cluster in sorted(mesh.clusters.items()):
        network = mesh.networks.get(cluster.network)
        if network is None or cluster.type not in HOMES or network.type == "local":
            continue
        kind, type_ = HOMES[cluster.type]
        if isinstance(network, kind):
            continue
        remedy = f"Choose or declare a network of type {type_}."
        if isinstance(cluster, KubeconfigClusterConfig):
            remedy = "Declare the network that the cluster is in already as `type: external`."
        yield Problem(
            f"clusters.{name}.network",
            cluster.network,
            f"the cluster is of type {cluster.type}, and this network of type {network.type}",
            remedy,
        )


@rule
def pools_have_a_range(mesh: MeshConfig) -> Iterator[Problem]:
    """A pool's fewest nodes are not more than its most, and GKE's begin with one in each zone."""
    for name, cluster in _cloud_clusters(mesh):
        pool, network = f"clusters.{name}.{_pool_key(cluster)}", mesh.networks.get(cluster.network)
        fewest, most = nodes_of(cluster)
        zones = len(zones_of(network)) or ZONES_OF_GKE if isinstance(network, GcpNetworkConfig) else 1
        yield from min_over_max(pool, fewest, most)
        if most < zones:
            yield Problem(
                f"{pool}.max",
                str(most),
                f"the pool begins with a node in each of {zones} zones",
                f"Write {zones} or more, or name fewer `zones` of the network.",
            )


@rule
def nodes_are_of_a_kind_that_their_cloud_has(mesh: MeshConfig) -> Iterator[Problem]:
    """The machine type of a pool has the form of its cloud's."""
    for name, cluster in _cloud_clusters(mesh):
        gke = isinstance(cluster, GkeClusterConfig)
        pool = cluster.node_pool if isinstance(cluster, GkeClusterConfig) else cluster.node_group
        path = f"clusters.{name}.{_pool_key(cluster)}.machineType"
        yield from machine_type_problems(path, pool.machine_type, "gcp" if gke else "aws")


def min_over_max(section: str, fewest: int, most: int) -> Iterator[Problem]:
    """A problem of `section` when its `min`, which is `fewest`, is more than its `max`."""
    if fewest > most:
        yield Problem(
            f"{section}.min",
            str(fewest),
            f"this is more than max, which is {most}",
            "Let min be at most max.",
        )


def machine_type_problems(path: str, value: str, cloud: str) -> Iterator[Problem]:
    """What is wrong with a machine type at `path` of `cloud`, gcp or aws."""
    if MACHINE_TYPE_FORMS[cloud].fullmatch(value):
        return
    other = next((key for key, form in MACHINE_TYPE_FORMS.items() if form.fullmatch(value)), None)
    message = f"this is a machine type of {other}" if other else f"this is no machine type of {cloud}"
    yield Problem(path, value, message, f"Write one like {MACHINE_TYPE_EXAMPLES[cloud]}.")


@rule
def eks_runs_a_release_that_istio_supports(mesh: MeshConfig) -> Iterator[Problem]:
    """An EKS cluster's version is a minor release, and none too old for this Istio."""
    for name, cluster in _cloud_clusters(mesh):
        if not isinstance(cluster, EksClusterConfig):
            continue
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
        for name, cluster in _cloud_clusters(mesh)
        if cluster.endpoint == "restricted" and not cluster.authorized_networks
    ]
    if shut:
        yield Problem(
            "operators.cidrs",
            "",
            f"the API server of {' and '.join(shut)} would not admit you",
            "List the ranges that you and your pipelines come from: `cidrs: [198.51.100.0/28]`.",
        )


@rule
def api_servers_admit_no_more_than_their_cloud_takes(mesh: MeshConfig) -> Iterator[Problem]:
    """The ranges that an API server admits are at most as many as its cloud takes."""
    for name, cluster in _cloud_clusters(mesh):
        if isinstance(cluster, EksClusterConfig) and cluster.endpoint == "private":
            continue
        access = plan_api_access(mesh, name)
        count, limit = admitted_count(mesh, access.sources if access else ()), ADMITTED_LIMITS[cluster.type]
        if count > limit:
            yield Problem(
                f"clusters.{name}.endpoint",
                cluster.endpoint,
                f"its API server would admit {count} ranges, and {cluster.type.upper()} takes {limit}",
                "Join the networks privately and set `endpoint: private` with `peerEndpoint`, or have fewer "
                "egress addresses.",
            )


@rule
def private_clusters_can_be_reached(mesh: MeshConfig) -> Iterator[Problem]:
    """A private cluster with peers or machines in other networks says where they reach its API server."""
    for name, cluster in _cloud_clusters(mesh):
        if cluster.endpoint != "private" or cluster.peer_endpoint is not None:
            continue
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


@rule
def cloud_gateways_have_reserved_addresses(mesh: MeshConfig) -> Iterator[Problem]:
    """The gateway of a cloud's cluster is a load balancer with addresses that the program reserves."""
    for name, cluster in _cloud_clusters(mesh):
        yield from address_is_given(
            name, cluster, "the addresses of a cloud's gateway are reserved by the program"
        )


def _cloud_clusters(mesh: MeshConfig) -> list[tuple[str, GkeClusterConfig | EksClusterConfig]]:
    return [
        (key, each) for key, each in sorted(mesh.clusters.items()) if isinstance(each, CloudClusterConfig)
    ]


def _pool_key(cluster: GkeClusterConfig | EksClusterConfig) -> str:
    return "nodePool" if isinstance(cluster, GkeClusterConfig) else "nodeGroup"
