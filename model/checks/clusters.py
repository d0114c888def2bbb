"""Rules on clusters."""

import re
from urllib.parse import urlsplit

from hybrid_mesh.model.checks.formats import is_url
from hybrid_mesh.model.checks.gateways import address_is_given
from hybrid_mesh.model.checks.in_clouds import cloud_cluster_rule
from hybrid_mesh.model.checks.registry import cluster_rule, kind_rule, readable, rule
from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import (
    CloudClusterConfig,
    ClusterConfig,
    EksClusterConfig,
    GkeClusterConfig,
    KubeconfigClusterConfig,
    LocalClusterConfig,
)
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import GcpNetworkConfig, LocalNetworkConfig
from hybrid_mesh.model.derive.kubeconfigs import SYSTEM
from hybrid_mesh.model.reading.problems import Problem, Problems

LOCAL_KUBERNETES_VERSIONS = ("1.35.4",)
"""Releases of Kubernetes that the local site's toolchain builds."""

_CERTIFICATES = re.compile(r"\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+")
_LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}


@rule
def a_cluster_is_active(mesh: MeshConfig) -> Problems:
    """At least one cluster must be `active`."""
    if all(cluster.state == "quarantined" for cluster in mesh.clusters.values()):
        yield Problem(
            f"clusters.{min(mesh.clusters)}.state",
            "quarantined",
            "every cluster of the mesh is quarantined",
            "Keep one active, or run `pulumi destroy`.",
        )


@kind_rule
@cluster_rule
def local_clusters_are_in_local_networks(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """Local clusters, and only they, must be in networks of type `local`."""
    network = mesh.networks[cluster.network]
    local = isinstance(cluster, LocalClusterConfig)
    if local != isinstance(network, LocalNetworkConfig):
        yield Problem(
            f"clusters.{name}.network",
            cluster.network,
            f"the cluster is of type {cluster.type} and this network of type {network.type}",
            "Put local clusters into networks of type local, and other clusters into other networks.",
        )


@rule
def local_clusters_have_local_peers(mesh: MeshConfig) -> Problems:
    """A mesh with local clusters cannot have other clusters, which could not reach the local site."""
    local = readable(mesh.clusters, lambda cluster: isinstance(cluster, LocalClusterConfig))
    for name in local:
        if any(local.values()) and not local[name]:
            yield Problem(
                f"clusters.{name}.type",
                mesh.clusters[name].type,
                "other clusters of the mesh are local, and cannot be reached from outside their host",
                "Make the local clusters a stack of their own.",
            )


@cluster_rule
def local_kubernetes_versions_are_built(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`kubernetesVersion` must be a release that the toolchain builds."""
    known = LOCAL_KUBERNETES_VERSIONS
    if isinstance(cluster, LocalClusterConfig) and cluster.kubernetes_version not in known:
        yield Problem(
            f"clusters.{name}.kubernetesVersion",
            cluster.kubernetes_version,
            "the toolchain of the local site does not build this release of Kubernetes",
            f"Use one of: {', '.join(known)}.",
        )


@cluster_rule
def a_kubeconfig_has_one_source(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`path` and `secret` cannot both be set."""
    if isinstance(cluster, KubeconfigClusterConfig) and None not in (cluster.path, cluster.secret):
        yield Problem(
            f"clusters.{name}",
            f"path: {cluster.path}, secret: {cluster.secret}",
            "`path` and `secret` are both set",
            "Keep one of `path` and `secret`.",
        )


@rule
def kubeconfig_clusters_are_unique(mesh: MeshConfig) -> Problems:
    """Two clusters cannot have the same kubeconfig and context."""
    sources = readable(
        mesh.clusters,
        lambda cluster: (
            (cluster.path, cluster.context, cluster.secret)
            if isinstance(cluster, KubeconfigClusterConfig)
            else None
        ),
    )
    owners: dict[tuple[str | None, str | None, str | None], str] = {}
    for name, source in sources.items():
        first = owners.setdefault(source, name) if source is not None else name
        if source is not None and first != name:
            yield Problem(
                f"clusters.{name}.context",
                source[1] or "the current one",
                f"cluster {first} has the same kubeconfig and context",
                "Give each cluster its own context, file or secret.",
            )


@cluster_rule
def peer_endpoints_can_be_reached(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`peerEndpoint` must be an https URL whose host is not a loopback address."""
    endpoint = None if isinstance(cluster, LocalClusterConfig) else cluster.peer_endpoint
    path = f"clusters.{name}.peerEndpoint"
    if endpoint is None:
        return
    if not is_url(endpoint, "https"):
        yield Problem(path, endpoint, "not a valid https URL", "Write it like https://203.0.113.20:6443.")
    elif urlsplit(endpoint).hostname in _LOOPBACK:
        yield Problem(
            path,
            endpoint,
            "a loopback address means another host to each peer",
            "Write the address at which the other clusters reach the API server.",
        )


@cluster_rule
def peer_certificate_authorities_are_certificates(
    mesh: MeshConfig, name: str, cluster: ClusterConfig
) -> Problems:
    """`peerCertificateAuthority` must be `system` or certificates in PEM, without a private key."""
    if not isinstance(cluster, KubeconfigClusterConfig):
        return
    given = cluster.peer_certificate_authority
    if given is None or given == SYSTEM:
        return
    if "PRIVATE KEY" in given or not _CERTIFICATES.fullmatch(given):
        yield Problem(
            f"clusters.{name}.peerCertificateAuthority",
            "(text)" if "\n" in given else given,
            "neither `system` nor certificates in PEM",
            "Write the certificates as a block: `peerCertificateAuthority: |`, without a private key.",
        )


@kind_rule
@cluster_rule
def clusters_are_in_their_clouds_networks(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """A cluster of a cloud must be in a network of that cloud, and an existing cluster in a network of type
    `external`."""
    network, cloud = mesh.networks.get(cluster.network), cloud_of(cluster)
    if network is None or isinstance(network, LocalNetworkConfig):
        return
    if cloud is not None:
        home, remedy = cloud.kinds.network, f"Choose or declare a network of type {cloud.kinds.network}."
    elif isinstance(cluster, KubeconfigClusterConfig):
        home = "external"
        remedy = "Declare the network of the existing cluster as `type: external`."
    else:
        return
    if network.type != home:
        yield Problem(
            f"clusters.{name}.network",
            cluster.network,
            f"the cluster is of type {cluster.type} and this network of type {network.type}",
            remedy,
        )


@cluster_rule
def encryption_keys_are_in_their_region(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`databaseEncryptionKey` must be in the region of the cluster's network."""
    network = mesh.networks.get(cluster.network)
    if not isinstance(cluster, GkeClusterConfig) or not isinstance(network, GcpNetworkConfig):
        return
    key = cluster.database_encryption_key
    if key is not None and key.split("/")[3] != network.region:
        yield Problem(
            f"clusters.{name}.databaseEncryptionKey",
            key,
            f"GKE requires a key in {network.region}, the region of the cluster",
            f"Create a key ring and a key in {network.region}.",
        )


@cloud_cluster_rule
def lists_of_clusters_name_each_value_once(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """`controlPlanePorts` and `addons` must list each value once."""
    lists: dict[str, tuple[object, ...]] = {"controlPlanePorts": cluster.control_plane_ports}
    if isinstance(cluster, EksClusterConfig):
        lists["addons"] = cluster.addons
    for key, values in lists.items():
        for index, value in enumerate(values):
            if value in values[:index]:
                yield Problem(
                    f"clusters.{name}.{key}.{index}",
                    str(value),
                    f"`{key}` lists {value} twice",
                    "List each value once.",
                )


@cloud_cluster_rule
def cloud_gateways_have_reserved_addresses(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """A cluster of type `gke` or `eks` cannot set `addresses` or `serviceType: NodePort`: the program
    reserves the addresses."""
    yield from address_is_given(name, cluster, "the program reserves the addresses of a gateway in a cloud")
