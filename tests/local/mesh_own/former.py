"""A plan as version 0.1.0 made it: the east-west gateway serves by objects of Istio's own API.

The project's program imports this file. Source of the objects: `samples/multicluster` of Istio.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan

_API = "networking.istio.io/v1"
_SELECTOR = {"istio": "eastwestgateway"}
_ISTIOD = {"host": "istiod.istio-system.svc.cluster.local", "port": {"number": 15012}}
_SPECS: dict[tuple[str, str, str], dict[str, Any]] = {
    ("services", "Gateway", "cross-network-gateway"): {
        "selector": _SELECTOR,
        "servers": [
            {
                "port": {"number": 15443, "name": "tls", "protocol": "TLS"},
                "tls": {"mode": "AUTO_PASSTHROUGH"},
                "hosts": ["*.local"],
            }
        ],
    },
    ("istiod", "Gateway", "istiod-gateway"): {
        "selector": _SELECTOR,
        "servers": [
            {
                "port": {"number": 15012, "name": "tls-istiod", "protocol": "TLS"},
                "tls": {"mode": "PASSTHROUGH"},
                "hosts": ["*"],
            }
        ],
    },
    ("istiod-route", "VirtualService", "istiod-vs"): {
        "hosts": ["*"],
        "gateways": ["istiod-gateway"],
        "tls": [{"match": [{"port": 15012, "sniHosts": ["*"]}], "route": [{"destination": _ISTIOD}]}],
    },
}
"""Key of the resource, kind and name of the object -> its spec."""


def former(plan: MeshPlan) -> MeshPlan:
    clusters = {
        name: replace(cluster, objects=tuple(_objects(cluster))) for name, cluster in plan.clusters.items()
    }
    return replace(plan, clusters=clusters)


def _objects(cluster: ClusterPlan) -> Iterator[Any]:
    owner, istiod = f"{cluster.name}-gateway", (f"{cluster.name}-istio-istiod",)
    for planned in cluster.objects:
        if planned.component != owner or not isinstance(planned, PlannedObject):
            yield planned
        elif planned.manifest["kind"] == "Gateway":
            for (key, kind, name), spec in _SPECS.items():
                metadata = {"name": name, "namespace": "istio-system"}
                made = {"apiVersion": _API, "kind": kind, "metadata": metadata, "spec": spec}
                yield PlannedObject(owner, key, istiod, (), made)
