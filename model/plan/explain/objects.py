"""Commands for the planned objects of a cluster: kubectl for objects, helm for releases."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from hybrid_mesh.model.config.clusters import KubeconfigClusterConfig
from hybrid_mesh.model.istio_facts import MULTI_CLUSTER_LABEL
from hybrid_mesh.model.objects.planned import AT_RUN_TIME, PlannedObject, PlannedRelease
from hybrid_mesh.model.plan.explain.step import Step, with_input
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan

_PLUGIN_ANNOTATIONS = "pulumi.com/"
_AWAITED = "pulumi.com/waitFor"


def context_of(cluster: ClusterPlan) -> str:
    """The context of a cluster: the configured one, else the cluster's name."""
    config = cluster.config
    return config.context or cluster.name if isinstance(config, KubeconfigClusterConfig) else cluster.name


def object_steps(cluster: ClusterPlan) -> Iterator[Step]:
    """One step for each object and release of `cluster`, in their order, without its remote Secret."""
    for planned in cluster.objects:
        if isinstance(planned, PlannedRelease):
            yield _step(cluster, planned, f"Helm release {planned.release}", _helm(cluster, planned))
        elif not _is_remote_secret(planned):
            manifest = planned.manifest
            title = f"{manifest['kind']} {_place(manifest)}"
            yield _step(cluster, planned, title, *_kubectl(cluster, planned))


def peering_steps(plan: MeshPlan, cluster: ClusterPlan) -> Iterator[Step]:
    """The remote Secrets that `cluster` holds. By hand they are one for each peer; the program declares one
    with a key for each."""
    for planned in cluster.objects:
        if isinstance(planned, PlannedObject) and _is_remote_secret(planned):
            commands = [_remote_secret(plan.clusters[peer], cluster) for peer in cluster.peers]
            title = f"Remote Secrets for istiod: {', '.join(cluster.peers) or 'no active peer'}"
            yield _step(cluster, planned, title, *commands)


def _step(cluster: ClusterPlan, planned: PlannedObject | PlannedRelease, title: str, *commands: str) -> Step:
    return Step(f"cluster {cluster.name}", title, commands, planned.name)


def _is_remote_secret(planned: PlannedObject) -> bool:
    return MULTI_CLUSTER_LABEL in planned.manifest["metadata"].get("labels", {})


def _place(manifest: Mapping[str, Any]) -> str:
    metadata = manifest["metadata"]
    return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)


def _remote_secret(peer: ClusterPlan, holder: ClusterPlan) -> str:
    config = peer.config
    endpoint = getattr(config, "peer_endpoint", None)
    server = f" --server {shlex.quote(endpoint)}" if endpoint else ""
    return (
        f"istioctl create-remote-secret --context {_quoted(peer)} --name {peer.name}{server} | "
        f"kubectl --context {_quoted(holder)} apply -f -"
    )


def _kubectl(cluster: ClusterPlan, planned: PlannedObject) -> Iterator[str]:
    manifest = planned.manifest
    kubectl = f"kubectl --context {_quoted(cluster)}"
    if AT_RUN_TIME in manifest.get("stringData", {}).values():
        yield f"{kubectl} {_secret(cluster, manifest)}"
        if labels := manifest["metadata"].get("labels"):
            metadata = manifest["metadata"]
            words = ["-n", metadata["namespace"], "label", "secret", metadata["name"]]
            yield f"{kubectl} {shlex.join([*words, *(f'{key}={value}' for key, value in labels.items())])}"
        return
    yield with_input(f"{kubectl} apply --server-side -f -", _plain(manifest))
    awaited = manifest["metadata"].get("annotations", {}).get(_AWAITED)
    if awaited:
        namespace = manifest["metadata"]["namespace"]
        name = f"{manifest['kind'].lower()}/{manifest['metadata']['name']}"
        yield f"{kubectl} -n {namespace} wait --for {awaited} --timeout 5m {name}"


def _secret(cluster: ClusterPlan, manifest: Mapping[str, Any]) -> str:
    """Creates a Secret from files: those of the cluster's certificates, else of a folder of its name."""
    metadata = manifest["metadata"]
    folder = cluster.name if metadata["name"] == "cacerts" else metadata["name"]
    words = ["-n", metadata["namespace"], "create", "secret", "generic", metadata["name"]]
    if manifest.get("type", "Opaque") != "Opaque":
        words += ["--type", manifest["type"]]
    words += [word for key in manifest["stringData"] for word in ("--from-file", f"{folder}/{key}")]
    return shlex.join(words)


def _plain(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The manifest without what concerns Pulumi's Kubernetes plug-in alone."""
    metadata = dict(manifest["metadata"])
    kept = {
        key: value
        for key, value in metadata.pop("annotations", {}).items()
        if not key.startswith(_PLUGIN_ANNOTATIONS)
    }
    if kept:
        metadata["annotations"] = kept
    return {**manifest, "metadata": metadata}


def _helm(cluster: ClusterPlan, planned: PlannedRelease) -> str:
    source = planned.source
    words = ["helm", "--kube-context", context_of(cluster), "upgrade", "--install", planned.release]
    words += [source.chart, "--namespace", planned.namespace]
    if source.repository:
        words += ["--repo", source.repository]
    if source.version:
        words += ["--version", source.version]
    if planned.adopts:
        words.append("--take-ownership")
    if planned.awaited:
        words.append("--wait")
    if planned.timeout is not None:
        words += ["--timeout", f"{planned.timeout}s"]
    return with_input(f"{shlex.join(words)} --values -", planned.values)


def _quoted(cluster: ClusterPlan) -> str:
    return shlex.quote(context_of(cluster))
