"""The lab's outer parent, in the host's namespaces: starts its process 1 and removes its cgroups afterwards.

Run as `python -m hybrid_mesh.local.lab.watchdog STATE_FOLDER`, detached from its starter. Process 1 of the
new pid namespace only reaps; its one child serves. If either of the two is killed, the kernel ends
everything. If the watchdog is killed, process 1 stops the lab and removes the cgroups.
"""

import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from hybrid_mesh.local.lab import privacy
from hybrid_mesh.local.linux import cgroups, kernel

_NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC


def main() -> None:
    os.umask(0o022)  # secret files set their own mode; files of a VM have the modes of Debian
    state = Path(sys.argv[1])
    name = cgroups.lab_name(state)
    cgroups.hold(name)
    cgroups.make(f"{name}/{cgroups.CORE}")
    host_network = os.open("/proc/self/ns/net", os.O_RDONLY)
    kernel.unshare(kernel.CLONE_NEWPID)
    first = os.fork()
    if first == 0:
        _process_one(state, name, host_network)
    os.close(host_network)
    signal.signal(signal.SIGTERM, lambda _number, _frame: os.kill(first, signal.SIGTERM))
    os.waitpid(first, 0)
    cgroups.remove(name)


def _process_one(state: Path, name: str, host_network: int) -> None:
    """Becomes the lab's init: creates the namespaces, starts the server, and reaps until the server ends."""
    watchdog_gone = False

    def power_off(number: int, _frame: FrameType | None) -> None:
        nonlocal watchdog_gone
        watchdog_gone = watchdog_gone or number == signal.SIGUSR1
        os.kill(server, signal.SIGTERM)

    number = int(Path("/proc/self").readlink().name)
    cgroups.add(f"{name}/{cgroups.CORE}", os.getpid())
    kernel.unshare(_NAMESPACES)
    kernel.mount("none", "/", "none", kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("proc", "/proc", "proc")
    privacy.cover(state)
    socket.sethostname(name)
    server = os.fork()
    if server == 0:
        # Only the server needs these imports.
        from hybrid_mesh.local.lab.lab import Place  # noqa: PLC0415
        from hybrid_mesh.local.lab.server import serve  # noqa: PLC0415

        os._exit(serve(state, Place(name, host_network, number)))
    signal.signal(signal.SIGTERM, power_off)
    signal.signal(signal.SIGUSR1, power_off)
    kernel.signal_at_parents_death(signal.SIGUSR1)
    code = _reap_until(server)
    if watchdog_gone:
        _end_others()
        cgroups.add("", os.getpid())
        cgroups.remove(name)
    os._exit(code)


def _reap_until(server: int) -> int:
    while True:
        ended, status = os.wait()
        if ended == server:
            return os.waitstatus_to_exitcode(status) & 0xFF


def _end_others() -> None:
    os.kill(-1, signal.SIGKILL)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


if __name__ == "__main__":
    main()
