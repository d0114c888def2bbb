"""An API server that knows namespaces and what is in them, and field managers of their labels."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.json_server import Request, json_server, kubeconfig

KINDS = {
    "/api/v1": [
        ("Pod", "pods", True),
        ("ConfigMap", "configmaps", True),
        ("ServiceAccount", "serviceaccounts", True),
        ("Event", "events", True),
        ("Node", "nodes", False),
        ("Namespace", "namespaces", False),
    ],
    "/apis/apps/v1": [("Deployment", "deployments", True)],
    "/apis/metrics.k8s.io/v1": [("PodMetrics", "pods", True)],
}
"""API -> kind, plural, and whether it is in namespaces."""
_READ_ONLY = "/apis/metrics.k8s.io/v1"


@dataclass
class Cluster:
    """`spaces` are the namespaces by name, `objects` what is in each by the path of its list. An API in
    `down` does not answer. A namespace that is deleted is gone after `asks_until_gone` questions.
    """

    port: int = 0
    spaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    asks_until_gone: int = 2
    wrote: list[str] = field(default_factory=list)
    made: int = 0

    @property
    def kubeconfig(self) -> str:
        return json.dumps(kubeconfig(f"http://127.0.0.1:{self.port}"))

    def add(
        self, name: str, labels: dict[str, str] | None = None, manager: str = "kubectl"
    ) -> dict[str, Any]:
        """A namespace with what Kubernetes puts into each."""
        self.made += 1
        metadata: dict[str, Any] = {"name": name, "uid": str(self.made), "managedFields": []}
        self.spaces[name] = {"metadata": metadata}
        self.put(name, "/api/v1", "configmaps", "kube-root-ca.crt")
        self.put(name, "/api/v1", "serviceaccounts", "default")
        self.put(name, "/api/v1", "events", "pod.123")
        self.put(name, _READ_ONLY, "pods", "measured")
        if labels:
            self.set_labels(name, manager, labels)
        return self.spaces[name]

    def put(self, namespace: str, api: str, plural: str, name: str, **metadata: Any) -> None:
        path = f"{api}/namespaces/{namespace}/{plural}"
        self.objects.setdefault(path, []).append({"metadata": {"name": name, **metadata}})

    def labels(self, name: str) -> dict[str, str]:
        found: dict[str, str] = self.spaces[name]["metadata"].get("labels", {})
        return found

    def set_labels(self, name: str, manager: str, labels: dict[str, str]) -> None:
        """Server-side apply: what the manager set before and does not set now goes, unless others have it."""
        metadata = self.spaces[name]["metadata"]
        fields: list[dict[str, Any]] = metadata["managedFields"]
        before = next((each for each in fields if each["manager"] == manager), None)
        others = [each for each in fields if each is not before]
        owned = {key for each in others for key in _owned(each)}
        now = dict(metadata.get("labels", {}))
        for key in _owned(before) - owned - labels.keys() if before else ():
            now.pop(key)
        for each in others:
            for key, value in labels.items():
                if now.get(key) != value:
                    _owned_fields(each).pop(f"f:{key}", None)
        metadata["labels"] = now | labels
        mine: dict[str, Any] = {"f:metadata": {"f:labels": {f"f:{key}": {} for key in labels}}}
        metadata["managedFields"] = [*others, {"manager": manager, "fieldsV1": mine}]

    def answer(self, request: Request) -> tuple[int, Any]:
        method, path = request.method, request.path
        if any(path.startswith(api) for api in self.down):
            return 503, {"message": "the server is currently unable to handle the request"}
        if method != "GET":
            self.wrote.append(f"{method} {path}")
        if path == "/apis":
            apis = [api.removeprefix("/apis/") for api in KINDS if api != "/api/v1"]
            return 200, {"groups": [{"preferredVersion": {"groupVersion": api}} for api in apis]}
        if path in KINDS:
            verbs = ["get", "list"] if path == _READ_ONLY else ["create", "delete", "get", "list"]
            return 200, {
                "resources": [
                    {"kind": kind, "name": plural, "namespaced": inside, "verbs": verbs}
                    for kind, plural, inside in KINDS[path]
                ]
            }
        if path.startswith("/api/v1/namespaces/") and path.count("/") == 4:
            return self._namespace(request, path.rpartition("/")[2])
        return 200, {"items": self.objects.get(path, [])}

    def _namespace(self, request: Request, name: str) -> tuple[int, Any]:
        method, body = request.method, request.content
        found = self.spaces.get(name)
        if found is not None and found["metadata"].get("deletionTimestamp"):
            self.asks_until_gone -= 1
            if self.asks_until_gone < 0:
                del self.spaces[name]
                found = None
        if method == "PATCH":
            if found is None:
                self.add(name)
            elif found["metadata"].get("deletionTimestamp"):
                return 409, {"message": "it is being terminated"}
            self.set_labels(
                name, parse_qs(request.query)["fieldManager"][0], body["metadata"].get("labels", {})
            )
            return 200, self.spaces[name]
        if found is None:
            return 404, {}
        if method == "DELETE":
            if body["preconditions"]["uid"] != found["metadata"]["uid"]:
                return 409, {}
            found["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        return 200, found


def _owned_fields(entry: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = entry["fieldsV1"]["f:metadata"]["f:labels"]
    return found


def _owned(entry: dict[str, Any]) -> set[str]:
    return {key.removeprefix("f:") for key in _owned_fields(entry)}


@contextmanager
def cluster() -> Iterator[Cluster]:
    fake = Cluster()
    with json_server(fake.answer) as fake.port:
        yield fake
