"""A call of gRPC's health service by HTTP/2 in plain text (RFC 9113, grpc.health.v1). Standard library only
(Python 3.9)."""

from __future__ import annotations

import socket
import struct
from typing import Any

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7
"""Types of frames of HTTP/2."""
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
SERVING = b"\x08\x01"
"""HealthCheckResponse with the status SERVING."""


def check(wanted: dict[str, Any], timeout: float) -> None:
    """Raises OSError or ValueError unless the answer for the service `wanted` is SERVING."""
    port, service = wanted["port"], wanted.get("service", "").encode()
    where = f"gRPC health of localhost:{port}"
    headers = {":method": "POST", ":scheme": "http", ":path": "/grpc.health.v1.Health/Check"}
    headers.update({":authority": f"localhost:{port}", "content-type": "application/grpc", "te": "trailers"})
    request = (b"\x0a" + bytes([len(service)]) + service) if service else b""
    block = b"".join(b"\0" + _text(name) + _text(value) for name, value in headers.items())
    sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(SETTINGS, 0, 0, b"")
    sent += _frame(HEADERS, END_HEADERS, 1, block)
    sent += _frame(DATA, END_STREAM, 1, b"\0" + struct.pack(">I", len(request)) + request)
    with socket.create_connection(("localhost", port), timeout) as connection:
        connection.sendall(sent)
        answers = connection.makefile("rb")
        while True:
            head = answers.read(9)
            if len(head) < 9:
                raise ValueError(f"{where}: the server closed the connection")
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:], "big")
            content = answers.read(length)
            if kind in (SETTINGS, PING) and not flags & ACK:
                connection.sendall(_frame(kind, ACK, 0, content if kind == PING else b""))
            elif kind == DATA and length:
                if content[5:] != SERVING:
                    raise ValueError(f"{where}: not serving")
                return
            elif kind in (RST_STREAM, GOAWAY) or (stream == 1 and flags & END_STREAM):
                raise ValueError(f"{where}: the server has no answer for service {service.decode()!r}")


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return struct.pack(">I", len(content))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + content


def _text(value: str) -> bytes:
    """A string of HPACK of fewer than 127 bytes, without Huffman coding (RFC 7541, 5.2)."""
    return bytes([len(value)]) + value.encode()
