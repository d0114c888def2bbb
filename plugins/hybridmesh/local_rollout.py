"""Renews the local VMs of a group whose user-data has changed, step by step.

The first VM alone (`canary`), then `maxUnavailable` at a time; each step ends when its VMs are ready. The
first VM that does not get ready stops the rollout; the VMs that are left keep running as they are. What a VM
was created from is known to the lab, so a rollout that stopped goes on where it stood.
"""

import re
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.model.texts.machine_texts import source_text
from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.engine import Severity
from hybrid_mesh.plugins.framework.errors import WaitTimeoutError
from hybrid_mesh.plugins.framework.values import Properties
from hybrid_mesh.plugins.hybridmesh.lab import connect, in_background
from hybrid_mesh.plugins.hybridmesh.registration_wait import Patience, RegistrationWait, RolloutStoppedError

_JOIN_SECONDS: Final = 120.0
"""Time for a renewed VM to boot and connect."""
_ASK_SECONDS: Final = 0.2
_DRAIN_SECONDS: Final = 10.0
"""Time for callers to finish their requests."""
_STOP_SECONDS: Final = 30.0
"""TimeoutStopSec of istio.service."""
_RENEW_SECONDS: Final = 120.0


def outdated(machines: Collection[str], context: CallContext, *, start: bool) -> list[str]:
    """The VMs that were created from other user-data than they have now. Raises ResourceError."""

    def ask() -> list[str]:
        lab = connect(start=start)
        found = {name: lab.machine(name) for name in machines}
        return sorted((name for name, info in found.items() if info and info.outdated), key=_in_order)

    return in_background(ask, condition="the lab reports its VMs", timeout=_STOP_SECONDS, context=context)


class LocalRollout:
    """The rollout of one group. `waiting` reads its registrations."""

    def __init__(self, inputs: Properties, waiting: RegistrationWait, context: CallContext) -> None:
        self._machines: Mapping[str, str] = inputs["machineAddresses"]
        self._most, self._canary = inputs["rollout"]["maxUnavailable"], inputs["rollout"]["canary"]
        self._group, self._probe = inputs["group"], inputs["probe"]
        self._waiting, self._context = waiting, context
        self._patience = Patience(inputs)

    def run(self) -> None:
        """Renews every outdated VM. Raises RolloutStoppedError, or ResourceError if the lab refuses."""
        left = outdated(self._machines, self._context, start=True)
        if not left:
            return
        while left:
            current = [name for name in self._machines if name not in left]
            self._await_ready(current, left)
            serving = self._ready()
            left.sort(key=lambda name: (name in serving, _in_order(name)))
            size = self._most if current or not self._canary else 1
            step, left = left[:size], left[size:]
            self._renew(step, left)
        self._await_ready(list(self._machines), left)

    def _await_ready(self, names: Collection[str], left: Collection[str]) -> None:
        """Waits for VMs of the new template. Raises RolloutStoppedError."""
        addresses = {self._machines[name] for name in names}

        def ready() -> bool:
            if not self._waiting.poll():
                return False
            self._patience.check([each for each in self._waiting.last if each.address in addresses])
            return self._ready() >= set(names)

        missing = " and ".join(sorted(names, key=_in_order))
        condition = f"VM{'s' * (len(names) != 1)} {missing} of group {self._group} joined the mesh"
        try:
            self._context.wait_for(ready, condition=condition, timeout=_JOIN_SECONDS, interval=_ASK_SECONDS)
        except (RolloutStoppedError, WaitTimeoutError) as failure:
            kept = f"; {', '.join(left)} keep{'s' * (len(left) == 1)} the former template" if left else ""
            raise RolloutStoppedError(f"{failure}{kept}") from failure

    def _ready(self) -> set[str]:
        """The names of the VMs that are ready, with any template."""
        addresses = {entry.address for entry in self._waiting.ready()}
        return {name for name, address in self._machines.items() if address in addresses}

    def _renew(self, step: list[str], left: list[str]) -> None:
        done = len(self._machines) - len(step) - len(left)
        self._context.status(f"replacing VM {', '.join(step)} ({done} of {len(self._machines)} done)")

        def renew() -> None:
            with ThreadPoolExecutor(len(step)) as pool:
                list(pool.map(self._renew_one, step))

        seconds = _DRAIN_SECONDS + _STOP_SECONDS + _RENEW_SECONDS
        condition = f"VM {', '.join(step)} has booted"
        in_background(renew, condition=condition, timeout=seconds, context=self._context)

    def _renew_one(self, name: str) -> None:
        """Takes a VM out of service, then creates it again. Raises LabError or ResourceError."""
        self._deregister(name)
        drain = ["python3", "-c", source_text("drain.py"), f"{_DRAIN_SECONDS:g}"]
        self._shell(name, drain, _DRAIN_SECONDS + 5)
        self._shell(name, ["systemctl", "stop", "istio.service"], _STOP_SECONDS)
        self._deregister(name)  # an agent that reconnected in the meantime
        connect(start=True).renew_machine(name, self._context.status)

    def _deregister(self, name: str) -> None:
        """Removes the VM's entry: callers stop using it, and its successor gets a new one."""
        for entry in self._waiting.registrations.read():
            if entry.address == self._machines[name]:
                self._waiting.registrations.remove(entry)

    def _shell(self, name: str, command: list[str], timeout: float) -> None:
        """Runs a command in a VM; one that no longer works is replaced all the same."""
        try:
            done = connect(start=True).machine_shell(name, command, timeout)
            text = (done.stdout + done.stderr).strip()
        except LabError as failure:
            text = str(failure)
        if text:
            self._context.log(Severity.DEBUG, f"VM {name}: {text}")


def _in_order(name: str) -> tuple[str, int]:
    """`legacy-2` before `legacy-10`."""
    number = re.search(r"\d+$", name)
    return (name[: number.start()], int(number[0])) if number else (name, 0)
