"""What a cluster knows of a workload group's machines: their WorkloadEntries, read with the given kubeconfig.

Source of the annotations and the condition: `pilot/pkg/autoregistration/controller.go` of Istio 1.31.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from plugins.framework.api_server import ApiServer

GROUP_ANNOTATION: Final = "istio.io/autoRegistrationGroup"
CONNECTED_ANNOTATION: Final = "istio.io/connectedAt"
DISCONNECTED_ANNOTATION: Final = "istio.io/disconnectedAt"
_API: Final = "/apis/networking.istio.io/v1"
_ANSWER_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Registration:
    """One machine's WorkloadEntry. `connected_at` is when it last connected, as istiod wrote it; `healthy` is
    None as long as no probe has reported."""

    name: str
    address: str
    connected: bool
    connected_at: str
    healthy: bool | None
    message: str

    def ready(self, *, probe: bool) -> bool:
        return self.connected and (self.healthy is True if probe else True)

    def describe(self) -> str:
        """One phrase on why this machine is not ready."""
        if not self.connected:
            return f"{self.name} ({self.address}) has lost its connection to istiod"
        if self.healthy is None:
            return f"{self.name} ({self.address}) is connected, but its probe has not reported yet"
        return f"{self.name} ({self.address}) is connected, but unhealthy: {self.message or 'no message'}"


class Registrations:
    """Reads the registrations of one group. A connection is made at the first question."""

    def __init__(self, kubeconfig: str | None, context: str | None, namespace: str, group: str) -> None:
        self._kubeconfig, self._context = kubeconfig, context
        self._namespace, self._group = namespace, group
        self._server: ApiServer | None = None

    def read(self) -> list[Registration]:
        """All registrations of the group, sorted by name. Raises ResourceError, or ApiServerError
        when another try may help."""
        if self._server is None:
            self._server = ApiServer(self._kubeconfig, self._context)
        answer = self._server.get(f"{_API}/namespaces/{self._namespace}/workloadentries", _ANSWER_SECONDS)
        entries = [entry for entry in answer["items"] if _group(entry) == self._group]
        return sorted(map(_registration, entries), key=lambda entry: entry.name)


def _group(entry: Mapping[str, Any]) -> str | None:
    group: str | None = _annotations(entry).get(GROUP_ANNOTATION)
    return group


def _registration(entry: Mapping[str, Any]) -> Registration:
    annotations = _annotations(entry)
    conditions = entry.get("status", {}).get("conditions", [])
    health = next((one for one in conditions if one.get("type") == "Healthy"), None)
    return Registration(
        name=entry["metadata"]["name"],
        address=entry.get("spec", {}).get("address", ""),
        connected=CONNECTED_ANNOTATION in annotations and DISCONNECTED_ANNOTATION not in annotations,
        connected_at=str(annotations.get(CONNECTED_ANNOTATION, "")),
        healthy=None if health is None else health.get("status") == "True",
        message="" if health is None else str(health.get("message", "")),
    )


def _annotations(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return entry["metadata"].get("annotations") or {}
