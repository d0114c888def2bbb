"""Clusters in a cloud whose Kubernetes is ahead of the stack file, or of what Istio supports."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hybrid_mesh.model.config.clusters import GkeClusterConfig
from hybrid_mesh.model.derive.versions import kubernetes_minors, minor_of
from hybrid_mesh.model.plan.kinds import CloudClusterPlan
from hybrid_mesh.model.plan.types import MeshPlan

_VERSION_OUTPUTS = {
    "gcp:container/cluster:Cluster": "masterVersion",
    "aws:eks/cluster:Cluster": "version",
}
"""The output of each kind of cluster that has the version of its control plane."""


def running_versions(plan: MeshPlan, resources: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Cluster -> version of its control plane (`1.35.3-gke.1200`, `1.35`), from the `resources` of a stack's
    state (`pulumi stack export`: `deployment.resources`). It is the version of the last `up` or refresh.
    """
    found = {}
    for resource in resources:
        version = resource.get("outputs", {}).get(_VERSION_OUTPUTS.get(resource.get("type", ""), ""))
        # The parent is the cluster's component, called `<mesh>-<cluster>`.
        component = str(resource.get("parent", "")).rpartition("::")[2]
        names = [name for name in plan.clusters if component.endswith(f"-{name}")]
        if isinstance(version, str) and version and names:
            found[max(names, key=len)] = version
    return found


def ahead(plan: MeshPlan, running: Mapping[str, str]) -> tuple[str, ...]:
    """A message for each cluster that runs another minor release than the stack file says, or one that Istio
    does not support. `running` is what `running_versions` returns."""
    return tuple(
        message
        for name, cluster in plan.clusters.items()
        if isinstance(cluster, CloudClusterPlan) and name in running
        for message in _of_cluster(plan, cluster, running[name])
    )


def undecided(plan: MeshPlan) -> tuple[str, ...]:
    """A message for each cluster whose channel may choose a release that Istio does not support."""
    supported = kubernetes_minors(plan.istio.version)
    return tuple(
        f"clusters.{name}: the channel `rapid` may choose a release of Kubernetes that Istio "
        f"{plan.istio.version} does not support yet (1.{supported[0]} to 1.{supported[1]}). Set `version` "
        "and `maintenance.minorUpgrades: manual`, or choose the channel `regular`"
        for name, cluster in plan.clusters.items()
        if isinstance(cluster.config, GkeClusterConfig) and supported and _is_open(cluster.config)
    )


def _is_open(cluster: GkeClusterConfig) -> bool:
    decides = cluster.version is None or cluster.maintenance.minor_upgrades == "automatic"
    return cluster.release_channel == "rapid" and decides


def _of_cluster(plan: MeshPlan, cluster: CloudClusterPlan, running: str) -> Iterator[str]:
    minor, path = minor_of(running), f"clusters.{cluster.name}"
    supported, chosen = kubernetes_minors(plan.istio.version), cluster.config.version
    if supported and not supported[0] <= minor <= supported[1]:
        yield (
            f"{path} runs Kubernetes {running}, but Istio {plan.istio.version} supports 1.{supported[0]} to "
            f"1.{supported[1]}. Upgrade {'Istio' if minor > supported[1] else 'the cluster'}"
        )
    if chosen and minor > minor_of(chosen):
        yield f'{path} runs Kubernetes {running}, and `version` is {chosen}. Set `version: "1.{minor}"`'
