"""The services that a stack needs enabled, and what those who run Pulumi must be allowed to do."""

from collections import defaultdict
from collections.abc import Iterator

from hybrid_mesh.model.clouds import aws_permissions
from hybrid_mesh.model.clouds import google_permissions as google
from hybrid_mesh.model.config.trust import AwsPrivateCaTrustConfig, GoogleCasTrustConfig
from hybrid_mesh.model.plan.kinds import AwsNetworkPlan, EksClusterPlan, GcpNetworkPlan, GkeClusterPlan
from hybrid_mesh.model.plan.requirements.types import Access
from hybrid_mesh.model.plan.types import MeshPlan

UP = "up and destroy"
PREVIEW = "preview and drift"
SERVICE_AGENT = "GKE's service agent"


def services(plan: MeshPlan) -> dict[str, tuple[str, ...]]:
    """The APIs to enable, by project, sorted."""
    found: dict[str, set[str]] = defaultdict(set)
    for project, names, _, _ in _google_parts(plan):
        found[project].update(names)
    return {project: tuple(sorted(found[project])) for project in sorted(found)}


def access(plan: MeshPlan) -> tuple[Access, ...]:
    """By cloud and project: first for up and destroy, then for preview and drift."""
    up: dict[str, dict[str, None]] = defaultdict(dict)
    preview: dict[str, dict[str, None]] = defaultdict(dict)
    for project, _, roles, viewers in _google_parts(plan):
        up[project].update(dict.fromkeys(roles))
        preview[project].update(dict.fromkeys(viewers))
    found = [
        Access("Google", project, purpose, tuple(roles[project]))
        for project in sorted(up)
        for purpose, roles in ((UP, up), (PREVIEW, preview))
        if roles[project]
    ]
    return (*found, *_key_users(plan), *_aws(plan))


def _key_users(plan: MeshPlan) -> Iterator[Access]:
    for key in _keys(plan):
        project = key.split("/")[1]
        yield Access("Google", project, SERVICE_AGENT, (f"{google.KEY_ROLE}, on the key {key}",))


def _keys(plan: MeshPlan) -> list[str]:
    """The keys with which GKE encrypts Secrets, sorted."""
    keys = {
        cluster.config.database_encryption_key
        for cluster in plan.clusters.values()
        if isinstance(cluster, GkeClusterPlan)
    }
    return sorted(key for key in keys if key)


def _google_parts(
    plan: MeshPlan,
) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """For each part of the plan on Google Cloud: project, APIs, roles of up and roles of preview."""
    for network in plan.networks.values():
        if not isinstance(network, GcpNetworkPlan):
            continue
        project = network.project or ""
        identities = google.IDENTITY_ROLES if network.clusters or network.groups else ()
        yield (
            project,
            google.NETWORK_SERVICES,
            (*google.NETWORK_ROLES, *identities),
            google.NETWORK_VIEWERS,
        )
        if any(isinstance(plan.clusters[name], GkeClusterPlan) for name in network.clusters):
            yield project, google.CLUSTER_SERVICES, google.CLUSTER_ROLES, google.CLUSTER_VIEWERS
    for cluster in plan.clusters.values():
        if isinstance(cluster, GkeClusterPlan):
            for repository in cluster.config.node_pool.image_repositories:
                role = f"{google.REPOSITORY_ROLE}, on the repository {repository}"
                project = repository.partition("/")[0]
                yield project, google.REPOSITORY_SERVICES, (role,), ("roles/iam.securityReviewer",)
    for key in _keys(plan):
        yield key.split("/")[1], google.KEY_SERVICES, (), ()
    if isinstance(plan.trust, GoogleCasTrustConfig):
        project = plan.trust.project or ""
        yield project, google.AUTHORITY_SERVICES, google.AUTHORITY_ROLES, google.AUTHORITY_VIEWERS


def _aws(plan: MeshPlan) -> tuple[Access, ...]:
    networks = [each for each in plan.networks.values() if isinstance(each, AwsNetworkPlan)]
    if not networks and not isinstance(plan.trust, AwsPrivateCaTrustConfig):
        return ()
    makes_roles = any(network.clusters or network.groups for network in networks)
    clusters = [name for name, each in plan.clusters.items() if isinstance(each, EksClusterPlan)]
    entries = tuple(
        f"an access entry in cluster {name}: `operators.awsRoles` with `access: view`" for name in clusters
    )
    return (
        Access("AWS", "", UP, (aws_permissions.UP,), aws_permissions.policy() if makes_roles else None),
        Access("AWS", "", PREVIEW, (aws_permissions.PREVIEW, *entries)),
    )
