"""The objects that a plan declares in its clusters, as YAML."""

from dataclasses import asdict
from typing import Any

from hybrid_mesh.model.objects.planned import PlannedObject, PlannedRelease
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan
from hybrid_mesh.model.texts.block_yaml import block_yaml


def render_manifests(plan: MeshPlan) -> str:
    """Every Kubernetes object and Helm release of every cluster, one YAML document each, with the cluster
    and resource name as a comment. Values that are only known at run time are
    `model.objects.planned.AT_RUN_TIME`."""
    return "".join(_cluster(cluster) for cluster in plan.clusters.values())


def _cluster(cluster: ClusterPlan) -> str:
    return "".join(_document(cluster.name, planned) for planned in cluster.objects)


def _document(cluster: str, planned: PlannedObject | PlannedRelease) -> str:
    lines = [f"---\n# cluster {cluster}: {planned.name}\n"]
    if planned.after:
        lines.append(f"# after {', '.join(planned.after)}\n")
    return "".join([*lines, block_yaml(as_plain(planned))])


def as_plain(planned: PlannedObject | PlannedRelease) -> dict[str, Any]:
    """The manifest or, for a Helm release, its name, chart and values under `helmRelease`."""
    if isinstance(planned, PlannedObject):
        return planned.manifest
    source = {key: value for key, value in asdict(planned.source).items() if value is not None}
    named = {"name": planned.release, "namespace": planned.namespace}
    special: dict[str, Any] = {"takeOwnership": True} if planned.adopts else {}
    if not planned.awaited:
        special["skipAwait"] = True
    if planned.timeout is not None:
        special["timeout"] = planned.timeout
    return {"helmRelease": {**named, **source, **special, "values": planned.values}}
