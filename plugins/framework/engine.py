"""Messages to the engine, which shows them with the resource that they are about."""

from __future__ import annotations

import threading
from enum import IntEnum
from typing import Any, Final

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SEND_SECONDS: Final = 5


class Severity(IntEnum):
    """Log severities of pulumi/proto/engine.proto."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class EngineLog:
    """A connection to the engine's log. Messages are dropped without an address, and after the engine has
    ended."""

    def __init__(self, address: str = "") -> None:
        self._lock = threading.Lock()
        self._stub: Any = None
        self._address = ""
        self.connect(address)

    def connect(self, address: str) -> None:
        """Sends messages to `address` (host:port) from now on."""
        with self._lock:
            if address and address != self._address:
                self._address = address
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def log(self, severity: Severity, text: str, urn: str = "", *, passing: bool = False) -> None:
        """Shows `text`. A `passing` text is shown in the row of the resource only, until the next one."""
        stub = self._stub
        if stub is None:
            return
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity.name), message=text, urn=urn, ephemeral=passing
        )
        try:
            stub.Log(request, timeout=_SEND_SECONDS)
        except grpc.RpcError:
            return
