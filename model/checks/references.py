"""Rules on references to other sections."""

from collections.abc import Mapping

from hybrid_mesh.model.checks.registry import cluster_rule, group_rule, ingress_rule, reference_rule, rule
from hybrid_mesh.model.config.clusters import ClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.routes import GroupBackendConfig
from hybrid_mesh.model.reading.problems import Problem, Problems, did_you_mean, shorten


@reference_rule
@cluster_rule
def clusters_are_in_known_networks(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`network` must be a key of `networks`."""
    yield from _known(f"clusters.{name}.network", cluster.network, mesh.networks, "network")


@reference_rule
@group_rule
def groups_are_in_known_networks(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`network` must be a key of `networks`."""
    yield from _known(f"workloadGroups.{name}.network", group.network, mesh.networks, "network")


@reference_rule
@group_rule
def groups_register_with_known_clusters(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`cluster` must be a key of `clusters`."""
    yield from _known(f"workloadGroups.{name}.cluster", group.cluster, mesh.clusters, "cluster")


@reference_rule
@ingress_rule
def ingresses_are_in_known_clusters(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`cluster` must be a key of `clusters`."""
    yield from _known(f"ingress.{name}.cluster", ingress.cluster, mesh.clusters, "cluster")


@reference_rule
@ingress_rule
def routes_lead_to_known_groups(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`group` must be a key of `workloadGroups`."""
    for r, route in enumerate(ingress.routes):
        for key, backend in route.targets:
            if isinstance(backend, GroupBackendConfig):
                path = f"ingress.{name}.routes.{r}.{key}.group"
                yield from _known(path, backend.group, mesh.workload_groups, "workload group")


@reference_rule
@rule
def the_demo_runs_on_a_known_group(mesh: MeshConfig) -> Problems:
    """`group` must be a key of `workloadGroups`."""
    if mesh.demo is not None and mesh.demo.group is not None:
        yield from _known("demo.group", mesh.demo.group, mesh.workload_groups, "workload group")


@reference_rule
@rule
def telemetry_names_known_clusters(mesh: MeshConfig) -> Problems:
    """`clusters` must be keys of `clusters`."""
    for index, name in enumerate(mesh.telemetry.clusters if mesh.telemetry is not None else ()):
        yield from _known(f"telemetry.clusters.{index}", name, mesh.clusters, "cluster")


@reference_rule
@rule
def kiali_is_in_a_known_cluster(mesh: MeshConfig) -> Problems:
    """`cluster` must be a key of `clusters`."""
    if mesh.kiali is not None:
        yield from _known("kiali.cluster", mesh.kiali.cluster, mesh.clusters, "cluster")


def _known(path: str, value: str, members: Mapping[str, object], kind: str) -> Problems:
    if value in members:
        return
    names = sorted(members)
    remedy = did_you_mean(value, names)
    if not remedy:
        listed = shorten(", ".join(names), 200)
        remedy = f"Declared are: {listed}." if names else f"Declare a {kind} with this name."
    yield Problem(path, value, f"no {kind} with this name is declared", remedy)
