"""When an object is what its program wants: pure functions of the live object.

The conditions are those that pulumi-kubernetes awaits (provider/pkg/await) and kubectl's rollout status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Live = Mapping[str, Any]


@dataclass(frozen=True)
class Readiness:
    """How far an object is: `text` for the progress line, `failed` when waiting longer is useless."""

    done: bool
    text: str = ""
    failed: bool = False


READY: Final = Readiness(done=True)


def condition(live: Live, kind: str) -> Mapping[str, Any]:
    """The status condition of that type, {} when there is none."""
    conditions = live.get("status", {}).get("conditions") or []
    return next((one for one in conditions if one.get("type") == kind), {})


def _observed(live: Live) -> bool:
    generation = live["metadata"].get("generation", 0)
    return bool(live.get("status", {}).get("observedGeneration", 0) >= generation)


def deployment(live: Live) -> Readiness:
    """All replicas updated and available, none of the old ones left."""
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    progressing = condition(live, "Progressing")
    if _observed(live) and progressing.get("reason") == "ProgressDeadlineExceeded":
        return Readiness(done=False, text=str(progressing.get("message", "")), failed=True)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    old = status.get("replicas", 0) - updated
    done = _observed(live) and updated >= wanted and available >= wanted and old <= 0
    left = f", {old} old to go" if old > 0 else ""
    return Readiness(done, f"{available} of {wanted} pods available{left}")


def stateful_set(live: Live) -> Readiness:
    """All replicas of the present revision and ready."""
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    strategy = live["spec"].get("updateStrategy", {})
    partition = (strategy.get("rollingUpdate") or {}).get("partition", 0)
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    current = strategy.get("type") == "OnDelete" or updated >= wanted - partition
    return Readiness(
        _observed(live) and ready >= wanted and current, f"{ready} of {wanted} pods ready, {updated} updated"
    )


def daemon_set(live: Live) -> Readiness:
    """A pod of the present template available on every node that should have one."""
    status = live.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    on_delete = live["spec"].get("updateStrategy", {}).get("type") == "OnDelete"
    done = _observed(live) and (on_delete or updated >= wanted) and available >= wanted
    return Readiness(done, f"{available} of {wanted} pods available")


def job(live: Live) -> Readiness:
    """Complete; a Failed job is a failure."""
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        return Readiness(
            done=False, text=f"the job failed: {failed.get('reason')}: {failed.get('message')}", failed=True
        )
    status = live.get("status", {})
    done = condition(live, "Complete").get("status") == "True"
    return Readiness(done, f"{status.get('succeeded', 0)} pods succeeded, {status.get('active', 0)} active")


def pod(live: Live) -> Readiness:
    """Ready or succeeded; a failed pod is a failure."""
    phase = live.get("status", {}).get("phase", "Pending")
    if phase == "Failed":
        return Readiness(done=False, text=f"the pod failed: {live['status'].get('message', '')}", failed=True)
    done = phase == "Succeeded" or condition(live, "Ready").get("status") == "True"
    return Readiness(done, f"the pod is {phase}")


def service(live: Live) -> Readiness:
    """A LoadBalancer has an address; other services have nothing to wait for."""
    if live["spec"].get("type") != "LoadBalancer":
        return READY
    return Readiness(
        bool(live.get("status", {}).get("loadBalancer", {}).get("ingress")),
        "no load balancer address yet",
    )


def secret(live: Live) -> Readiness:
    """A service account token is filled by the controller manager; other secrets have nothing to wait for."""
    if live.get("type") != "kubernetes.io/service-account-token":
        return READY
    data = live.get("data") or {}
    return Readiness(bool(data.get("token") and data.get("ca.crt")), "the token is not filled in yet")


def custom_resource_definition(live: Live) -> Readiness:
    """Established; a refused name is a failure."""
    names = condition(live, "NamesAccepted")
    if names.get("status") == "False":
        return Readiness(done=False, text=str(names.get("message", "")), failed=True)
    return Readiness(condition(live, "Established").get("status") == "True", "not established yet")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Live], Readiness]]] = {
    ("", "Pod"): pod,
    ("", "Secret"): secret,
    ("", "Service"): service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): custom_resource_definition,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "Deployment"): deployment,
    ("apps", "StatefulSet"): stateful_set,
    ("batch", "Job"): job,
}
"""(group, kind) to its condition; kinds that are not here are ready once they exist."""

TIMEOUTS: Final[Mapping[str, float]] = {"Pod": 300.0, "Secret": 60.0, "CustomResourceDefinition": 60.0}
DEFAULT_TIMEOUT: Final = 600.0
"""Seconds, as pulumi-kubernetes has them."""
