"""Rules on names that point to other sections."""

from collections.abc import Iterable, Iterator

from model.checks.registry import rule
from model.config.ingress import GroupBackendConfig
from model.config.mesh import MeshConfig
from model.reading.problems import Problem, nearest


@rule
def clusters_are_in_known_networks(mesh: MeshConfig) -> Iterator[Problem]:
    """The network of a cluster exists."""
    for name, cluster in mesh.clusters.items():
        yield from _known(f"clusters.{name}.network", cluster.network, mesh.networks, "network")


@rule
def groups_are_in_known_networks(mesh: MeshConfig) -> Iterator[Problem]:
    """The network of a group exists."""
    for name, group in mesh.workload_groups.items():
        yield from _known(f"workloadGroups.{name}.network", group.network, mesh.networks, "network")


@rule
def groups_register_with_known_clusters(mesh: MeshConfig) -> Iterator[Problem]:
    """The cluster of a group exists."""
    for name, group in mesh.workload_groups.items():
        yield from _known(f"workloadGroups.{name}.cluster", group.cluster, mesh.clusters, "cluster")


@rule
def ingresses_are_in_known_clusters(mesh: MeshConfig) -> Iterator[Problem]:
    """The cluster of an ingress exists."""
    for name, ingress in mesh.ingress.items():
        yield from _known(f"ingress.{name}.cluster", ingress.cluster, mesh.clusters, "cluster")


@rule
def routes_lead_to_known_groups(mesh: MeshConfig) -> Iterator[Problem]:
    """The group of a route's backend exists."""
    for name, ingress in mesh.ingress.items():
        for r, route in enumerate(ingress.routes):
            for b, backend in enumerate(route.backends):
                if isinstance(backend, GroupBackendConfig):
                    path = f"ingress.{name}.routes.{r}.backends.{b}.group"
                    yield from _known(path, backend.group, mesh.workload_groups, "workload group")


@rule
def the_demo_runs_on_a_known_group(mesh: MeshConfig) -> Iterator[Problem]:
    """The demo's group exists."""
    if mesh.demo is not None and mesh.demo.group is not None:
        yield from _known("demo.group", mesh.demo.group, mesh.workload_groups, "workload group")


def _known(path: str, value: str, choices: Iterable[str], kind: str) -> Iterator[Problem]:
    names = sorted(choices)
    if value in names:
        return
    near = nearest(value, names)
    if near:
        remedy = f"Did you mean `{near}`?"
    elif names:
        remedy = f"There are: {', '.join(names)}."
    else:
        remedy = f"Declare a {kind} of this name first."
    yield Problem(path, value, f"there is no {kind} of this name", remedy)
