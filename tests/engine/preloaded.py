"""A Python that has the SDKs loaded already, for the programs of the engine tests.

Most of the time of a run of the program is the import of the clouds' SDKs, and the tests run it a hundred
times. So one process imports them once and forks a child for each run. The child gets the arguments, the
environment, the folder and the output streams of the `python` that the language host starts, which waits for
it. The tests of the language host (`tests/plugins/python_standin`) and those of `make up` start Python
itself.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from hybrid_mesh.components.clouds import DECLARERS

_LENGTH_BYTES: Final = 8
_STARTER: Final = """#!{python} -IS
import json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: server.send(bytes([number])))
request = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}}
run = json.dumps(request).encode()
socket.send_fds(server, [len(run).to_bytes({length}, "big")], [1, 2])
server.sendall(run)
sys.exit((server.recv(1) or b"\\x01")[0])
"""
"""The `python` of a project: it hands its run over and ends as that does."""


def write_python(path: Path) -> None:
    """Writes a `python` to `path` that runs scripts in children of the process with the SDKs."""
    text = _STARTER.format(python=sys.executable, address=str(_server()), length=_LENGTH_BYTES)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(0o755)


@cache
def _server() -> Path:
    """The address of this process's server, which ends with it."""
    folder = tempfile.TemporaryDirectory(prefix="preloaded-")
    address = Path(folder.name, "python")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen()
    command = [sys.executable, "-m", "tests.engine.preloaded", str(listener.fileno())]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])
    listener.close()

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    return address


@dataclass
class _Run:
    """A child, and the connection of the `python` that waits for it."""

    connection: socket.socket
    pid: int
    ended: int
    """A descriptor that is readable when the child has ended."""


class _Server:
    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(sys.stdin, selectors.EVENT_READ, self._end)
        self._runs: set[int] = set()

    def serve(self) -> None:
        """Runs until the tests' process closes this one's standard input."""
        while self._listener.fileno() >= 0:
            for key, _ in self._selector.select():
                key.data()

    def _end(self) -> None:
        for pid in self._runs:
            os.kill(pid, signal.SIGKILL)
        self._listener.close()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        length, streams, _, _ = socket.recv_fds(connection, _LENGTH_BYTES, 2)
        with connection.makefile("rb") as body:
            request = json.loads(body.read(int.from_bytes(length, "big")))
        pid = os.fork()
        if pid == 0:
            self._listener.close()
            connection.close()
            _become(request, streams)
        for stream in streams:
            os.close(stream)
        run = _Run(connection, pid, os.pidfd_open(pid))
        self._runs.add(pid)
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._signal(run))
        self._selector.register(run.ended, selectors.EVENT_READ, lambda: self._finish(run))

    def _signal(self, run: _Run) -> None:
        """Passes a signal on. A `python` that was killed takes its child along."""
        number = run.connection.recv(1)
        os.kill(run.pid, number[0] if number else signal.SIGKILL)
        if not number:
            self._selector.unregister(run.connection)

    def _finish(self, run: _Run) -> None:
        _, status = os.waitpid(run.pid, 0)
        self._runs.discard(run.pid)
        self._selector.unregister(run.ended)
        os.close(run.ended)
        if run.connection in self._selector.get_map():
            self._selector.unregister(run.connection)
            run.connection.sendall(bytes([os.waitstatus_to_exitcode(status) & 0xFF]))
        run.connection.close()


def _become(request: dict[str, Any], streams: list[int]) -> None:
    """Runs the script of `request` as a process of its own would, and ends."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, stream in enumerate(streams, start=1):
            os.dup2(stream, number)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        script, *arguments = [each for each in request["arguments"] if each != "-u"]
        sys.argv = [script, *arguments]
        sys.path[0] = str(Path(script).parent)
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    for target in DECLARERS.values():
        importlib.import_module(target.partition(":")[0])
    importlib.import_module("hybrid_mesh.components.mesh")
    gc.freeze()
    _Server(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
