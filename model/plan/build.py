"""Derives the plan from the configuration: pure, the same answer for the same text."""

from collections.abc import Mapping
from typing import Any

from model.checks import run
from model.config.clusters import KubeconfigCluster, LocalCluster
from model.config.mesh import Mesh
from model.config.trust import FilesTrust
from model.labels import mesh_labels
from model.load import load_mesh
from model.manifests.ingress import gateway, routes
from model.plan.groups import plan_group
from model.plan.ranges import pod_ranges
from model.plan.types import ClusterPlan, IngressPlan, MeshPlan, NetworkPlan, RemoteSecretEntry
from model.problems import ConfigurationError
from model.render.istio_values import base_values, gateway_values, istiod_values


def plan_from(raw: Mapping[str, Any], stack: str) -> MeshPlan:
    """The plan of the raw value of `hybrid-mesh:mesh`. Raises ConfigurationError with every problem at
    once."""
    return plan_mesh(load_mesh(raw), stack)


def plan_mesh(mesh: Mesh, stack: str) -> MeshPlan:
    """The plan of a mesh. Raises ConfigurationError when the mesh breaks a rule, wherever it came from."""
    problems = run(mesh)
    if problems:
        raise ConfigurationError(problems)
    clusters = {name: _plan_cluster(mesh, name) for name in sorted(mesh.clusters)}
    return MeshPlan(
        stack=stack,
        mesh_id=mesh.id,
        trust_domain=mesh.trust_domain,
        istio=mesh.istio,
        trust=mesh.trust,
        networks={name: _plan_network(mesh, name) for name in sorted(mesh.networks)},
        clusters=clusters,
        groups={name: plan_group(mesh, stack, name) for name in sorted(mesh.workload_groups)},
        ingresses={name: _plan_ingress(mesh, name) for name in sorted(mesh.ingress)},
        remote_secrets=tuple(
            RemoteSecretEntry(holder=cluster.name, peer=peer)
            for cluster in clusters.values()
            for peer in cluster.peers
        ),
        demo=mesh.demo,
        secrets=_secrets(mesh),
        project=mesh.project,
        protected=mesh.protected,
        labels=mesh_labels(stack, mesh.id, mesh.labels),
    )


def _plan_network(mesh: Mesh, name: str) -> NetworkPlan:
    network = mesh.networks[name]
    members = sorted(key for key, cluster in mesh.clusters.items() if cluster.network == name)
    return NetworkPlan(
        name=name,
        config=network,
        clusters=tuple(members),
        groups=tuple(sorted(key for key, group in mesh.workload_groups.items() if group.network == name)),
        gateway_clusters=tuple(
            key
            for key in members
            if mesh.clusters[key].state == "active" and mesh.clusters[key].gateway.enabled
        ),
        gateway_address=network.gateway,
        direct=network.reachable == "direct",
    )


def _plan_cluster(mesh: Mesh, name: str) -> ClusterPlan:
    cluster = mesh.clusters[name]
    active = (key for key, other in mesh.clusters.items() if other.state == "active")
    ranges = pod_ranges(mesh)
    return ClusterPlan(
        name=name,
        config=cluster,
        network=cluster.network,
        active=cluster.state == "active",
        peers=tuple(sorted(key for key in active if key != name)),
        pod_cidr=str(ranges[name]) if name in ranges else None,
        service_cidr=str(cluster.service_cidr) if isinstance(cluster, LocalCluster) else None,
        groups=tuple(sorted(key for key, group in mesh.workload_groups.items() if group.cluster == name)),
        base_values=base_values(),
        istiod_values=istiod_values(mesh, name, cluster),
        gateway_values=gateway_values(cluster),
        gateway_hosts=tuple(sorted({group.host for group in mesh.workload_groups.values() if group.host})),
    )


def _plan_ingress(mesh: Mesh, name: str) -> IngressPlan:
    ingress = mesh.ingress[name]
    return IngressPlan(
        name=name,
        config=ingress,
        cluster=ingress.cluster,
        namespace=ingress.namespace,
        gateway=gateway(name, ingress),
        routes=routes(name, ingress, mesh.workload_groups),
    )


def _secrets(mesh: Mesh) -> tuple[str, ...]:
    kubeconfigs = (
        cluster.secret
        for cluster in mesh.clusters.values()
        if isinstance(cluster, KubeconfigCluster) and cluster.secret is not None
    )
    trust = (mesh.trust.certificate, mesh.trust.key) if isinstance(mesh.trust, FilesTrust) else ()
    return tuple(sorted({*kubeconfigs, *trust}))
