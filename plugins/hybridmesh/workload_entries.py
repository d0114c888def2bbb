"""What a cluster knows of a workload group's machines: their WorkloadEntries, read with the given kubeconfig.

Source of the annotations and the condition: `pilot/pkg/autoregistration/controller.go` of Istio 1.31.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from plugins.framework.errors import ResourceError

GROUP_ANNOTATION: Final = "istio.io/autoRegistrationGroup"
CONNECTED_ANNOTATION: Final = "istio.io/connectedAt"
DISCONNECTED_ANNOTATION: Final = "istio.io/disconnectedAt"
_ANSWER_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Registration:
    """One machine's WorkloadEntry. `healthy` is None as long as no probe has reported."""

    name: str
    address: str
    connected: bool
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


class UnreachableClusterError(ResourceError):
    """The API server did not answer; the text holds no credential."""


class Registrations:
    """Reads the registrations of one group. A connection is made at the first question."""

    def __init__(self, kubeconfig: str | None, context: str | None, namespace: str, group: str) -> None:
        self._kubeconfig, self._context = kubeconfig, context
        self._namespace, self._group = namespace, group
        self._objects: Any = None

    def read(self) -> list[Registration]:
        """All registrations of the group, sorted by name. Raises UnreachableClusterError."""
        # The client costs half a second of CPU to import, which previews should not pay.
        from kubernetes import client  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        try:
            if self._objects is None:
                self._objects = client.CustomObjectsApi(self._connect())
            answer = self._objects.list_namespaced_custom_object(
                "networking.istio.io",
                "v1",
                self._namespace,
                "workloadentries",
                _request_timeout=_ANSWER_SECONDS,
            )
        except client.ApiException as failure:
            raise UnreachableClusterError(
                f"the API server answers {failure.status} {failure.reason}"
            ) from None
        except HTTPError as failure:
            raise UnreachableClusterError(
                f"the API server does not answer ({type(failure).__name__})"
            ) from None
        entries = [entry for entry in answer["items"] if _group(entry) == self._group]
        return sorted(map(_registration, entries), key=lambda entry: entry.name)

    def _connect(self) -> Any:
        from kubernetes import config  # noqa: PLC0415

        from_file: Any = config.new_client_from_config
        from_text: Any = config.new_client_from_config_dict
        try:
            if self._kubeconfig is None:
                return from_file(context=self._context)
            if "{" not in self._kubeconfig and "\n" not in self._kubeconfig:
                return from_file(str(Path(self._kubeconfig).expanduser()), context=self._context)
            return from_text(yaml.safe_load(self._kubeconfig), context=self._context)
        except (config.ConfigException, yaml.YAMLError, OSError) as failure:
            raise ResourceError(f"the kubeconfig cannot be used ({type(failure).__name__})") from None


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
        healthy=None if health is None else health.get("status") == "True",
        message="" if health is None else str(health.get("message", "")),
    )


def _annotations(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return entry["metadata"].get("annotations") or {}
