"""Releases of Istio, and those of Kubernetes that they support."""

import re

from hybrid_mesh.model.istio_facts import KUBERNETES_MINORS


def kubernetes_minors(istio: str) -> tuple[int, int] | None:
    """The oldest and the newest minor release of Kubernetes 1 that Istio `istio` (1.31.0) supports; None for
    a release that the mesh does not support itself."""
    return KUBERNETES_MINORS.get(istio.rpartition(".")[0])


def minor_of(version: str) -> int:
    """The minor release of a version of Kubernetes 1: 35 of `1.35` and of `1.35.3-gke.1200`."""
    return int(version.split(".")[1])


_RELEASE = re.compile(r"(?<![0-9.])\d+\.\d+\.\d+")


def istio_release(image: str, label: str) -> str | None:
    """The release of an istiod, `1.31.0`: the tag of its `image`, else the chart's `label`
    (`app.kubernetes.io/version`); None if neither has one."""
    tag = image.partition("@")[0].rpartition(":")[2]
    found = _RELEASE.search(tag) or _RELEASE.search(label)
    return found[0] if found else None
