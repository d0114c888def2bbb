"""Access control: a plug-in listens on loopback, where every user of the host can connect to it.

Pulumi's own plug-ins accept all callers (sdk/go/common/util/rpcutil/serve.go). This one may run as root, and
a caller that can create a local VM or run a program would be root, too. The kernel knows the owner of a
connection: `/proc/net/tcp` and `tcp6` list every socket with the user ID of its owner
(Documentation/networking/proc_net_tcp.rst of Linux).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import grpc

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED: Final = "01"
"""The only state in which the kernel lists the owner: a closing socket is listed as root's."""
_PEERS: Final = "ipv4:127.0.0.1"
"""A peer in gRPC's form, without its port. A caller may bind another address of 127/8 with a port that
another user has on this one, and must not be mistaken for that user."""
_REFUSED: Final = "the caller is not the user that this plug-in runs as"


class SameUserOnly(grpc.ServerInterceptor):  # type: ignore[misc]  # grpc has no types
    """Refuses calls over connections of other users than this process's user and root.

    `port` is the port that the server listens on, once it does. Without these kernel tables (macOS), all
    callers are accepted, as by Pulumi's own plug-ins.
    """

    def __init__(self) -> None:
        self.port = 0

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        handler = continuation(details)
        if handler is None:
            return None
        streams = handler.request_streaming, handler.response_streaming
        wrap = _WRAPPERS[streams]
        name = f"{'stream' if streams[0] else 'unary'}_{'stream' if streams[1] else 'unary'}"
        checked = self._checked_stream if streams[1] else self._checked
        return wrap(
            checked(getattr(handler, name)),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _checked(self, behaviour: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def call(request: Any, context: grpc.ServicerContext) -> Any:
            self._require_same_user(context)
            return behaviour(request, context)

        return call

    def _checked_stream(
        self, behaviour: Callable[[Any, Any], Iterator[Any]]
    ) -> Callable[[Any, Any], Iterator[Any]]:
        def call(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            self._require_same_user(context)
            yield from behaviour(request, context)

        return call

    def _require_same_user(self, context: grpc.ServicerContext) -> None:
        if not _TABLES[0].exists():
            return
        address, _, port = context.peer().rpartition(":")
        owner = owner_of_connection(int(port), self.port) if address == _PEERS else None
        if owner not in (0, os.geteuid()):
            context.abort(grpc.StatusCode.PERMISSION_DENIED, _REFUSED)


def owner_of_connection(client_port: int, server_port: int) -> int | None:
    """The user ID of the client of a connection on 127.0.0.1; None without such a connection."""
    ends = {_v4(client_port): _v4(server_port), _mapped(client_port): _mapped(server_port)}
    for table in _TABLES:
        for line in _lines(table):
            fields = line.split()
            if ends.get(fields[1]) == fields[2] and fields[3] == _ESTABLISHED:
                return int(fields[7])
    return None


_WRAPPERS: Final[dict[tuple[bool, bool], Callable[..., Any]]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
_LOOPBACK: Final = socket.inet_aton("127.0.0.1")


def _lines(table: Path) -> list[str]:
    """The rows of one table. A kernel without IPv6 does not have the second table."""
    return table.read_text().splitlines()[1:] if table.exists() else []


def _v4(port: int) -> str:
    return f"{_words(_LOOPBACK)}:{port:04X}"


def _mapped(port: int) -> str:
    """The form of an IPv6 socket (::ffff:127.0.0.1)."""
    return f"{_words(bytes(10) + bytes([0xFF, 0xFF]) + _LOOPBACK)}:{port:04X}"


def _words(address: bytes) -> str:
    """An address in the kernel's form: words of four bytes in the host's byte order."""
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(address) // 4}I", address))
