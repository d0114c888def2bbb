"""Why the pods of a workload are not ready, in the words of the kubelet and the scheduler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from plugins.framework.errors import ResourceError
from plugins.kubernetes_standin.api import Api
from plugins.kubernetes_standin.readiness import condition

_LOG_LINES: Final = 5
_HARMLESS: Final = frozenset({"ContainerCreating", "PodInitializing"})
_LAST_EVENTS: Final = 3


def pod_causes(api: Api, live: Mapping[str, Any]) -> list[str]:
    """One line per cause for the pods of a Deployment, StatefulSet, DaemonSet, Job or Pod; [] when none
    is known.
    """
    try:
        causes = [cause for pod in _pods(api, live) for cause in _causes(api, pod)]
        return list(dict.fromkeys(causes)) or _events(api, live)
    except ResourceError:
        return []


def _pods(api: Api, live: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if live["kind"] == "Pod":
        return [live]
    labels = live.get("spec", {}).get("selector", {}).get("matchLabels") or {}
    if not labels:
        return []
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    listed = api.get(f"/api/v1/namespaces/{live['metadata']['namespace']}/pods", labelSelector=selector)
    pods: list[Mapping[str, Any]] = listed["items"]
    return pods


def _causes(api: Api, pod: Mapping[str, Any]) -> Iterator[str]:
    name, status = pod["metadata"]["name"], pod.get("status", {})
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield f"pod {name}: {scheduled.get('reason')}: {scheduled.get('message', '')}"
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = container.get("state", {}).get("waiting", {})
        terminated = container.get("state", {}).get("terminated", {})
        where = f"pod {name}, container {container['name']}"
        if waiting.get("reason") == "CrashLoopBackOff":
            yield f"{where}: CrashLoopBackOff{_last_words(api, pod, container['name'])}"
        elif waiting.get("reason") and waiting["reason"] not in _HARMLESS:
            yield f"{where}: {waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")
        elif terminated.get("exitCode"):
            yield (
                f"{where}: {terminated.get('reason', 'Error')} with exit code {terminated['exitCode']}"
                f"{_last_words(api, pod, container['name'])}"
            )
        elif "running" in container.get("state", {}) and not container.get("ready"):
            yield f"{where}: running, but its readiness probe does not succeed"


def _last_words(api: Api, pod: Mapping[str, Any], container: str) -> str:
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log"
    try:
        text = api.get_text(path, container=container, previous="true", tailLines=str(_LOG_LINES)).strip()
    except ResourceError:
        return ""
    return "; its last lines: " + " | ".join(text.splitlines()) if text else ""


def _events(api: Api, live: Mapping[str, Any]) -> list[str]:
    metadata = live["metadata"]
    selector = f"involvedObject.uid={metadata.get('uid', '')},type=Warning"
    listed = api.get(f"/api/v1/namespaces/{metadata['namespace']}/events", fieldSelector=selector)
    return [f"{event.get('reason')}: {event.get('message')}" for event in listed["items"][-_LAST_EVENTS:]]
