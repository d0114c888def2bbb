"""The protocol of the control socket: one JSON object per line, in both directions.

Request: {"operation": ..., "arguments": {...}}. Answer: any number of {"report": text}, then one of
{"result": ...} and {"error": {...}}.
"""

import json
import os
import socket
from io import BufferedRWPair
from pathlib import Path
from typing import Any

from hybrid_mesh.local.patience import patient

SOCKET = "control.sock"


def listen(folder: Path) -> socket.socket:
    """Listens on the control socket of `folder` and replaces a stale one. Only its owner can connect."""
    path = folder / SOCKET
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    _at(folder, listener.bind)
    path.chmod(0o600)  # before listen(), so before anyone can connect
    listener.listen(128)
    return listener


def connect(folder: Path, timeout: float) -> socket.socket:
    """A connection, each read and write of which takes at most `timeout` seconds, times `patient`. Raises
    OSError when no process listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(patient(timeout))
    try:
        _at(folder, connection.connect)
    except OSError:
        connection.close()
        raise
    return connection


def answers(folder: Path, timeout: float) -> bool:
    """Whether a lab answers on the socket of `folder` within `timeout` seconds: one that is ending may still
    accept connections."""
    try:
        with connect(folder, timeout) as connection, connection.makefile("rwb") as stream:
            send(stream, {"operation": "ping"})
            return receive(stream) is not None
    except OSError:
        return False


def send(stream: BufferedRWPair, message: dict[str, Any]) -> None:
    stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()


def receive(stream: BufferedRWPair) -> dict[str, Any] | None:
    """The next message, or None when the other side has ended."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    message: dict[str, Any] = json.loads(line)
    return message


def _at(folder: Path, action: Any) -> None:
    """Calls `action` with a short name of the socket: its real path may exceed the 107 bytes of sun_path."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        action(f"/proc/self/fd/{descriptor}/{SOCKET}")
    finally:
        os.close(descriptor)
