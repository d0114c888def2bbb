"""Another user's process gets no answer; our own and root's do, for every form of connection."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from hybrid_mesh.plugins.framework.peers import owner_of_connection
from hybrid_mesh.plugins.framework.server import start_on_loopback
from hybrid_mesh.plugins.python_standin.host import LanguageHost
from tests.commands import run
from tests.plugins.framework.conftest import Live

NOBODY = 65534
ASK = """
import os, sys
import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, provider_pb2_grpc
address, service, uid = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.setgid(uid)
os.setuid(uid)
channel = grpc.insecure_channel(address)
try:
    if service == "provider":
        provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(empty_pb2.Empty(), timeout=20)
    elif service == "language":
        language_pb2_grpc.LanguageRuntimeStub(channel).GetPluginInfo(empty_pb2.Empty(), timeout=20)
    else:
        request = language_pb2.RunPluginRequest(pwd="/", kind="resource")
        list(language_pb2_grpc.LanguageRuntimeStub(channel).RunPlugin(request, timeout=20))
    print("answered")
except grpc.RpcError as error:
    print(error.code().name)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


def ask(address: str, service: str, uid: int) -> str:
    command = [sys.executable, "-c", ASK, address, service, str(uid)]
    return run(command, folder=Path("/")).stdout.strip()


@as_root
def test_a_provider_refuses_another_user(live: Live) -> None:
    assert ask(live.address, "provider", NOBODY) == "PERMISSION_DENIED"
    assert ask(live.address, "provider", 0) == "answered"


@as_root
@pytest.mark.parametrize("service", ["language", "run"])
def test_the_language_host_refuses_another_user(service: str) -> None:
    host = LanguageHost("")
    server, port = start_on_loopback(
        lambda made: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, made)
    )
    assert ask(f"127.0.0.1:{port}", service, NOBODY) == "PERMISSION_DENIED"
    assert language_pb2_grpc.LanguageRuntimeStub(grpc.insecure_channel(f"127.0.0.1:{port}")).GetPluginInfo(
        empty_pb2.Empty()
    )
    server.stop(grace=0).wait()


def test_another_loopback_address_does_not_pass_for_the_callers(live: Live) -> None:
    """With the port of a connection that is ours, but bound to another address."""
    stub = provider_pb2_grpc.ResourceProviderStub
    with socket.create_connection(("127.0.0.1", int(live.address.rpartition(":")[2]))) as ours:
        port = ours.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as relay:
            theirs = socket.create_connection(
                ("127.0.0.1", int(live.address.rpartition(":")[2])), source_address=("127.0.0.2", port)
            )
            channel = grpc.insecure_channel(f"127.0.0.1:{relay.getsockname()[1]}")
            call = stub(channel).GetPluginInfo.future(empty_pb2.Empty(), timeout=20)
            accepted, _ = relay.accept()
            joined = [Thread(target=pump, args=pair) for pair in ((accepted, theirs), (theirs, accepted))]
            for thread in joined:
                thread.start()
            refused = call.exception()
            channel.close()
            accepted.close()
            theirs.close()
    assert refused.code() is grpc.StatusCode.PERMISSION_DENIED


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_owner_of_a_connection_is_found_in_both_tables(family: socket.AddressFamily) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(family) as client:
        port = server.getsockname()[1]
        client.connect(("127.0.0.1" if family is socket.AF_INET else "::ffff:127.0.0.1", port))
        mine = client.getsockname()[1]
        assert owner_of_connection(mine, port) == os.geteuid()
        assert owner_of_connection(mine, 1) is None
        client.close()
        assert owner_of_connection(mine, port) is None
