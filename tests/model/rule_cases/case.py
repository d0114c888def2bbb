"""What a case is, and the places and sections that many cases share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.model.meshes import DELETED

EAST, WEST = "clusters.east", "clusters.west"
LEGACY = "workloadGroups.legacy"
RATINGS = "workloadGroups.ratings"
PUBLIC = "ingress.public"
BACKENDS = f"{PUBLIC}.routes.0.backends"
FILE = f"{LEGACY}.application.files.0"

GROUP = {
    "namespace": "shop",
    "cluster": "east",
    "network": "amsterdam",
    "ports": {"http": 9080},
    "machines": {"type": "local"},
}
BUNDLE = {**GROUP, "machines": {"type": "bundle"}}
LONG = "a" * 60


@dataclass
class Case:
    """`changes` make the mesh of `stack` break `rule`, or the form in a way of this name, at `path`, where
    `value` stands: the first change and its value by default. `remedy` is part of the advice. `also`: paths
    of other rules that the same changes break in their own right."""

    rule: str
    changes: Mapping[str, Any]
    remedy: str
    path: str = ""
    value: str | None = None
    stack: str = "local"
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        path, value = next(iter(self.changes.items()))
        self.path = self.path or path
        if self.value is None:
            self.value = "" if value is DELETED else str(value)


def files(*given: Mapping[str, Any]) -> dict[str, Any]:
    """The change that gives the VMs of `legacy` these files."""
    return {f"{LEGACY}.application.files": list(given)}
