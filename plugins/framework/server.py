"""The process of a plug-in: it serves its own user on a free port of 127.0.0.1, prints the port, and ends
when signalled."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from hybrid_mesh.plugins.framework.engine import EngineLog
from hybrid_mesh.plugins.framework.peers import SameUserOnly
from hybrid_mesh.plugins.framework.provider import Provider
from hybrid_mesh.plugins.framework.servicer import ProviderServicer

_THREADS: Final = 512
"""Each waiting resource occupies a thread, and the engine has no limit by default."""
_LARGEST_MESSAGE: Final = 400 * 1024 * 1024
"""The limit of pulumi/sdk/go/common/util/rpcutil."""
_PARENT_CHECK_SECONDS: Final = 2.0


def start(provider: Provider, engine_address: str = "") -> tuple[grpc.Server, ProviderServicer, int]:
    """A running server, its servicer and its port."""
    servicer = ProviderServicer(provider, EngineLog(engine_address))
    server, port = start_on_loopback(
        lambda made: provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, made)
    )
    return server, servicer, port


def start_on_loopback(register: Callable[[grpc.Server], None]) -> tuple[grpc.Server, int]:
    """A running server with the services that `register` adds, and its port. It accepts calls of this user
    and root only."""
    peers = SameUserOnly()
    server = grpc.server(
        ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="call"),
        interceptors=[peers],
        options=[
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
        ],
    )
    register(server)
    peers.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, peers.port


def serve(provider: Provider, arguments: list[str] | None = None) -> None:
    """Serves until SIGINT, SIGTERM or the end of the engine; never returns.

    `arguments` are those of the engine (sys.argv[1:]): flags and the engine's address.
    """
    given = sys.argv[1:] if arguments is None else arguments
    addresses = [argument for argument in given if not argument.startswith("-")]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server, servicer, port = start(provider, addresses[0] if addresses else "")
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    wait_for_end(stop, watch_parent=bool(addresses))
    servicer.cancel()
    server.stop(grace=1).wait()
    # A thread may still be in a blocking call, which is not worth waiting for.
    os._exit(0)


def wait_for_end(stop: threading.Event, *, watch_parent: bool) -> None:
    """Returns when `stop` is set or, if watched, when the parent process has ended (the engine was
    killed)."""
    parent = os.getppid()
    while not stop.wait(_PARENT_CHECK_SECONDS):
        if watch_parent and os.getppid() != parent:
            return
