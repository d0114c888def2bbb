"""The lab's serving process: answers the control socket, one thread a connection."""

import contextlib
import signal
import socket
import sys
import time
from collections.abc import Callable
from io import BufferedRWPair
from pathlib import Path
from threading import Event, Thread
from typing import Any

from local.lab import errors, wire
from local.lab.errors import LabError
from local.lab.lab import Lab, Place
from local.lab.specs import ClusterSpec, MachineSpec, Report, from_json, to_json
from local.lab.state import lab_folder

OPERATIONS = frozenset(
    (
        "cluster",
        "delete_cluster",
        "delete_machine",
        "ensure_cluster",
        "ensure_machine",
        "logs",
        "machine",
        "machine_shell",
        "ping",
        "reboot_machine",
        "shutdown",
        "status",
    )
)
IDLE_LIMIT = 60.0


class Operations:
    """What a client may ask for, by name. Every method answers something JSON can hold."""

    def __init__(self, lab: Lab, end: Callable[[], None]) -> None:
        self._lab = lab
        self._end = end
        self._ending = False

    def ensure_cluster(self, arguments: dict[str, Any], report: Report) -> object:
        return to_json(self._lab.ensure_cluster(from_json(ClusterSpec, arguments["spec"]), report))

    def ensure_machine(self, arguments: dict[str, Any], report: Report) -> object:
        return to_json(self._lab.ensure_machine(from_json(MachineSpec, arguments["spec"]), report))

    def delete_cluster(self, arguments: dict[str, Any], _report: Report) -> object:
        self._lab.delete_cluster(arguments["name"])
        return self._end_when_empty()

    def delete_machine(self, arguments: dict[str, Any], _report: Report) -> object:
        self._lab.delete_machine(arguments["name"])
        return self._end_when_empty()

    def cluster(self, arguments: dict[str, Any], _report: Report) -> object:
        info = self._lab.cluster(arguments["name"])
        return to_json(info) if info else None

    def machine(self, arguments: dict[str, Any], _report: Report) -> object:
        info = self._lab.machine(arguments["name"])
        return to_json(info) if info else None

    def machine_shell(self, arguments: dict[str, Any], _report: Report) -> object:
        done = self._lab.machine_shell(arguments["name"], arguments["command"], arguments["timeout"])
        return to_json(done)

    def reboot_machine(self, arguments: dict[str, Any], _report: Report) -> object:
        self._lab.reboot_machine(arguments["name"])
        return None

    def status(self, _arguments: dict[str, Any], _report: Report) -> object:
        return to_json(self._lab.status())

    def logs(self, arguments: dict[str, Any], _report: Report) -> object:
        return self._lab.logs(arguments["subject"], arguments["lines"])

    def ping(self, _arguments: dict[str, Any], _report: Report) -> object:
        return None

    def shutdown(self, _arguments: dict[str, Any], _report: Report) -> object:
        self._ending = True
        return None

    def answered(self) -> None:
        """Ends the lab if that was asked for, now that whoever asked has the answer."""
        if self._ending:
            self._end()

    def _end_when_empty(self) -> object:
        self._ending = self._lab.close_when_empty()
        return {"ending": self._ending}


def serve(state: Path, place: Place) -> int:
    """Runs the lab on `state` until it is told to end or has been empty for a while.

    Answers the exit code; what kept the lab from starting is on standard error.
    """
    ended = Event()
    try:
        lab = Lab(state, place, tell=_tell)
    except (LabError, OSError) as error:
        _tell(str(error))
        return 1
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    operations = Operations(lab, ended.set)
    folder = lab_folder(state)
    listener = wire.listen(folder)
    lab.restore()
    Thread(target=_accept, args=(listener, operations), name="accept", daemon=True).start()
    while not ended.wait(IDLE_LIMIT):
        if lab.close_when_empty():
            break
    lab.power_off()
    (folder / wire.SOCKET).unlink(missing_ok=True)
    if lab.closed:
        lab.remove_state()
    return 0


def _accept(listener: socket.socket, operations: Operations) -> None:
    while True:
        connection, _ = listener.accept()
        Thread(target=_converse, args=(connection, operations), daemon=True).start()


def _converse(connection: socket.socket, operations: Operations) -> None:
    with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rwb") as stream:
        while (request := wire.receive(stream)) is not None:
            answer = _answer(request, operations, stream)
            try:
                wire.send(stream, answer)
            finally:
                operations.answered()


def _answer(request: dict[str, Any], operations: Operations, stream: BufferedRWPair) -> dict[str, Any]:
    name = str(request["operation"])
    if name not in OPERATIONS:
        return {"error": errors.to_wire(LabError(f"unknown operation {name}"))}
    operation = getattr(operations, name)

    def report(text: str) -> None:
        with contextlib.suppress(OSError):
            wire.send(stream, {"report": text})

    try:
        return {"result": operation(request.get("arguments", {}), report)}
    except LabError as error:
        return {"error": errors.to_wire(error)}
    except (OSError, KeyError, TypeError, ValueError) as error:
        _tell(f"{request['operation']}: {type(error).__name__}: {error}")
        return {"error": errors.to_wire(LabError(f"{request['operation']} failed: {error}"))}


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()
