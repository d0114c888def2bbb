"""All doubles in one process and one memory, for long lives and for measuring: a plug-in's process for every
cluster and every command would cost more than what is tested.

The engine dials them by `PULUMI_DEBUG_PROVIDERS`; each of its provider resources has a connection of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from hybrid_mesh.plugins.framework.engine import EngineLog
from hybrid_mesh.plugins.framework.provider import Provider
from hybrid_mesh.plugins.framework.servicer import ProviderServicer
from tests.engine.doubles.amazon import Amazon
from tests.engine.doubles.cluster import ClusterProvider
from tests.engine.doubles.google import Google
from tests.engine.doubles.store import Call, Thing, World

_METHODS: Final = tuple(
    name for name in vars(provider_pb2_grpc.ResourceProviderServicer) if not name.startswith("_")
)
_LARGEST_MESSAGE: Final = 400 * 1024 * 1024


class MemoryWorld(World):
    """A world that keeps things and calls in memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._things: dict[str, dict[tuple[str, str, str], Thing]] = {}
        self._calls: list[Call] = []
        self._dead: set[str] = set()
        self._lock = threading.Lock()

    def put(self, thing: Thing) -> None:
        with self._lock:
            owned = self._things.setdefault(thing.owner, {})
            owned[thing.plugin, thing.type, thing.identity] = thing

    def find(self, plugin: str, type_: str, identity: str, owner: str = "") -> Thing | None:
        return self._things.get(owner, {}).get((plugin, type_, identity))

    def drop(self, plugin: str, type_: str, identity: str, owner: str = "") -> None:
        with self._lock:
            self._things.get(owner, {}).pop((plugin, type_, identity), None)

    def things(self, plugin: str | None = None, owner: str | None = None) -> list[Thing]:
        with self._lock:
            owners = list(self._things) if owner is None else [owner]
            found = [thing for each in owners for thing in self._things.get(each, {}).values()]
        return [thing for thing in found if plugin in (None, thing.plugin)]

    def record(self, call: Call) -> None:
        self._calls.append(call)

    def calls(self, operation: str | None = None) -> list[Call]:
        return [call for call in self._calls if operation in (None, call.operation)]

    def forget_calls(self) -> None:
        self._calls.clear()

    def kill(self, server: str) -> None:
        self._dead.add(server)

    def revive(self, server: str) -> None:
        self._dead.discard(server)

    def dead(self, server: str) -> bool:
        return server in self._dead


class _Switch(provider_pb2_grpc.ResourceProviderServicer):
    """Gives every connection a provider of its own."""

    def __init__(self, make: Callable[[], Provider]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._servicers: dict[str, ProviderServicer] = {}

    def of(self, peer: str) -> ProviderServicer:
        with self._lock:
            if peer not in self._servicers:
                self._servicers[peer] = ProviderServicer(self._make(), EngineLog())
            return self._servicers[peer]


def _forward(name: str) -> Callable[[_Switch, Any, grpc.ServicerContext], Any]:
    def method(self: _Switch, request: Any, context: grpc.ServicerContext) -> Any:
        return getattr(self.of(context.peer()), name)(request, context)

    return method


for _name in _METHODS:
    setattr(_Switch, _name, _forward(_name))


_KINDS: Final[dict[str, Callable[[World], Provider]]] = {
    "gcp": Google,
    "aws": Amazon,
    "kubernetes": ClusterProvider,
}


@contextmanager
def together(world: World, plugins: Iterable[str] = _KINDS) -> Iterator[str]:
    """The value of `PULUMI_DEBUG_PROVIDERS` for the doubles of these plug-ins while the body runs."""
    server_of = {name: _serve(_Switch(partial(_KINDS[name], world))) for name in plugins}
    try:
        yield ",".join(f"{name}:{port}" for name, (_, port) in server_of.items())
    finally:
        for server, _ in server_of.values():
            server.stop(grace=0).wait()


def _serve(switch: _Switch) -> tuple[grpc.Server, int]:
    limits = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=64), options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(switch, server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
