"""How everybody else talks to the lab: one connection a call, so any number of threads and processes may."""

import contextlib
from pathlib import Path
from typing import Any, NoReturn

from local.lab import ending, errors, preflight, starter, wire
from local.lab.errors import LabEnding, LabNotRunning
from local.lab.specs import (
    ClusterInfo,
    ClusterSpec,
    CompletedCommand,
    LabStatus,
    MachineInfo,
    MachineSpec,
    Report,
    from_json,
    to_json,
)
from local.lab.state import LabState, lab_folder
from local.lab.terminal import open_terminal
from local.linux import cgroups
from local.linux.waiting import until
from local.paths import state_folder

END_TIMEOUT = 30.0


class LabClient:
    """The lab on this user's state folder.

    Every call raises LabError when the lab cannot do what is asked, and LabNotRunning when there is none.
    """

    def __init__(self, state: Path) -> None:
        self._state = state

    @classmethod
    def connect(cls, *, start: bool) -> "LabClient":
        """The running lab. `start`: powers it on when it is off, with all its state on disk remembers.

        Raises LabNotRunning, PreflightError or LabError.
        """
        state = state_folder()
        if not wire.answers(lab_folder(state)):
            if not start:
                raise LabNotRunning(f"no lab is running on {state}")
            starter.ensure_running(state)
        return cls(state)

    @staticmethod
    def has_state() -> bool:
        """Whether the state on disk holds a cluster or a machine."""
        return not LabState(lab_folder(state_folder())).empty

    @staticmethod
    def check_host() -> None:
        """Raises PreflightError when this host lacks something that a lab needs. Changes nothing."""
        preflight.check(state_folder())

    @classmethod
    def end(cls) -> None:
        """Ends the lab of this user, whether it answers or not, and removes its state.

        Raises LabError when something of it stays.
        """
        state = state_folder()
        with contextlib.suppress(LabNotRunning):
            cls.connect(start=False).shutdown()
        ending.remove(state)

    def terminal(self, name: str) -> NoReturn:
        """Becomes a root shell in a VM. Raises LabError."""
        open_terminal(self._state, name)

    def ensure_cluster(self, spec: ClusterSpec, report: Report) -> ClusterInfo:
        """The cluster of that name, made if it is not there; returns when its node is Ready."""
        return from_json(ClusterInfo, self._insist("ensure_cluster", {"spec": to_json(spec)}, report))

    def ensure_machine(self, spec: MachineSpec, report: Report) -> MachineInfo:
        """The machine of that name, made if it is not there; returns when its init is running."""
        return from_json(MachineInfo, self._insist("ensure_machine", {"spec": to_json(spec)}, report))

    def delete_cluster(self, name: str) -> None:
        """Removes a cluster and all it holds. The last member gone, the lab ends and leaves nothing."""
        self._delete("delete_cluster", name)

    def delete_machine(self, name: str) -> None:
        self._delete("delete_machine", name)

    def cluster(self, name: str) -> ClusterInfo | None:
        value = self._call("cluster", {"name": name})
        return from_json(ClusterInfo, value) if value else None

    def machine(self, name: str) -> MachineInfo | None:
        value = self._call("machine", {"name": name})
        return from_json(MachineInfo, value) if value else None

    def status(self) -> LabStatus:
        return from_json(LabStatus, self._call("status", {}))

    def shutdown(self) -> None:
        """Powers the lab off. Its state stays on disk."""
        self._call("shutdown", {})
        self._await_end()
        starter.sweep()

    def machine_shell(self, name: str, command: list[str], timeout: float) -> CompletedCommand:
        """Runs `command` as root inside a machine, for at most `timeout` seconds."""
        arguments = {"name": name, "command": command, "timeout": timeout}
        return from_json(CompletedCommand, self._call("machine_shell", arguments))

    def reboot_machine(self, name: str) -> None:
        self._call("reboot_machine", {"name": name})

    def logs(self, subject: str, lines: int) -> str:
        """The last lines of `lab`, a machine, a cluster (all its daemons) or `cluster/daemon`."""
        return str(self._call("logs", {"subject": subject, "lines": lines}))

    def _delete(self, operation: str, name: str) -> None:
        try:
            ending = self._call(operation, {"name": name})["ending"]
        except LabEnding:
            ending = True
        if ending:
            self._await_end()

    def _insist(self, operation: str, arguments: dict[str, Any], report: Report) -> Any:
        """Calls once more, on a new lab, when the old one was just ending."""
        try:
            return self._call(operation, arguments, report)
        except (LabEnding, LabNotRunning):
            starter.ensure_running(self._state)
            return self._call(operation, arguments, report)

    def _call(self, operation: str, arguments: dict[str, Any], report: Report | None = None) -> Any:
        try:
            connection = wire.connect(lab_folder(self._state))
        except OSError as error:
            raise LabNotRunning(f"no lab is running on {self._state}") from error
        with connection, connection.makefile("rwb") as stream:
            try:
                wire.send(stream, {"operation": operation, "arguments": arguments})
                while (message := wire.receive(stream)) is not None:
                    if "report" not in message:
                        break
                    if report:
                        report(str(message["report"]))
            except OSError as error:
                raise LabNotRunning(f"the lab ended during {operation}") from error
        if message is None:
            raise LabNotRunning(f"the lab ended during {operation}")
        if "error" in message:
            raise errors.from_wire(message["error"])
        return message["result"]

    def _await_end(self) -> None:
        name = cgroups.lab_name(self._state)
        until(
            lambda: name not in preflight.running_labs() and name not in cgroups.labs(),
            END_TIMEOUT,
            f"the lab on {self._state} does not end",
            every=0.02,
        )
