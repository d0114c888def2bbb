"""Rules on names, given and derived."""

from collections.abc import Iterator

from model.checks.formats import starts_with_letter
from model.checks.registry import rule
from model.config.clusters import GkeClusterConfig, LocalClusterConfig
from model.config.machines import LocalMachinesConfig
from model.config.mesh import MeshConfig
from model.derive.object_names import minting_name, route_name
from model.istio_facts import SYSTEM_NAMESPACE
from model.reading.problems import Problem

NAME_LIMIT = 63

RESERVED_NAMESPACES = frozenset({SYSTEM_NAMESPACE, "default"})
"""Namespaces that are not made for a workload: Istio's own, and the one that every cluster has already."""


@rule
def derived_names_are_short_enough(mesh: MeshConfig) -> Iterator[Problem]:
    """What is named after a section has 63 characters at most, as DNS and label values want it."""
    for path, given, derived in _derived(mesh):
        excess = len(derived) - NAME_LIMIT
        if excess > 0:
            yield Problem(
                path,
                given,
                f"this name is too long: `{derived}`, which is made of it, has {len(derived)} characters",
                f"Make it {excess} characters shorter.",
            )


@rule
def names_of_services_begin_with_a_letter(mesh: MeshConfig) -> Iterator[Problem]:
    """A Service's name is a DNS label of RFC 1035, which begins with a letter."""
    names = [
        *((f"workloadGroups.{name}", name) for name in mesh.workload_groups),
        *((f"ingress.{name}", name) for name in mesh.ingress),
        *((("demo.service", mesh.demo.service),) if mesh.demo else ()),
    ]
    for path, name in names:
        if not starts_with_letter(name):
            yield Problem(
                path, name, "a Service is named after it, and begins with a letter", f"Call it x{name}, say."
            )


@rule
def namespaces_are_the_users_own(mesh: MeshConfig) -> Iterator[Problem]:
    """No namespace is Istio's or Kubernetes' own."""
    used = [
        *(
            (f"workloadGroups.{name}.namespace", group.namespace)
            for name, group in mesh.workload_groups.items()
        ),
        *((f"ingress.{name}.namespace", ingress.namespace) for name, ingress in mesh.ingress.items()),
        *((("demo.namespace", mesh.demo.namespace),) if mesh.demo else ()),
    ]
    for path, namespace in used:
        if namespace in RESERVED_NAMESPACES or namespace.startswith("kube-"):
            yield Problem(
                path,
                namespace,
                "this namespace is not one for workloads",
                "Choose a name of your own; the namespace is made for you.",
            )


@rule
def the_demo_and_the_groups_are_called_differently(mesh: MeshConfig) -> Iterator[Problem]:
    """In the demo's namespace no group has the name of the demo's Service."""
    demo = mesh.demo
    group = mesh.workload_groups.get(demo.service) if demo else None
    if demo is not None and group is not None and group.namespace == demo.namespace and not group.host:
        yield Problem(
            "demo.service",
            demo.service,
            f"group {demo.service} has a Service of this name in namespace {demo.namespace}",
            "Name one of the two differently.",
        )


@rule
def the_pod_outside_has_a_namespace_of_its_own(mesh: MeshConfig) -> Iterator[Problem]:
    """Nothing of the mesh is in the namespace of the demo's pod outside the mesh."""
    if mesh.demo is None:
        return
    outside = f"{mesh.demo.namespace}-outside"
    used = [
        *(
            (f"workloadGroups.{name}.namespace", group.namespace)
            for name, group in mesh.workload_groups.items()
        ),
        *((f"ingress.{name}.namespace", ingress.namespace) for name, ingress in mesh.ingress.items()),
    ]
    for path, namespace in used:
        if namespace == outside:
            yield Problem(
                path, namespace, "the demo keeps its pod outside the mesh there", "Choose another namespace."
            )


@rule
def local_clusters_and_machines_are_called_differently(mesh: MeshConfig) -> Iterator[Problem]:
    """Nodes and machines of the lab are hosts beside each other, each with a name of its own."""
    locals_ = {name for name, cluster in mesh.clusters.items() if isinstance(cluster, LocalClusterConfig)}
    for name, group in sorted(mesh.workload_groups.items()):
        count = group.machines.count if isinstance(group.machines, LocalMachinesConfig) else 0
        for machine in sorted(locals_ & {f"{name}-{index}" for index in range(count)}):
            yield Problem(
                f"clusters.{machine}",
                machine,
                f"a machine of group {name} has this name",
                "Name the cluster or the group differently.",
            )


@rule
def routes_have_names_of_their_own(mesh: MeshConfig) -> Iterator[Problem]:
    """No two HTTPRoutes of a namespace have the same name, whichever ingress they belong to."""
    owners: dict[tuple[str, str, str], str] = {}
    for name, ingress in sorted(mesh.ingress.items()):
        for index, route in enumerate(ingress.routes):
            path = f"ingress.{name}.routes.{index}.name"
            derived = route_name(name, route.name)
            first = owners.setdefault((ingress.cluster, ingress.namespace, derived), path)
            if first != path:
                yield Problem(
                    path,
                    route.name,
                    f"HTTPRoute {derived} would be made of {first} too",
                    "Give each route a name of its own.",
                )


def _derived(mesh: MeshConfig) -> Iterator[tuple[str, str, str]]:
    """Path, given name and derived name of all that is named after a section."""
    for name, group in sorted(mesh.workload_groups.items()):
        path = f"workloadGroups.{name}"
        yield path, name, minting_name(name)
        if isinstance(group.machines, LocalMachinesConfig):
            yield path, name, f"{name}-{group.machines.count - 1}"
    for name, cluster in sorted(mesh.clusters.items()):
        if isinstance(cluster, GkeClusterConfig):
            yield f"clusters.{name}", name, f"services-{name}"
    for name, ingress in sorted(mesh.ingress.items()):
        yield f"ingress.{name}", name, f"{name}-istio"
        for index, route in enumerate(ingress.routes):
            yield f"ingress.{name}.routes.{index}.name", route.name, route_name(name, route.name)
    if mesh.demo is not None:
        yield "demo.namespace", mesh.demo.namespace, f"{mesh.demo.namespace}-outside"
