"""A planned object of a cluster: the object itself, and how it is declared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.model.objects.manifest import Manifest

AT_RUN_TIME = "(known at run time)"
"""Placeholder in a manifest for a secret that is only known at run time."""
UNAWAITED = {"pulumi.com/skipAwait": "true"}
"""For Services that select VMs: Pulumi would wait for pods (pulumi-kubernetes, "await logic")."""
PROGRAMMED = {"pulumi.com/waitFor": "condition=Programmed"}
"""For Gateways: Pulumi waits until the controller has created the proxies and their Service."""


@dataclass(frozen=True)
class Planned:
    """`component` is the component that declares it and `key` its name in the component: the resource is
    called `<mesh>-<component>-<key>`. `after` lists the objects that must exist first, in the same form
    without the mesh. `filled` are the top-level fields of a manifest, or of a release's values, that are only
    known at run time."""

    component: str
    key: str
    after: tuple[str, ...]
    filled: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.component}-{self.key}"


@dataclass(frozen=True)
class PlannedObject(Planned):
    """A Kubernetes object."""

    manifest: Manifest
    kept: bool = False
    """Whether a destroy leaves it in the cluster."""
    adopted: bool = False
    """Whether an existing one is taken over, and kept by a destroy."""

    @property
    def is_namespace(self) -> bool:
        return bool(self.manifest["kind"] == "Namespace")

    @property
    def is_pull_secret(self) -> bool:
        """Whether it has the credentials of the image registry."""
        return bool(self.manifest.get("type") == "kubernetes.io/dockerconfigjson")


@dataclass(frozen=True)
class ChartSource:
    """The source of a chart, as Pulumi's `Release` takes it: a path, an OCI URL, or the name of a chart in
    the Helm repository `repository`."""

    chart: str
    version: str | None = None
    repository: str | None = None


@dataclass(frozen=True)
class PlannedRelease(Planned):
    """A Helm release."""

    release: str
    namespace: str
    source: ChartSource
    values: Mapping[str, Any]
    adopts: bool = False
    """Whether it takes over existing objects of its chart, as `helm --take-ownership` does."""
    awaited: bool = True
    """Whether Helm waits until its objects are ready, as `helm --wait` does. CRDs are served immediately
    after their creation, but Helm polls only every two seconds."""
    kept: bool = False
    """Whether a destroy leaves it in the cluster."""
    timeout: int | None = None
    """How long Helm waits, in seconds; None for its default of five minutes."""


Entry = PlannedObject | PlannedRelease
