"""The WorkloadEntries of a workload group's VMs, and whether they match the group.

istiod creates an entry from the WorkloadGroup when a VM without one connects. A VM that reconnects with the
same address within the grace period (10 s) gets its old entry, even if the group has changed, and the entry
is not renewed while the VM is connected (`registerWorkload`, `workloadEntryFromGroup` in
`pilot/pkg/autoregistration/controller.go` of Istio 1.31.0): callers would use the old ports. So the entry is
changed in place, which keeps its connection and its health.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hybrid_mesh.model.istio_facts import (
    CONNECTED_ANNOTATION,
    DISCONNECTED_ANNOTATION,
    GROUP_ANNOTATION,
    NETWORKING_API,
    TEMPLATE_LABEL,
)
from hybrid_mesh.model.texts.agent import canonical_labels
from hybrid_mesh.plugins.framework.api_server import ApiServer, ApiServerError

CORRECTED_LABEL: Final = "hybrid-mesh/corrected"
"""On the Service or ServiceEntry of a group: the version of the last entry that was corrected."""
_ENTRY_POINTS: Final = (
    ("v1", "Service", "services"),
    (NETWORKING_API, "ServiceEntry", "serviceentries"),
)
_ANSWER_SECONDS: Final = 5.0
_OF_TEMPLATE: Final = ("ports", "serviceAccount", "weight")
"""Fields of an entry that only come from the group's template."""
_OF_EITHER: Final = ("network", "locality")
"""Fields that come from the VM's agent if the template does not set them."""
_ISTIO: Final = "istio.io/"
"""Part of the keys of labels that the agent and istiod add."""


@dataclass(frozen=True)
class Group:
    """A WorkloadGroup: the expected contents of its entries."""

    name: str
    spec: Mapping[str, Any]

    def corrected(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """`entry` as istiod would create it now."""
        template = self.spec.get("template") or {}
        spec = {key: value for key, value in entry["spec"].items() if key not in _OF_TEMPLATE}
        spec |= {key: template[key] for key in (*_OF_TEMPLATE, *_OF_EITHER) if template.get(key)}
        own = {**(template.get("labels") or {}), **((self.spec.get("metadata") or {}).get("labels") or {})}
        former = entry["spec"].get("labels") or {}
        kept = {key: value for key, value in former.items() if _ISTIO in key or key == TEMPLATE_LABEL}
        canonical = canonical_labels(own, self.name)
        labels = {**kept, **{key: canonical[key] for key in canonical.keys() & former.keys()}, **own}
        given = {"labels": labels} if labels or "labels" in entry["spec"] else {}
        return {**entry, "metadata": {**entry["metadata"], **given}, "spec": {**spec, **given}}


@dataclass(frozen=True)
class Registration:
    """One VM's WorkloadEntry. `connected_at` is the time of its last connection, as istiod recorded it;
    `healthy` is None until a probe has reported. `template` is the fingerprint of what the VM was created
    from, "" if it did not send one. `correction` is the expected entry, if it differs."""

    name: str
    address: str
    connected: bool
    connected_at: str
    healthy: bool | None
    message: str
    template: str = ""
    uid: str = ""
    correction: Mapping[str, Any] | None = None

    def ready(self, *, probe: bool) -> bool:
        return self.connected and self.correction is None and (self.healthy is True if probe else True)

    def describe(self) -> str:
        """Why this VM is not ready, in one phrase."""
        if not self.connected:
            return f"{self.name} ({self.address}) has lost its connection to istiod"
        if self.correction is not None:
            return f"{self.name} ({self.address}) is registered with an outdated version of its group"
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
        """All registrations of the group, sorted by name. Raises ResourceError, or ApiServerError if a
        retry may help."""
        self.group = self._read_group()
        answer = self._server.get(f"{self._path}/workloadentries", _ANSWER_SECONDS)
        entries = [entry for entry in answer["items"] if self._is_of_group(entry)]
        return sorted((_registration(entry, self.group) for entry in entries), key=lambda entry: entry.name)

    def correct(self, entry: Registration) -> None:
        """Corrects an entry, unless istiod has changed it since it was read. Raises ApiServerError."""
        path = f"{self._path}/workloadentries/{entry.name}"
        try:
            made = self._server.request("PUT", path, _ANSWER_SECONDS, body=entry.correction)
        except ApiServerError as failure:
            if failure.status not in (404, 409):
                raise
            return
        self._announce(made["metadata"]["resourceVersion"])

    def remove(self, entry: Registration) -> None:
        """Removes a VM's entry, so that no caller uses the VM any more; istiod only creates another one when
        the VM connects again. Raises ApiServerError."""
        path = f"{self._path}/workloadentries/{entry.name}"
        try:
            self._server.request("DELETE", path, _ANSWER_SECONDS, body={"preconditions": {"uid": entry.uid}})
        except ApiServerError as failure:
            if failure.status not in (404, 409):
                raise

    def _announce(self, version: str) -> None:
        """Changes a label of the group's Service or ServiceEntry. A changed entry reaches callers, but the
        VM's own listeners are only updated after a change of a Service or ServiceEntry in its namespace
        (`ShouldUpdateServiceTargets` in pilot/pkg/model/context.go): otherwise the VM would not see the
        callers' identities."""
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
        return Group(self._group, found.get("spec") or {})

    def _is_of_group(self, entry: Mapping[str, Any]) -> bool:
        return bool(_annotations(entry).get(GROUP_ANNOTATION) == self._group)


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
        uid=str(entry["metadata"].get("uid", "")),
        template=str((entry["spec"].get("labels") or {}).get(TEMPLATE_LABEL, "")),
        correction=None if corrected == entry else corrected,
    )


def _annotations(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return entry["metadata"].get("annotations") or {}
