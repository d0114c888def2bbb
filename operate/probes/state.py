"""What the API server says of a probe pod that is starting. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_HOPELESS = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Reasons of a waiting container that do not pass within seconds (pkg/kubelet/images and kubelet's `events`
of Kubernetes)."""


@dataclass(frozen=True)
class PodState:
    """`ready`, or the `reason` why not. `hopeless`: waiting is of no use. `started`: its image is there, as
    one of its containers has started."""

    ready: bool
    reason: str = ""
    hopeless: bool = False
    started: bool = False


def state_of(pod: Mapping[str, Any]) -> PodState:
    status = pod.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    if conditions.get("Ready", {}).get("status") == "True":
        return PodState(ready=True, started=True)
    if status.get("phase") in ("Failed", "Succeeded"):
        return PodState(False, str(status.get("message") or "it has ended"), hopeless=True)
    containers = list(_containers(status))
    started = any({"running", "terminated"} & each.get("state", {}).keys() for each in containers)
    waiting = [(each["name"], each["state"]["waiting"]) for each in containers if "waiting" in each["state"]]
    for name, found in waiting:
        if found.get("reason") in _HOPELESS:
            text = f"container {name}: {found['reason']}: {found.get('message', '')}".rstrip(": ")
            return PodState(False, text, hopeless=True, started=started)
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return PodState(False, f"{scheduled.get('reason', '')}: {scheduled.get('message', '')}".strip(": "))
    unready = [each["name"] for each in containers if not each.get("ready")]
    reasons = [f"container {name}: {found.get('reason', 'waiting')}" for name, found in waiting]
    reasons += [f"container {name} is not ready" for name in unready if name not in dict(waiting)]
    return PodState(False, "; ".join(reasons) or "it has not started", started=started)


def _containers(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those that must be ready; of init containers only those that run on or have not ended well."""
    yield from status.get("containerStatuses") or ()
    for each in status.get("initContainerStatuses") or ():
        if each.get("state", {}).get("terminated", {}).get("exitCode") != 0:
            yield each
