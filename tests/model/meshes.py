"""Meshes for tests, as they stand in stack files, and changes to them."""

import copy
from collections.abc import Mapping
from typing import Any

from hybrid_mesh.model.objects.planned import PlannedRelease
from hybrid_mesh.model.plan.types import ClusterPlan
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file
from tests.commands import PROJECT

STACKS = {name: read_stack_file(stack_file(PROJECT, name)) for name in ("local", "dev", "staging", "prod")}
LOCAL, DEV, STAGING, PROD = STACKS.values()

DELETED = object()
"""As a change's value: the key is taken out."""


def changed(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `raw`; each key of `changes` is a path of keys joined by dots, missing sections are made."""
    copied = copy.deepcopy(dict(raw))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place: Any = copied
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        if value is DELETED:
            del place[last]
        elif isinstance(place, list):
            place[int(last) : int(last) + 1] = [value]
        else:
            place[last] = value
    return copied


def release_values(cluster: ClusterPlan, release: str) -> Mapping[str, Any]:
    """Values of the cluster's Helm release of this name; empty when it has none."""
    found = (
        each.values
        for each in cluster.objects
        if isinstance(each, PlannedRelease) and each.release == release
    )
    return next(found, {})
