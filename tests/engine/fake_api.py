"""API servers in the test's process: over TLS on loopback, they answer from the doubles' world what our own
plug-in asks for: WorkloadGroups and their entries, Services and namespaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests.engine.doubles import balancers
from tests.engine.doubles.istiod import API, Istiod
from tests.engine.doubles.store import Thing, World
from tests.json_server import Request, certified, json_server

_NAMESPACE: Final = "kubernetes:core/v1:Namespace"
_NAMESPACES: Final = "/api/v1/namespaces/"
_ENTRY_POINTS: Final = {
    "services": balancers.SERVICE,
    "serviceentries": "kubernetes:networking.istio.io/v1:ServiceEntry",
}
TOKEN: Final = "the-token-of-the-credential-plug-in"


@dataclass
class FakeApi:
    """`servers` are URLs, each an API server of its own."""

    world: World
    authority: str
    servers: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What was asked without the credential plug-in's token."""
    istiod: Istiod = field(init=False)

    def __post_init__(self) -> None:
        self.istiod = Istiod(self.world)

    def admit(self, request: Request) -> tuple[int, Any]:
        """Refuses who has no token; a dead server answers nobody."""
        server = f"https://127.0.0.1:{request.port}"
        if self.world.dead(server):
            return 503, {}
        if request.authorization != f"Bearer {TOKEN}":
            self.refused.append(f"{server}{request.path}")
            return 401, {}
        return self.answer(request.method, server, request.path, request.content)

    def answer(self, method: str, server: str, path: str, body: Any) -> tuple[int, Any]:
        """The status and what is at `path`."""
        if path == "/apis":
            return 200, {"groups": []}
        if path == "/api/v1":
            verbs = ["delete", "list"]
            kind = {"kind": "ConfigMap", "name": "configmaps", "namespaced": True, "verbs": verbs}
            return 200, {"resources": [kind]}
        if path.startswith(_NAMESPACES) and "/" not in path.removeprefix(_NAMESPACES):
            return self._namespace(method, server, path.removeprefix(_NAMESPACES), body)
        if found := self._find_entry_point(server, path):
            return 200, self._label(found, body) if method == "PATCH" else found.outputs
        if path.startswith(API):
            return self.istiod.answer(method, server, path, body)
        items = self._items(server, path) if method == "GET" else None
        return (404, {}) if items is None else (200, {"items": items})

    def _namespace(self, method: str, server: str, name: str, body: Any) -> tuple[int, Any]:
        found = self.world.find("kubernetes", _NAMESPACE, name, server)
        if method == "PATCH":
            metadata = {"uid": f"{server}/{name}", **(found.outputs["metadata"] if found else {})}
            made = {"metadata": {**metadata, **body["metadata"]}}
            self.world.put(Thing("kubernetes", _NAMESPACE, name, name, body, made, server))
            return 200, made
        if found is None:
            return 404, {}
        if method == "DELETE":
            balancers.empty_namespace(self.world, server, name)
            self.world.drop("kubernetes", _NAMESPACE, name, server)
        return 200, found.outputs

    def _items(self, server: str, path: str) -> list[dict[str, Any]] | None:
        """The list at `path`; None for what there is not. ConfigMaps stand for all that is in a namespace."""
        balancers.settle(self.world)
        things = self.world.things("kubernetes", server)
        if path.startswith(_NAMESPACES) and path.endswith("/configmaps"):
            inside = f"{path.removeprefix(_NAMESPACES).partition('/')[0]}/"
            return [_metadata(each) for each in things if each.identity.startswith(inside)]
        if path == "/api/v1/services":
            return [thing.outputs for thing in things if thing.type == balancers.SERVICE]
        return None

    def _find_entry_point(self, server: str, path: str) -> Thing | None:
        """The Service or ServiceEntry at `path`."""
        kind, name = path.split("/")[-2:]
        if kind not in _ENTRY_POINTS:
            return None
        identity = f"{path.split('/')[-3]}/{name}"
        return self.world.find("kubernetes", _ENTRY_POINTS[kind], identity, server)

    def _label(self, found: Thing, body: Any) -> Any:
        """Server-side apply of labels: those of other managers stay."""
        metadata = found.outputs["metadata"]
        labels = {**metadata.get("labels", {}), **body["metadata"]["labels"]}
        outputs = {**found.outputs, "metadata": {**metadata, "labels": labels}}
        self.world.put(replace(found, outputs=outputs))
        return outputs


def _metadata(thing: Thing) -> dict[str, Any]:
    """What the program did not declare was made by a controller for something that it did."""
    owners = [] if thing.name else [{"uid": thing.owner}]
    return {"metadata": {"name": thing.identity.partition("/")[2], "ownerReferences": owners}}


@contextmanager
def fake_api(world: World, count: int) -> Iterator[FakeApi]:
    """`count` API servers, while the body runs."""
    folder = world.folder / "api"
    folder.mkdir(parents=True, exist_ok=True)
    tls, authority = certified(folder)
    fake = FakeApi(world, authority)
    with ExitStack() as servers:
        ports = [servers.enter_context(json_server(fake.admit, tls)) for _ in range(count)]
        fake.servers = [f"https://127.0.0.1:{port}" for port in ports]
        yield fake
