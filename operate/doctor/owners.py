"""What a pod belongs to, and how that is restarted."""

from typing import Any, Final

from hybrid_mesh.operate.doctor.evidence import ClusterEvidence
from hybrid_mesh.operate.doctor.repairs import KubectlStep, Repair

_ROLLED_OUT: Final = ("StatefulSet", "DaemonSet")
"""Kinds that own their pods and that `kubectl rollout restart` knows, besides Deployments."""


def deployment_of(found: ClusterEvidence, metadata: Any) -> str | None:
    """The Deployment that a pod is of, by its ReplicaSet."""
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("kind") == "ReplicaSet":
            replicas = found.get("ReplicaSet", metadata["namespace"], owner["name"])
            above = ((replicas or {}).get("metadata") or {}).get("ownerReferences") or ()
            return next((str(each["name"]) for each in above if each.get("kind") == "Deployment"), None)
    return None


def restart_of(cluster: str, found: ClusterEvidence, metadata: Any) -> tuple[tuple[str, ...], Repair | None]:
    """The remedy that replaces a pod, and the repair where its owner can do so without an interruption."""
    where = f"--namespace={metadata['namespace']}"
    owner = _owner(found, metadata)
    if owner is None:
        return (f"hybrid-mesh kubectl {cluster} -- delete pod {metadata['name']} {where}",), None
    restart, wait = ("rollout", "restart", owner, where), ("rollout", "status", owner, where, "--timeout=60s")
    steps = (KubectlStep(cluster, restart), KubectlStep(cluster, wait))
    remedy = (f"hybrid-mesh kubectl {cluster} -- {' '.join(restart)}",)
    return remedy, Repair(f"Restart {owner} of {cluster}?", steps)


def _owner(found: ClusterEvidence, metadata: Any) -> str | None:
    deployment = deployment_of(found, metadata)
    if deployment:
        return f"deployment/{deployment}"
    owners = (each for each in metadata.get("ownerReferences") or () if each.get("kind") in _ROLLED_OUT)
    return next((f"{each['kind'].lower()}/{each['name']}" for each in owners), None)
