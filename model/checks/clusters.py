"""Rules on clusters."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from model.checks.formats import is_url
from model.checks.registry import rule
from model.config.clusters import KubeconfigClusterConfig, LocalClusterConfig
from model.config.mesh import MeshConfig
from model.config.networks import LocalNetworkConfig
from model.reading.problems import Problem

LOCAL_KUBERNETES_VERSIONS = ("1.35.4",)
"""Releases of Kubernetes that the local site's toolchain builds."""

RESERVED_SECRET = "mesh"  # noqa: S105 - the name of a configuration key

_LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0"}


@rule
def a_cluster_is_active(mesh: MeshConfig) -> Iterator[Problem]:
    """At least one cluster is active."""
    if all(cluster.state == "quarantined" for cluster in mesh.clusters.values()):
        name = min(mesh.clusters)
        yield Problem(
            f"clusters.{name}.state",
            "quarantined",
            "every cluster of the mesh is quarantined",
            "Keep one active, or run `pulumi destroy`.",
        )


@rule
def local_clusters_are_in_local_networks(mesh: MeshConfig) -> Iterator[Problem]:
    """Local clusters and local networks go together, and nothing else is in them."""
    for name, cluster in mesh.clusters.items():
        network = mesh.networks.get(cluster.network)
        if network is None or isinstance(cluster, LocalClusterConfig) == isinstance(
            network, LocalNetworkConfig
        ):
            continue
        kind = "local" if isinstance(cluster, LocalClusterConfig) else "not local"
        yield Problem(
            f"clusters.{name}.network",
            cluster.network,
            f"the cluster is {kind}, and this network is of type {network.type}",
            "Local clusters are in networks of type local, and only they are.",
        )


@rule
def local_clusters_are_among_themselves(mesh: MeshConfig) -> Iterator[Problem]:
    """Local clusters have no peers outside: the lab has no way out of this machine."""
    if not any(isinstance(cluster, LocalClusterConfig) for cluster in mesh.clusters.values()):
        return
    for name, cluster in mesh.clusters.items():
        if not isinstance(cluster, LocalClusterConfig):
            yield Problem(
                f"clusters.{name}.type",
                cluster.type,
                "other clusters of the mesh are local, and the local site has no way out of this machine",
                "Make the local clusters a stack of their own.",
            )


@rule
def local_kubernetes_is_one_that_is_built(mesh: MeshConfig) -> Iterator[Problem]:
    """A local cluster runs a release that the toolchain builds."""
    for name, cluster in mesh.clusters.items():
        known = LOCAL_KUBERNETES_VERSIONS
        if isinstance(cluster, LocalClusterConfig) and cluster.kubernetes_version not in known:
            yield Problem(
                f"clusters.{name}.kubernetesVersion",
                cluster.kubernetes_version,
                "the local site does not build this release of Kubernetes",
                f"It builds: {', '.join(known)}.",
            )


@rule
def a_kubeconfig_has_one_source(mesh: MeshConfig) -> Iterator[Problem]:
    """A kubeconfig is a file or a secret, not both."""
    for name, cluster in mesh.clusters.items():
        if (
            isinstance(cluster, KubeconfigClusterConfig)
            and cluster.path is not None
            and cluster.secret is not None
        ):
            yield Problem(
                f"clusters.{name}",
                f"path: {cluster.path}, secret: {cluster.secret}",
                "the kubeconfig comes from a file and from a secret",
                "Keep one of `path` and `secret`.",
            )


@rule
def kubeconfig_secrets_have_names_of_their_own(mesh: MeshConfig) -> Iterator[Problem]:
    """`hybrid-mesh:mesh` is the mesh, never a kubeconfig."""
    for name, cluster in mesh.clusters.items():
        if isinstance(cluster, KubeconfigClusterConfig) and cluster.secret == RESERVED_SECRET:
            yield Problem(
                f"clusters.{name}.secret",
                "mesh",
                "hybrid-mesh:mesh is the mesh itself",
                f"Name the secret otherwise: `pulumi config set --secret hybrid-mesh:{name}-kubeconfig`.",
            )


@rule
def kubeconfig_clusters_are_named_once(mesh: MeshConfig) -> Iterator[Problem]:
    """No two entries are the same cluster: the same kubeconfig and context."""
    seen: dict[tuple[str | None, str | None, str | None], str] = {}
    for name, cluster in sorted(mesh.clusters.items()):
        if not isinstance(cluster, KubeconfigClusterConfig):
            continue
        first = seen.setdefault((cluster.path, cluster.context, cluster.secret), name)
        if first != name:
            yield Problem(
                f"clusters.{name}.context",
                cluster.context or "the current one",
                f"this is the kubeconfig and context of cluster {first} too",
                "Give each cluster its own context, file or secret.",
            )


@rule
def peer_endpoints_can_be_reached(mesh: MeshConfig) -> Iterator[Problem]:
    """A peer endpoint is an https URL that means the same on other machines."""
    for name, cluster in mesh.clusters.items():
        endpoint = None if isinstance(cluster, LocalClusterConfig) else cluster.peer_endpoint
        if endpoint is None:
            continue
        path = f"clusters.{name}.peerEndpoint"
        if not is_url(endpoint, "https"):
            yield Problem(path, endpoint, "this is no https URL", "Write it like https://203.0.113.20:6443.")
        elif urlsplit(endpoint).hostname in _LOOPBACK:
            yield Problem(
                path,
                endpoint,
                "on any other machine this address is another one",
                "Write the address at which the other clusters reach the API server.",
            )
