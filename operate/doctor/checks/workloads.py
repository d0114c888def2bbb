"""Istio's own Deployments and the gateways: there, ready, and not restarting again and again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.moments import moment
from hybrid_mesh.operate.doctor.repairs import KubectlStep, Repair
from hybrid_mesh.operate.doctor.types import Object

RECENT: Final = timedelta(minutes=10)
"""A container that ended this recently is worth a warning."""
_MOVING: Final = ("ReplicaSetUpdated", "NewReplicaSetCreated", "FoundNewReplicaSet")
OFTEN: Final = 3
"""Restarts within the life of a pod from which it is said to restart again and again."""


def workloads(plan: MeshPlan, evidence: Evidence) -> Iterator[Finding]:
    """Deployments of `istio-system` and of the ingress gateways."""
    for name, found in evidence.answering():
        spaces = {SYSTEM_NAMESPACE, *(i.namespace for i in plan.ingresses.values() if i.cluster == name)}
        for deployment in found.of_kind("Deployment"):
            if deployment["metadata"]["namespace"] in spaces:
                yield from _deployment(name, found, deployment)
        for space in sorted(spaces):
            for pod in found.of_kind("Pod", space):
                yield from _restarts(name, pod, evidence.taken)


def _deployment(cluster: str, found: ClusterEvidence, deployment: Object) -> Iterator[Finding]:
    metadata, status = deployment["metadata"], deployment.get("status") or {}
    space, name = metadata["namespace"], metadata["name"]
    wanted, available = deployment["spec"].get("replicas", 1), status.get("availableReplicas", 0)
    subject = f"Deployment {space}/{name} of {cluster}"
    where = f"--namespace={space}"
    scale = ("scale", f"deployment/{name}", f"--replicas={max(1, wanted)}", where)
    if wanted == 0:
        problem = "it has no replicas: it was scaled to 0"
        repair = Repair(f"Scale {subject} to 1?", (KubectlStep(cluster, scale),))
        yield Finding(
            "deployment-down", Severity.BROKEN, subject, problem, (_typed(cluster, scale),), repair=repair
        )
        return
    if available >= wanted:
        return
    since = _since(status, "Available" if available == 0 else "Progressing")
    why = _reason(found, space, deployment)
    restart = ("rollout", "restart", f"deployment/{name}", where)
    look = _typed(cluster, ("get", "pods,events", where))
    if available == 0:
        problem = f"0 of {wanted} replicas are available{why}"
        yield Finding(
            "deployment-down", Severity.BROKEN, subject, problem, (look, _typed(cluster, restart)), since
        )
    elif not _is_progressing(status):
        problem = f"{available} of {wanted} replicas are available{why}"
        yield Finding("deployment-degraded", Severity.WARNING, subject, problem, (look,), since)


def _is_progressing(status: Object) -> bool:
    """A rollout that still moves is work in progress, not a fault."""
    condition = _condition(status, "Progressing")
    return condition is not None and condition.get("reason") in _MOVING


def _reason(found: ClusterEvidence, space: str, deployment: Object) -> str:
    """What the first pod that is not ready waits for."""
    selector = (deployment["spec"].get("selector") or {}).get("matchLabels") or {}
    for pod in found.of_kind("Pod", space):
        labels = pod["metadata"].get("labels") or {}
        if not selector.items() <= labels.items():
            continue
        for container in (pod.get("status") or {}).get("containerStatuses") or ():
            waiting = (container.get("state") or {}).get("waiting")
            if waiting:
                return f": {container['name']} waits: {waiting.get('reason', 'unknown')}"
    return ""


def _restarts(cluster: str, pod: Object, now: datetime) -> Iterator[Finding]:
    space, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    for container in (pod.get("status") or {}).get("containerStatuses") or ():
        ended = (container.get("lastState") or {}).get("terminated")
        if not ended:
            continue
        when, count = moment(ended.get("finishedAt")), container.get("restartCount", 0)
        if when is None or (now - when > RECENT and count < OFTEN):
            continue
        subject = f"pod {space}/{name} of {cluster}"
        out_of_memory = ended.get("reason") == "OOMKilled"
        problem = (
            f"{container['name']} restarted {count} time{'' if count == 1 else 's'}, last because of "
            f"{ended.get('reason', 'an unknown reason')} (exit code {ended.get('exitCode', '?')})"
        )
        logs = ("logs", name, f"--container={container['name']}", "--previous", f"--namespace={space}")
        remedy = (
            "Raise `istio.values.resources.limits.memory`, then: hybrid-mesh up"
            if out_of_memory
            else _typed(cluster, logs)
        )
        yield Finding("restarts", Severity.WARNING, subject, problem, (remedy,), when)


def _condition(status: Object, kind: str) -> Any:
    return next((each for each in status.get("conditions") or () if each.get("type") == kind), None)


def _since(status: Object, kind: str) -> datetime | None:
    condition = _condition(status, kind)
    return moment(condition.get("lastTransitionTime")) if condition else None


def _typed(cluster: str, arguments: tuple[str, ...]) -> str:
    return f"hybrid-mesh kubectl {cluster} -- {' '.join(arguments)}"
