"""Derives the plan from the configuration. Pure: the same text gives the same plan."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

from hybrid_mesh.model.checks import run, warnings
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig, LocalClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.trust import GoogleCasTrustConfig, TrustConfig
from hybrid_mesh.model.derive.api_access import egress, nat_addresses
from hybrid_mesh.model.derive.clouds import network_cidrs, plan_subnets, project, zones
from hybrid_mesh.model.derive.collectors import collectors, outside, reports
from hybrid_mesh.model.derive.firewall import plan_firewall
from hybrid_mesh.model.derive.flat_keys import trust_keys
from hybrid_mesh.model.derive.labels import MESH, component_labels, mesh_labels
from hybrid_mesh.model.derive.local_pod_cidrs import pod_ranges
from hybrid_mesh.model.derive.object_names import certificate_keys
from hybrid_mesh.model.objects.ingress import gateway
from hybrid_mesh.model.objects.routes import routes
from hybrid_mesh.model.plan import user_data  # noqa: F401 - registers the rule that needs the texts
from hybrid_mesh.model.plan.groups import plan_group
from hybrid_mesh.model.plan.kiali import kiali_objects
from hybrid_mesh.model.plan.kinds import cluster_of_kind, network_of_kind
from hybrid_mesh.model.plan.objects import cluster_objects
from hybrid_mesh.model.plan.types import (
    ClusterPlan,
    GroupPlan,
    IngressPlan,
    MeshPlan,
    NetworkPlan,
    RemoteSecretEntry,
)
from hybrid_mesh.model.reading.bounds import bounds_problem
from hybrid_mesh.model.reading.parse import ParsedMesh, parse_mesh
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import StackFile


def plan_from(
    raw: Mapping[str, Any] | MeshConfig,
    stack: str,
    *,
    existing: Collection[str] = (),
    file: StackFile | None = None,
) -> MeshPlan:
    """Reads, checks and plans the raw value of `hybrid-mesh:mesh`, or a configuration made in Python.

    `existing` names the clusters of type `kubeconfig` to which the program itself has access: they need no
    `path`, `context` or `secret`. Problems have their places in `file` if it holds the same mesh.

    Raises ConfigurationError with every problem of its form and every rule that it breaks, without the
    consequences of either. What only `up` refuses is in the plan's `warnings`.
    """
    if too_large := bounds_problem(raw):
        raise ConfigurationError([too_large])
    source = file if file is not None and file.mesh == raw else None
    raw = _in_order_of_file(raw, file)
    parsed = ParsedMesh(raw) if isinstance(raw, MeshConfig) else parse_mesh(raw, source)
    if not parsed.problems:
        parsed = ParsedMesh(_reached_by_program(parsed.mesh, existing))
    problems = [*parsed.problems, *run(parsed.mesh)]
    if problems:
        raise ConfigurationError(source.located(problems) if source is not None else problems)
    found = warnings(parsed.mesh)
    located = source.located(found) if source is not None else found
    return replace(_plan_mesh(parsed.mesh, stack), warnings=tuple(located))


def _in_order_of_file(
    raw: Mapping[str, Any] | MeshConfig, file: StackFile | None
) -> Mapping[str, Any] | MeshConfig:
    """`raw` with its clusters in the order of `file`, on which default pod CIDRs depend. Pulumi's engine
    sorts the keys that it gives to the program."""
    clusters = raw.get("clusters") if isinstance(raw, Mapping) else None
    order = file.mesh.get("clusters") if file is not None else None
    if not isinstance(raw, Mapping) or not isinstance(clusters, Mapping) or not isinstance(order, Mapping):
        return raw
    if clusters.keys() != order.keys():
        return raw
    return {**raw, "clusters": {name: clusters[name] for name in order}}


def _reached_by_program(mesh: MeshConfig, existing: Collection[str]) -> MeshConfig:
    """The mesh whose clusters `existing` name no kubeconfig; each counts as a context of its own."""
    clusters = {
        name: cluster.model_copy(update={"path": None, "secret": None, "context": name})
        for name, cluster in mesh.clusters.items()
        if name in existing and isinstance(cluster, KubeconfigClusterConfig)
    }
    return mesh.model_copy(update={"clusters": {**mesh.clusters, **clusters}})


def _plan_mesh(mesh: MeshConfig, stack: str) -> MeshPlan:
    groups = {name: plan_group(mesh, stack, name) for name in sorted(mesh.workload_groups)}
    ingresses = {name: _plan_ingress(mesh, stack, name) for name in sorted(mesh.ingress)}
    clusters = {
        name: _plan_cluster(mesh, stack, name, groups.values(), ingresses.values())
        for name in sorted(mesh.clusters)
    }
    return MeshPlan(
        stack=stack,
        mesh_id=mesh.id,
        trust_domain=mesh.trust_domain,
        istio=mesh.istio,
        trust=_trust(mesh),
        networks={name: _plan_network(mesh, name) for name in sorted(mesh.networks)},
        clusters=clusters,
        groups=groups,
        ingresses=ingresses,
        remote_secrets=tuple(
            RemoteSecretEntry(holder=cluster.name, peer=peer)
            for cluster in clusters.values()
            for peer in cluster.peers
        ),
        demo=mesh.demo,
        telemetry=mesh.telemetry,
        reporting=tuple(name for name in sorted(mesh.clusters) if reports(mesh, name)),
        inside_collectors=tuple(each for each in collectors(mesh) if each.is_service),
        outside_collectors=tuple(each for each in collectors(mesh) if outside(mesh, each)),
        kiali=mesh.kiali,
        secrets=_secrets(mesh),
        project=mesh.project,
        protected=mesh.protected,
        labels=_labels(mesh, stack),
    )


def _plan_network(mesh: MeshConfig, name: str) -> NetworkPlan:
    network = mesh.networks[name]
    members = sorted(key for key, cluster in mesh.clusters.items() if cluster.network == name)
    planned = NetworkPlan(
        name=name,
        config=network,
        clusters=tuple(members),
        cidrs=tuple(map(str, network_cidrs(mesh, name))),
        groups=tuple(sorted(key for key, group in mesh.workload_groups.items() if group.network == name)),
        gateway_clusters=tuple(
            key
            for key in members
            if mesh.clusters[key].state == "active" and mesh.clusters[key].gateway.enabled
        ),
        gateway_address=network.gateway,
        direct=network.reachable == "direct",
        project=project(mesh, name),
        zones=zones(mesh, name),
        subnets=plan_subnets(mesh, name),
        firewall=plan_firewall(mesh, name),
        nat_addresses=nat_addresses(mesh, name),
        egress=tuple(source.cidr for source in egress(mesh, name, "known") if source.cidr),
    )
    return network_of_kind(planned)


def _plan_cluster(
    mesh: MeshConfig,
    stack: str,
    name: str,
    groups: Collection[GroupPlan],
    ingresses: Collection[IngressPlan],
) -> ClusterPlan:
    cluster = mesh.clusters[name]
    active = sorted(key for key, other in mesh.clusters.items() if other.state == "active")
    peers = tuple(key for key in active if key != name)
    pods, services = _cidrs(mesh, name)
    planned = ClusterPlan(
        name=name,
        config=cluster,
        peers=peers,
        pod_cidr=str(pods) if pods else None,
        service_cidr=str(services) if services else None,
        groups=tuple(sorted(key for key, group in mesh.workload_groups.items() if group.cluster == name)),
        objects=(
            *cluster_objects(
                mesh,
                name,
                peers=peers,
                groups=groups,
                ingresses=ingresses,
                labels=component_labels(_labels(mesh, stack), f"{MESH}-{name}-gateway"),
            ),
            *kiali_objects(mesh, name, peers),
        ),
    )
    return cluster_of_kind(mesh, planned)


def _cidrs(mesh: MeshConfig, name: str) -> tuple[IPv4Network | None, IPv4Network | None]:
    """CIDRs of a cluster's pods and Services, as far as they are planned."""
    cluster = mesh.clusters[name]
    cloud = cloud_of(cluster)
    if cloud is not None:
        cidrs = cloud.cluster_cidrs(mesh.networks[cluster.network], cluster)
        return cidrs.pods, cidrs.services
    services = cluster.service_cidr if isinstance(cluster, LocalClusterConfig) else None
    return pod_ranges(mesh).get(name), services


def _plan_ingress(mesh: MeshConfig, stack: str, name: str) -> IngressPlan:
    ingress = mesh.ingress[name]
    cloud = cloud_of(mesh.clusters[ingress.cluster])
    labels = component_labels(_labels(mesh, stack), f"{MESH}-ingress-{name}")
    annotations = cloud.load_balancer_annotations(labels) if cloud else {}
    return IngressPlan(
        name=name,
        config=ingress,
        gateway=gateway(name, ingress, annotations),
        routes=routes(name, ingress, mesh.workload_groups),
    )


def _labels(mesh: MeshConfig, stack: str) -> dict[str, str]:
    return mesh_labels(stack, mesh.id, mesh.labels)


def _trust(mesh: MeshConfig) -> TrustConfig:
    """The configured trust, with its project filled in."""
    trust = mesh.trust
    if not isinstance(trust, GoogleCasTrustConfig):
        return trust
    return trust.model_copy(update={"project": trust.project or mesh.project})


def _secrets(mesh: MeshConfig) -> tuple[str, ...]:
    kubeconfigs = (
        cluster.secret
        for cluster in mesh.clusters.values()
        if isinstance(cluster, KubeconfigClusterConfig) and cluster.secret is not None
    )
    trust = trust_keys(mesh).values()
    registry = (mesh.istio.pull_secret,) if mesh.istio.pull_secret is not None else ()
    listeners = (listener for ingress in mesh.ingress.values() for listener in ingress.listeners)
    certificates = (key for listener in listeners for key in certificate_keys(listener))
    return tuple(sorted({*kubeconfigs, *trust, *registry, *certificates}))
