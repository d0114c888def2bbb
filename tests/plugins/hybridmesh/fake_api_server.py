"""An API server that knows WorkloadGroups, WorkloadEntries and Services, over plain HTTP on loopback."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.json_server import Request, json_server, kubeconfig

_API = "/apis/networking.istio.io/v1/namespaces/demo"
TOKEN = "the-bearer-token-of-the-kubeconfig"


@dataclass
class FakeApiServer:
    """`entries` are what a list answers (WorkloadEntries, or Services), `groups` the WorkloadGroups by name;
    `failure` is a status to answer instead.
    """

    port: int = 0
    entries: list[dict[str, Any]] = field(default_factory=list)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoint_groups: list[dict[str, Any]] | None = None
    """GKE's network endpoint groups; None where their API does not exist."""
    failure: int = 0
    registered: int = 0
    has_service: bool = True
    applied: list[dict[str, str]] = field(default_factory=list)
    """The labels that were applied to the group's Service."""
    asked: list[str] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    @property
    def kubeconfig(self) -> str:
        return json.dumps(kubeconfig(f"http://127.0.0.1:{self.port}", TOKEN))

    def register(
        self,
        group: str,
        address: str,
        *,
        healthy: bool | None = None,
        message: str = "",
        connected: bool = True,
        **spec: Any,
    ) -> dict[str, Any]:
        annotations = {
            "istio.io/autoRegistrationGroup": group,
            "istio.io/connectedAt": "2026-01-01T00:00:00Z",
        }
        if not connected:
            annotations["istio.io/disconnectedAt"] = "2026-01-01T00:01:00Z"
        status: dict[str, Any] = {}
        if healthy is not None:
            status = {"conditions": [{"type": "Healthy", "status": str(healthy), "message": message}]}
        name = f"{group}-{address}-amsterdam"
        self.registered += 1
        entry: dict[str, Any] = {
            "metadata": {
                "name": name,
                "uid": f"uid-{self.registered}",
                "annotations": annotations,
                "resourceVersion": "1",
            },
            "spec": {"address": address, **spec},
            "status": status,
        }
        if "labels" in spec:
            entry["metadata"]["labels"] = spec["labels"]
        self.entries.append(entry)
        return entry

    def declare(self, group: str, **spec: Any) -> None:
        self.groups[group] = {"metadata": {}, "spec": spec}

    def note(self, request: Request) -> tuple[int, Any]:
        query = f"?{request.query}" if request.query else ""
        self.asked.append(f"{request.method} {request.path.removeprefix(_API)}{query}")
        self.authorizations.add(request.authorization)
        return self.answer(request.method, request.path, request.content)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """What a real one answers."""
        folder, _, name = path.removeprefix(f"{_API}/").partition("/")
        found = None
        if (method, path) in (("GET", "/api/v1/services"), ("GET", f"{_API}/workloadentries")):
            found = {"items": self.entries}
        elif path == "/apis/networking.gke.io/v1beta1/servicenetworkendpointgroups":
            found = None if self.endpoint_groups is None else {"items": self.endpoint_groups}
        elif (method, folder) == ("GET", "workloadgroups"):
            found = self.groups.get(name)
        elif path.endswith("/services/legacy"):
            if method == "PATCH":
                self.applied.append(body["metadata"]["labels"])
            found = {} if self.has_service else None
        elif (method, folder) == ("DELETE", "workloadentries"):
            return self.failure or self._remove(name, body), {}
        elif (method, folder) == ("PUT", "workloadentries"):
            return self.failure or self._replace(name, body), body
        return (self.failure or 404, {}) if self.failure or found is None else (200, found)

    def _remove(self, name: str, body: Any) -> int:
        found = next((each for each in self.entries if each["metadata"]["name"] == name), None)
        if found is None:
            return 404
        if body["preconditions"]["uid"] != found["metadata"]["uid"]:
            return 409
        self.entries.remove(found)
        return 200

    def _replace(self, name: str, body: Any) -> int:
        """An update of what was changed meanwhile, or without a version, is a conflict."""
        found = next((each for each in self.entries if each["metadata"]["name"] == name), None)
        if found is None:
            return 404
        version = found["metadata"]["resourceVersion"]
        if body["metadata"].get("resourceVersion") != version:
            return 409
        body["metadata"]["resourceVersion"] = str(int(version) + 1)
        self.entries[self.entries.index(found)] = {**body, "status": found["status"]}
        return 200


@contextmanager
def api_server() -> Iterator[FakeApiServer]:
    fake = FakeApiServer()
    with json_server(fake.note) as fake.port:
        yield fake
