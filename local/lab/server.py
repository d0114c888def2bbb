"""The lab's serving process: answers the control socket, with one thread and one request per connection."""

import contextlib
import resource
import signal
import socket
import time
from pathlib import Path
from threading import Event
from typing import Any

from hybrid_mesh.local.lab import errors, wire
from hybrid_mesh.local.lab.encoding import encode
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.lab import Lab, Place
from hybrid_mesh.local.lab.operations import OPERATIONS
from hybrid_mesh.local.lab.specs import Report
from hybrid_mesh.local.lab.state import lab_folder
from hybrid_mesh.local.linux import logs
from hybrid_mesh.local.linux.guard import describe, log, run_guarded, start_guarded
from hybrid_mesh.local.patience import patient

IDLE_LIMIT = 60.0
CHECK_INTERVAL = 2.0
ACCEPT_PAUSE = 0.2
CLIENT_TIMEOUT = 10.0
"""The longest time for which a client may be silent before its request, or not take its answer."""
OPEN_FILES = 1 << 16
LOG_LIMIT = 16 << 20


def serve(state: Path, place: Place) -> int:
    """Runs the lab on `state` until it is requested to end, has been empty for a while, or its folder is
    removed.

    Returns the exit code; an error that keeps the lab from starting is on standard error.
    """
    ended = Event()
    _allow_open_files()
    try:
        lab = Lab(state, place, log=log)
    except (LabError, OSError) as error:
        log(str(error))
        return 1
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = lab_folder(state)
    listener = wire.listen(folder)
    lab.restore()
    start_guarded("accept", lambda: _accept(listener, lab, ended))
    _await_end(lab, folder, ended)
    lab.power_off()
    (folder / wire.SOCKET).unlink(missing_ok=True)
    if lab.closed:
        lab.remove_state()
    return 0


def _await_end(lab: Lab, folder: Path, ended: Event) -> None:
    """Returns when the lab is to end; a lab whose folder was removed can no longer be called."""
    idle = time.monotonic()
    while not ended.wait(CHECK_INTERVAL):
        if not lab.empty:
            idle = time.monotonic()
        if time.monotonic() - idle > IDLE_LIMIT and lab.close_when_empty():
            return
        if not (folder / wire.SOCKET).exists():
            log(f"{folder} was removed: the lab ends")
            return
        logs.bound(folder / "lab.log", LOG_LIMIT)


def _accept(listener: socket.socket, lab: Lab, ended: Event) -> None:
    """Accepts connections while the lab runs; without a free descriptor it retries a moment later."""

    def accept() -> None:
        connection, _ = listener.accept()
        connection.settimeout(patient(CLIENT_TIMEOUT))
        start_guarded("conversation", lambda: _converse(connection, lab, ended))

    while not ended.is_set():
        if not run_guarded("accept", accept):
            ended.wait(ACCEPT_PAUSE)


def _converse(connection: socket.socket, lab: Lab, ended: Event) -> None:
    try:
        # A client that hangs up, sends no JSON or stays silent is ignored.
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rwb") as stream:
            request = wire.receive(stream)
            if request is None:
                return

            def report(text: str) -> None:
                with contextlib.suppress(OSError, ValueError):
                    wire.send(stream, {"report": text})

            wire.send(stream, answer(request, lab, report))
    finally:
        if lab.ending:
            ended.set()


def answer(request: dict[str, Any], lab: Lab, report: Report) -> dict[str, Any]:
    """The answer to one request. Never raises: unexpected exceptions are logged and answered as errors."""
    name = str(request.get("operation"))
    try:
        if name not in OPERATIONS:
            return {"error": errors.to_wire(LabError(f"unknown operation {name}"))}
        operation = OPERATIONS[name]
        arguments = operation.read_arguments(request.get("arguments", {}))
        if operation.reports:
            arguments["report"] = report
        return {"result": encode(getattr(lab, name)(**arguments))}
    except LabError as error:
        return {"error": errors.to_wire(error)}
    except Exception as error:
        log(f"{name}: {describe(error)}")
        return {"error": errors.to_wire(LabError(f"{name} failed: {describe(error)}"))}


def _allow_open_files() -> None:
    """Raises the limit of open files: a forwarded connection takes two, and shells often allow 1024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
