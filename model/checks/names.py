"""Rules on configured and derived names."""

from collections.abc import Iterator

from hybrid_mesh.model.checks.formats import starts_with_letter
from hybrid_mesh.model.checks.registry import readable, rule
from hybrid_mesh.model.config.clusters import GkeClusterConfig, LocalClusterConfig
from hybrid_mesh.model.config.machines import LocalMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.object_names import minting_name, route_name
from hybrid_mesh.model.istio_facts import DEFAULT_NAMESPACE, SYSTEM_NAMESPACE
from hybrid_mesh.model.reading.problems import Problem, Problems

NAME_LIMIT = 63

RESERVED_NAMESPACES = frozenset({SYSTEM_NAMESPACE, DEFAULT_NAMESPACE})
"""Namespaces that are not for workloads: Istio's own, and the one that every cluster already has."""


@rule
def derived_names_are_short_enough(mesh: MeshConfig) -> Problems:
    """Names that derive from a name must have at most 63 characters, the limit of DNS labels and label
    values."""
    for path, given, derived in _derived(mesh):
        excess = len(derived) - NAME_LIMIT
        if excess > 0:
            yield Problem(
                path,
                given,
                f"the derived name `{derived}` is too long: {len(derived)} characters, {NAME_LIMIT} at most",
                f"Make this name {excess} characters shorter.",
            )


@rule
def names_of_services_begin_with_a_letter(mesh: MeshConfig) -> Problems:
    """The name of a group must begin with a letter, as a Service has its name (RFC 1035)."""
    names = [
        *((f"workloadGroups.{name}", name) for name in readable(mesh.workload_groups, bool)),
        *((f"ingress.{name}", name) for name in readable(mesh.ingress, bool)),
        *((("demo.service", mesh.demo.service),) if mesh.demo else ()),
    ]
    for path, name in names:
        if not starts_with_letter(name):
            yield Problem(
                path, name, "it names a Service, so it must begin with a letter", f"For example, use x{name}."
            )


@rule
def namespaces_are_not_reserved(mesh: MeshConfig) -> Problems:
    """`namespace` must not be a namespace of Istio or Kubernetes. Groups may be in `default`, which the
    program does not change."""
    demo = [("demo.namespace", mesh.demo.namespace)] if mesh.demo else []
    for path, namespace in [*_namespaces(mesh), *demo]:
        if namespace == DEFAULT_NAMESPACE and path.startswith("workloadGroups."):
            continue
        if is_reserved(namespace):
            yield Problem(
                path,
                namespace,
                "this namespace is not for workloads",
                "Choose a namespace of your own; it is created automatically.",
            )


def is_reserved(namespace: str) -> bool:
    """Whether a namespace is one of Istio, Kubernetes or every cluster."""
    return namespace in RESERVED_NAMESPACES or namespace.startswith("kube-")


@rule
def the_demo_and_groups_have_different_names(mesh: MeshConfig) -> Problems:
    """`service` must not be the name of a group in the same namespace."""
    demo = mesh.demo
    if demo is None:
        return
    names = readable(
        mesh.workload_groups,
        lambda group: (group.namespace, group.service.name, bool(group.ports) and not group.custom_hosts),
    )
    for name, (namespace, service, has_service) in names.items():
        if has_service and (namespace, service or name) == (demo.namespace, demo.service):
            yield Problem(
                "demo.service",
                demo.service,
                f"group {name} has a Service with the same name in namespace {demo.namespace}",
                "Name one of the two differently.",
            )


@rule
def the_outside_namespace_is_unused(mesh: MeshConfig) -> Problems:
    """`namespace` must not be that of the demo's pod outside the mesh, `<demo namespace>-outside`."""
    if mesh.demo is None:
        return
    for path, namespace in _namespaces(mesh):
        if namespace == f"{mesh.demo.namespace}-outside":
            yield Problem(
                path,
                namespace,
                "the demo's pod outside the mesh runs in this namespace",
                "Choose another namespace.",
            )


@rule
def local_clusters_and_vms_have_different_names(mesh: MeshConfig) -> Problems:
    """The name of a local cluster must not be that of a local VM: both are host names of the local site."""
    clusters = readable(mesh.clusters, lambda cluster: isinstance(cluster, LocalClusterConfig))
    for name, count in _local_vm_counts(mesh).items():
        for machine in sorted(f"{name}-{index}" for index in range(count)):
            if clusters.get(machine):
                yield Problem(
                    f"clusters.{machine}",
                    machine,
                    f"a VM of group {name} has the same name",
                    "Name the cluster or the group differently.",
                )


@rule
def route_names_are_unique(mesh: MeshConfig) -> Problems:
    """`name` must be unique among the routes of a namespace, also across gateways."""
    owners: dict[tuple[str, str, str], str] = {}
    ingresses = readable(mesh.ingress, lambda ingress: (ingress.cluster, ingress.namespace, ingress.routes))
    for name, (cluster, namespace, routes) in ingresses.items():
        for index, route in enumerate(routes):
            path = f"ingress.{name}.routes.{index}.name"
            derived = route_name(name, route.name)
            first = owners.setdefault((cluster, namespace, derived), path)
            if first != path:
                yield Problem(
                    path,
                    route.name,
                    f"the HTTPRoute of {first} has the same name, {derived}",
                    "Give each route a name of its own.",
                )


def _namespaces(mesh: MeshConfig) -> list[tuple[str, str]]:
    """Path and name of the namespaces of groups and ingresses."""
    groups = readable(mesh.workload_groups, lambda group: group.namespace)
    ingresses = readable(mesh.ingress, lambda ingress: ingress.namespace)
    return [
        *((f"workloadGroups.{name}.namespace", namespace) for name, namespace in groups.items()),
        *((f"ingress.{name}.namespace", namespace) for name, namespace in ingresses.items()),
    ]


def _local_vm_counts(mesh: MeshConfig) -> dict[str, int]:
    return readable(
        mesh.workload_groups,
        lambda group: group.machines.count if isinstance(group.machines, LocalMachinesConfig) else 0,
    )


def _derived(mesh: MeshConfig) -> Iterator[tuple[str, str, str]]:
    """Path, configured name and derived name of everything that is named after a section."""
    for name in readable(mesh.workload_groups, bool):
        yield f"workloadGroups.{name}", name, minting_name(name)
    for name, count in _local_vm_counts(mesh).items():
        if count:
            yield f"workloadGroups.{name}", name, f"{name}-{count - 1}"
    gke = readable(mesh.clusters, lambda cluster: isinstance(cluster, GkeClusterConfig))
    for name in (name for name, is_gke in gke.items() if is_gke):
        yield f"clusters.{name}", name, f"services-{name}"
    for name in readable(mesh.ingress, bool):
        yield f"ingress.{name}", name, f"{name}-istio"
    for name, namespace in readable(mesh.ingress, lambda ingress: ingress.namespace).items():
        yield f"ingress.{name}.namespace", namespace, f"{namespace}-{name}"
    for name, routes in readable(mesh.ingress, lambda ingress: ingress.routes).items():
        for index, route in enumerate(routes):
            yield f"ingress.{name}.routes.{index}.name", route.name, route_name(name, route.name)
    if mesh.demo is not None:
        yield "demo.namespace", mesh.demo.namespace, f"{mesh.demo.namespace}-outside"
