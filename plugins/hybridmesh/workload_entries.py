"""What a cluster knows of a workload group's VMs: WorkloadEntries, and whether they agree with the group.

istiod makes an entry from the WorkloadGroup when a VM connects that has none. A VM that comes back under its
address within the grace period (10 s) gets the entry that it had, whatever the group says since then, and
nothing makes another one while the VM is connected (`registerWorkload`, `workloadEntryFromGroup` in
`pilot/pkg/autoregistration/controller.go` of Istio 1.31.0): callers would be sent to the former ports. So the
entry is changed in place, which keeps its connection and its health.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hybrid_mesh.model.istio_facts import NETWORKING_API
from hybrid_mesh.model.texts.agent import canonical_labels
from hybrid_mesh.plugins.framework.api_server import ApiServer, ApiServerError

GROUP_ANNOTATION: Final = "istio.io/autoRegistrationGroup"
CONNECTED_ANNOTATION: Final = "istio.io/connectedAt"
DISCONNECTED_ANNOTATION: Final = "istio.io/disconnectedAt"
CORRECTED_LABEL: Final = "hybrid-mesh/corrected"
"""On the Service or ServiceEntry of a group: the version of the last entry that was corrected."""
_ENTRY_POINTS: Final = (
    ("v1", "Service", "services"),
    (NETWORKING_API, "ServiceEntry", "serviceentries"),
)
_ANSWER_SECONDS: Final = 5.0
_OF_TEMPLATE: Final = ("ports", "serviceAccount", "weight")
"""What an entry has from the group's template alone."""
_OF_EITHER: Final = ("network", "locality")
"""What it has from the VM's agent where the template is silent."""
_ISTIO: Final = "istio.io/"
"""In the keys of labels that an agent adds, and istiod."""


@dataclass(frozen=True)
class Group:
    """A WorkloadGroup: what its entries must say, and when it was changed last."""

    name: str
    spec: Mapping[str, Any]
    changed_at: datetime

    def corrected(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """`entry` as istiod would make it now."""
        template = self.spec.get("template") or {}
        spec = {key: value for key, value in entry["spec"].items() if key not in _OF_TEMPLATE}
        spec |= {key: template[key] for key in (*_OF_TEMPLATE, *_OF_EITHER) if template.get(key)}
        own = {**(template.get("labels") or {}), **((self.spec.get("metadata") or {}).get("labels") or {})}
        former = entry["spec"].get("labels") or {}
        kept = {key: value for key, value in former.items() if _ISTIO in key}
        canonical = canonical_labels(own, self.name)
        labels = {**kept, **{key: canonical[key] for key in canonical.keys() & former.keys()}, **own}
        given = {"labels": labels} if labels or "labels" in entry["spec"] else {}
        return {**entry, "metadata": {**entry["metadata"], **given}, "spec": {**spec, **given}}


@dataclass(frozen=True)
class Registration:
    """One VM's WorkloadEntry. `connected_at` is when it last connected, as istiod wrote it; `healthy` is
    None as long as no probe has reported. `correction` is the entry as the group has it, if it differs."""

    name: str
    address: str
    connected: bool
    connected_at: str
    healthy: bool | None
    message: str
    correction: Mapping[str, Any] | None = None

    def ready(self, *, probe: bool) -> bool:
        return self.connected and self.correction is None and (self.healthy is True if probe else True)

    def describe(self) -> str:
        """One phrase on why this VM is not ready."""
        if not self.connected:
            return f"{self.name} ({self.address}) has lost its connection to istiod"
        if self.correction is not None:
            return f"{self.name} ({self.address}) is registered with what its group said before a change"
        if self.healthy is None:
            return f"{self.name} ({self.address}) is connected, but its probe has not reported yet"
        return f"{self.name} ({self.address}) is connected, but unhealthy: {self.message or 'no message'}"


class Registrations:
    """Reads and corrects the registrations of one group."""

    def __init__(self, kubeconfig: str | None, context: str | None, namespace: str, group: str) -> None:
        self._server = ApiServer(kubeconfig, context)
        self._group = group
        self._space = f"namespaces/{namespace}"
        self._path = f"/apis/{NETWORKING_API}/{self._space}"
        self.group: Group | None = None

    def read(self) -> list[Registration]:
        """All registrations of the group, sorted by name. Raises ResourceError, or ApiServerError when
        another try may help."""
        self.group = self._read_group()
        answer = self._server.get(f"{self._path}/workloadentries", _ANSWER_SECONDS)
        entries = [entry for entry in answer["items"] if self._is_of_group(entry)]
        return sorted((_registration(entry, self.group) for entry in entries), key=lambda entry: entry.name)

    def correct(self, entry: Registration) -> None:
        """Writes what the group says into an entry, unless istiod has changed that since it was read. Raises
        ApiServerError."""
        path = f"{self._path}/workloadentries/{entry.name}"
        try:
            made = self._server.request("PUT", path, _ANSWER_SECONDS, body=entry.correction)
        except ApiServerError as failure:
            if failure.status not in (404, 409):
                raise
            return
        self._announce(made["metadata"]["resourceVersion"])

    def _announce(self, version: str) -> None:
        """Changes a label of what the group is called by. A changed entry reaches callers, but the VM's own
        listeners follow only a changed Service or ServiceEntry of its namespace (`ShouldUpdateServiceTargets`
        in pilot/pkg/model/context.go): without it the VM would not see who calls."""
        for api, kind, plural in _ENTRY_POINTS:
            path = f"{'/api/v1' if api == 'v1' else f'/apis/{api}'}/{self._space}/{plural}/{self._group}"
            if self._server.find(path, _ANSWER_SECONDS) is not None:
                labels = {"name": self._group, "labels": {CORRECTED_LABEL: version}}
                manifest = {"apiVersion": api, "kind": kind, "metadata": labels}
                self._server.apply(path, manifest, _ANSWER_SECONDS)

    def _read_group(self) -> Group | None:
        found = self._server.find(f"{self._path}/workloadgroups/{self._group}", _ANSWER_SECONDS)
        if found is None:
            return None
        times = [each["time"] for each in found["metadata"].get("managedFields", ()) if "time" in each]
        changed = max(times, default=found["metadata"].get("creationTimestamp", ""))
        return Group(self._group, found.get("spec") or {}, moment(changed))

    def _is_of_group(self, entry: Mapping[str, Any]) -> bool:
        return bool(_annotations(entry).get(GROUP_ANNOTATION) == self._group)


def moment(text: str) -> datetime:
    """A time as Kubernetes and istiod write it; the beginning of all times for none."""
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def _registration(entry: Mapping[str, Any], group: Group | None) -> Registration:
    annotations = _annotations(entry)
    conditions = entry.get("status", {}).get("conditions", [])
    health = next((one for one in conditions if one.get("type") == "Healthy"), None)
    corrected = None if group is None else group.corrected(entry)
    return Registration(
        name=entry["metadata"]["name"],
        address=entry["spec"].get("address", ""),
        connected=CONNECTED_ANNOTATION in annotations and DISCONNECTED_ANNOTATION not in annotations,
        connected_at=str(annotations.get(CONNECTED_ANNOTATION, "")),
        healthy=None if health is None else health.get("status") == "True",
        message="" if health is None else str(health.get("message", "")),
        correction=None if corrected == entry else corrected,
    )


def _annotations(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return entry["metadata"].get("annotations") or {}
