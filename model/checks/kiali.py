"""Rules on what Kiali gets."""

from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.namespaces import namespace_labels
from hybrid_mesh.model.reading.problems import Problem, Problems


@rule
def kiali_has_other_clusters(mesh: MeshConfig) -> Problems:
    """`kiali` requires a mesh of two or more clusters: Kiali reads its own cluster without it."""
    if mesh.kiali is not None and len(mesh.clusters) < 2:
        message = "the mesh has no other cluster, and Kiali's chart lets it read its own"
        yield Problem("kiali.cluster", mesh.kiali.cluster, message, "Leave `kiali` out.")


@rule
def kiali_is_in_a_namespace_of_the_mesh(mesh: MeshConfig) -> Problems:
    """`namespace` must be `istio-system` or a namespace that the program declares."""
    if mesh.kiali is None or mesh.kiali.cluster not in mesh.clusters:
        return
    if mesh.kiali.namespace not in namespace_labels(mesh, mesh.kiali.cluster):
        yield Problem(
            "kiali.namespace",
            mesh.kiali.namespace,
            "the program does not declare this namespace, so the Secret could come before it",
            f"Add it to `namespaces`: {{{mesh.kiali.namespace}: {{}}}}.",
        )
