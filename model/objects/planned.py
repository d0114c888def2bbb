"""What the plan says about one object of a cluster: the object itself, and how it is declared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.model.objects.manifest import Manifest

AT_RUN_TIME = "(known at run time)"
"""Stands in a manifest for a secret that only the run can tell."""


@dataclass(frozen=True)
class Planned:
    """`component` is the component that declares it and `key` its name in there: the resource is called
    `<mesh>-<component>-<key>`. `after` names what must be there first, in the same form without the mesh.
    `filled` are the top-level fields of a manifest, or of a release's values, that only the run knows.
    """

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

    @property
    def is_namespace(self) -> bool:
        return bool(self.manifest["kind"] == "Namespace")


@dataclass(frozen=True)
class ChartSource:
    """Where a chart comes from, in the terms of Pulumi's `Release`: a path, an OCI address, or the name of a
    chart in the Helm repository `repository`."""

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
    """Whether it takes over objects of its chart that the cluster has already, as `helm --take-ownership`."""
    awaited: bool = True
    """Whether Helm waits until its objects are ready, as `helm --wait`. Custom resource definitions are
    served within moments of their creation, and Helm polls only every two seconds."""
