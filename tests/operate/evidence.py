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
from hybrid_mesh.operate.doctor.peers import PeerAccess, Reach

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
_NOTHING: Mapping[str, tuple[Any, ...]] = dict.fromkeys(
    ("Pod", "NetworkPolicy", "DestinationRule", "CustomResourceDefinition"), ()
)
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


def added(evidence: Evidence, cluster: str, *objects: dict[str, Any]) -> Evidence:
    """With more objects in one cluster."""
    found = evidence.clusters[cluster]
    assert isinstance(found, ClusterEvidence)
    kinds = dict(found.objects)
    for each in objects:
        kinds[each["kind"]] = (*kinds.get(each["kind"], ()), each)
    return changed(evidence, cluster, objects=kinds)


def changed(evidence: Evidence, cluster: str, **fields: Any) -> Evidence:
    """With other fields of the evidence of one cluster."""
    found = evidence.clusters[cluster]
    assert isinstance(found, ClusterEvidence)
    return replace(evidence, clusters={**evidence.clusters, cluster: replace(found, **fields)})


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
    for kind in ("HTTPRoute", "TLSRoute"):
        objects[kind] = [
            {**each, "status": {"parents": [{"conditions": [_condition("Accepted")]}]}}
            for each in objects.get(kind, ())
        ]
    objects["Gateway"] = [
        {**each, "status": {"conditions": [_condition("Programmed")]}} for each in objects.get("Gateway", ())
    ]
    made = [deployment("istiod"), deployment("istio-eastwestgateway")]
    objects.setdefault("Deployment", []).extend(made)
    releases = tuple(
        HelmRelease(each.release, each.namespace, 1, "deployed", ())
        for each in declared
        if not isinstance(each, PlannedObject)
    )
    kinds = {kind: tuple(some) for kind, some in objects.items()}
    others = plan.clusters[name].peers
    return ClusterEvidence(
        {**_NOTHING, **kinds},
        listed=frozenset({*kinds, "Pod"}),
        peers=tuple({"id": each, "syncStatus": "synced"} for each in (name, *others)),
        networks=tuple({"Cluster": each, "Addr": f"{each}.example", "Port": 15443} for each in others),
        releases=releases,
        accesses={each: PeerAccess("remote", f"https://{each}:6443", "", f"token-{each}") for each in others},
        tokens=frozenset({f"token-{name}"}),
        reached={
            f"https://{url}": Reach(True, 200)
            for each in others
            for url in (
                f"https://{each}:6443",
                *(f"https://{each}.example:{port}" for port in (15443, 15012)),
            )
        },
    )


def _condition(kind: str) -> dict[str, str]:
    return {"type": kind, "status": "True", "lastTransitionTime": "2026-11-27T11:00:00Z"}
