"""The evidence of a healthy mesh, made from its plan, and ways to spoil it."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.helm import HelmRelease

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
Change = Callable[[dict[str, Any]], object]


def healthy(plan: MeshPlan) -> Evidence:
    """Every planned object as it was declared; istiod and the gateways are Deployments of their releases."""
    return Evidence(NOW, {name: _cluster(plan, name) for name, each in plan.clusters.items() if each.active})


def spoiled(evidence: Evidence, cluster: str, kind: str, name: str, change: Change | None) -> Evidence:
    """With one object changed in place, or without it."""
    found = evidence.clusters[cluster]
    assert isinstance(found, ClusterEvidence)
    kept = []
    for each in found.objects[kind]:
        if each["metadata"]["name"] != name:
            kept.append(each)
        elif change is not None:
            changed: dict[str, Any] = copy.deepcopy(dict(each))
            change(changed)
            kept.append(changed)
    assert kept != list(found.objects[kind]), f"no {kind} {name} was changed"
    spoilt = replace(found, objects={**found.objects, kind: tuple(kept)})
    return replace(evidence, clusters={**evidence.clusters, cluster: spoilt})


def deployment(name: str, namespace: str = "istio-system", replicas: int = 1) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}},
        "status": {"availableReplicas": replicas},
    }


def _cluster(plan: MeshPlan, name: str) -> ClusterEvidence:
    declared = plan.clusters[name].objects
    objects: dict[str, list[Mapping[str, Any]]] = {}
    for each in declared:
        if isinstance(each, PlannedObject):
            objects.setdefault(each.manifest["kind"], []).append(each.manifest)
    made = [deployment("istiod"), deployment("istio-eastwestgateway")]
    objects.setdefault("Deployment", []).extend(made)
    releases = tuple(
        HelmRelease(each.release, each.namespace, 1, "deployed", ())
        for each in declared
        if not isinstance(each, PlannedObject)
    )
    kinds = {kind: tuple(some) for kind, some in objects.items()}
    return ClusterEvidence(kinds, listed=frozenset({*kinds, "Pod"}), releases=releases)
