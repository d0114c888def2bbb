"""Rules on what a cluster already has: Istio, its certificates, the CRDs of the Gateway API."""

from hybrid_mesh.model.checks.registry import cluster_rule, group_rule, readable, rule
from hybrid_mesh.model.config.clusters import ClusterConfig, KubeconfigClusterConfig, LocalClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.trust import (
    AwsPrivateCaTrustConfig,
    GoogleCasTrustConfig,
    SelfSignedTrustConfig,
)
from hybrid_mesh.model.derive.discovery import NAME_LABEL, added_labels, all_selectors
from hybrid_mesh.model.derive.existing import gateway_api_source
from hybrid_mesh.model.istio_facts import DEFAULT_NAMESPACE
from hybrid_mesh.model.reading.problems import Problem, Problems


@cluster_rule
def new_clusters_have_no_istio(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`istio.ownership`, `gateway.ownership` and `certificates` can only differ from `own` for clusters of
    type `kubeconfig`. The program creates the others, which have none of these."""
    if isinstance(cluster, KubeconfigClusterConfig):
        return
    given = {
        "istio.ownership": cluster.istio.ownership,
        "gateway.ownership": cluster.gateway.ownership,
        "certificates": cluster.certificates,
    }
    for key, value in given.items():
        if value != "own":
            yield Problem(
                f"clusters.{name}.{key}",
                value,
                f"the program creates clusters of type {cluster.type}, without Istio and certificates",
                f"Leave `{key.rpartition('.')[2]}` out, or set it to own.",
            )


@cluster_rule
def local_clusters_get_the_gateway_api(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`gatewayApi: existing` is not allowed with local clusters, which are created without CRDs."""
    if isinstance(cluster, LocalClusterConfig) and gateway_api_source(mesh, name) == "existing":
        yield Problem(
            "istio.gatewayApi" if cluster.istio.gateway_api is None else f"clusters.{name}.istio.gatewayApi",
            "existing",
            "local clusters do not have the CRDs of the Gateway API",
            "Leave `gatewayApi` out, or set it to install.",
        )


@cluster_rule
def an_existing_istio_has_certificates(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`istio.ownership: existing` requires `certificates: existing`: another root would cut off every
    workload that runs there until it is restarted."""
    if not isinstance(cluster, KubeconfigClusterConfig):
        return
    if cluster.istio.ownership == "existing" and cluster.certificates == "own":
        yield Problem(
            f"clusters.{name}.certificates",
            cluster.certificates,
            "the Istio of this cluster is installed by others and has certificates already",
            "Set `certificates: existing`.",
        )


@cluster_rule
def only_an_existing_mesh_has_its_parts(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`gateway.ownership: existing` and `istio.remoteSecret` require an Istio that is there already."""
    adopted = isinstance(cluster, KubeconfigClusterConfig) and cluster.gateway.ownership == "existing"
    given = {
        "gateway.ownership": "existing" if adopted else None,
        "istio.remoteSecret": cluster.istio.remote_secret,
    }
    for key, value in given.items():
        if value is not None and cluster.istio.ownership == "own":
            yield Problem(
                f"clusters.{name}.{key}",
                value,
                "the program installs Istio in this cluster, which therefore has no such object yet",
                f"Leave `{key.rpartition('.')[2]}` out, or set `istio: {{ownership: existing}}`.",
            )


@cluster_rule
def existing_certificates_have_the_meshs_root(
    mesh: MeshConfig, name: str, cluster: ClusterConfig
) -> Problems:
    """`certificates: existing` requires a root that exists already: `trust.issuer: existing` if all clusters
    have certificates, else `files`, or a certificate authority in a cloud that `trust` names."""
    if not isinstance(cluster, KubeconfigClusterConfig) or cluster.certificates == "own":
        return
    if _creates_root(mesh):
        yield Problem(
            f"clusters.{name}.certificates",
            cluster.certificates,
            f"trust.issuer: {mesh.trust.issuer} creates a new root, which existing certificates cannot have",
            "Set `trust` to the root of these certificates: `issuer: existing`, or `issuer: files` if other "
            "clusters need certificates.",
        )


@rule
def the_issuer_is_needed(mesh: MeshConfig) -> Problems:
    """`trust.issuer` must be `existing` if all clusters have `certificates: existing`, and only then."""
    sources = readable(mesh.clusters, lambda cluster: cluster.certificates)
    issuing = [name for name, source in sources.items() if source == "own"]
    existing = mesh.trust.issuer == "existing"
    if existing and issuing:
        yield Problem(
            "trust.issuer",
            mesh.trust.issuer,
            f"cluster {issuing[0]} needs a certificate, and nothing issues it",
            f"Set `clusters.{issuing[0]}.certificates: existing`, or another issuer.",
        )
    if not existing and sources and not issuing and not _creates_root(mesh):
        yield Problem(
            "trust.issuer",
            mesh.trust.issuer,
            "all clusters have certificates already, so nothing would be issued",
            "Set `issuer: existing`.",
        )


@group_rule
def only_vms_with_an_agent_have_an_account(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig
) -> Problems:
    """`ownership` and `serviceAccountOwnership` require VMs with Istio's agent: others have no WorkloadGroup
    and no service account."""
    settings = {
        "ownership": (group.ownership, "WorkloadGroup"),
        "serviceAccountOwnership": (group.service_account_ownership, "service account"),
    }
    for key, (ownership, kind) in settings.items():
        if not group.has_agent and ownership != "own":
            yield Problem(
                f"workloadGroups.{name}.{key}",
                ownership,
                f"machines of type static have no {kind}",
                "Leave it out.",
            )


@group_rule
def istiod_reads_the_namespace_default(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """A group in the namespace `default`, whose labels the program does not change, requires that
    `discoverySelectors` select it."""
    if group.namespace == DEFAULT_NAMESPACE and added_labels(
        all_selectors(mesh), {NAME_LABEL: DEFAULT_NAMESPACE}
    ):
        yield Problem(
            f"workloadGroups.{name}.namespace",
            group.namespace,
            "the discoverySelectors of `istio.values` leave this namespace out",
            f"Add a selector with `matchLabels: {{{NAME_LABEL}: {DEFAULT_NAMESPACE}}}`, or move the group.",
        )


def _creates_root(mesh: MeshConfig) -> bool:
    match mesh.trust:
        case SelfSignedTrustConfig() | GoogleCasTrustConfig(pool=None) | AwsPrivateCaTrustConfig(arn=None):
            return True
        case _:
            return False
