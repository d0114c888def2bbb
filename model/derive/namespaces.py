"""The namespaces of a cluster with their labels."""

from collections.abc import Mapping

from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.demo import DemoConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.discovery import NAME_LABEL, added_labels, all_selectors
from hybrid_mesh.model.istio_facts import DEFAULT_NAMESPACE, INJECTION_LABEL, NETWORK_LABEL, SYSTEM_NAMESPACE


def outside_namespace(demo: DemoConfig) -> str:
    """The namespace of the demo's pod outside the mesh."""
    return f"{demo.namespace}-outside"


def namespace_labels(mesh: MeshConfig, name: str) -> dict[str, dict[str, str]]:
    """The namespaces that the program declares in cluster `name`, `istio-system` among them, with their
    labels: its own, those of `namespaces`, and those by which every istiod reads the namespace."""
    selectors = all_selectors(mesh)
    return {
        space: {**labels, **added_labels(selectors, {**labels, NAME_LABEL: space})}
        for space, labels in _before_discovery(mesh, name).items()
    }


def _before_discovery(mesh: MeshConfig, name: str) -> dict[str, dict[str, str]]:
    cluster = mesh.clusters[name]
    cloud = cloud_of(cluster)
    of_gateways: Mapping[str, str] = cloud.gateway_namespace_labels if cloud else {}
    here = sorted({each.namespace for each in mesh.ingress.values() if each.cluster == name})
    found: dict[str, dict[str, str]] = {space: {} for space in here}
    inside = {group.namespace for group in mesh.workload_groups.values()}
    if mesh.demo is not None:
        inside.add(mesh.demo.namespace)
        found[outside_namespace(mesh.demo)] = {INJECTION_LABEL: "disabled"}
    # Kubernetes creates `default`, whose other pods must not get sidecars.
    found |= {space: {INJECTION_LABEL: "enabled"} for space in inside - {DEFAULT_NAMESPACE}}
    for space, config in mesh.namespaces.items():
        policy = {INJECTION_LABEL: config.injection} if config.injection else {}
        found[space] = {**config.labels, **found.get(space, {}), **policy}
    for space in here:
        found[space] |= of_gateways
    found[SYSTEM_NAMESPACE] = {NETWORK_LABEL: cluster.network, **of_gateways}
    return found
