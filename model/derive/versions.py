"""The releases of Kubernetes that a release of Istio supports."""

from hybrid_mesh.model.istio_facts import KUBERNETES_MINORS


def kubernetes_minors(istio: str) -> tuple[int, int] | None:
    """The oldest and the newest minor release of Kubernetes 1 that Istio `istio` (1.31.0) supports; None for
    a release that the mesh does not support itself."""
    return KUBERNETES_MINORS.get(istio.rpartition(".")[0])


def minor_of(version: str) -> int:
    """The minor release of a version of Kubernetes 1: 35 of `1.35` and of `1.35.3-gke.1200`."""
    return int(version.split(".")[1])
