"""The client of the lab. Each call has its own connection, so any number of threads and processes can
call."""

import contextlib
from pathlib import Path
from typing import NoReturn

from hybrid_mesh.local.lab import ending, errors, operations, preflight, starter, wire
from hybrid_mesh.local.lab.allocations import preferred_port
from hybrid_mesh.local.lab.encoding import encode
from hybrid_mesh.local.lab.errors import LabEnding, LabError, LabNotRunning
from hybrid_mesh.local.lab.export import export_logs
from hybrid_mesh.local.lab.member_log import MemberLog, cluster_log, lab_log, machine_log
from hybrid_mesh.local.lab.operations import MARGIN_SECONDS, PING_SECONDS, Operation, Result
from hybrid_mesh.local.lab.preflight import Finding
from hybrid_mesh.local.lab.reports import Reporter
from hybrid_mesh.local.lab.specs import (
    ClusterInfo,
    ClusterSpec,
    CompletedCommand,
    LabStatus,
    MachineInfo,
    MachineSpec,
    MemberState,
    Owner,
    Report,
)
from hybrid_mesh.local.lab.state import LabState, lab_folder
from hybrid_mesh.local.lab.terminal import open_terminal
from hybrid_mesh.local.paths import state_folder
from hybrid_mesh.local.patience import patient

END_TIMEOUT = 30.0


class LabClient:
    """The lab on this user's state folder.

    Every call raises LabError when the lab cannot do what is asked, and LabNotRunning when no lab is running.
    """

    def __init__(self, state: Path) -> None:
        self._state = state

    @classmethod
    def connect(cls, *, start: bool) -> "LabClient":
        """The running lab. `start`: restarts a stopped lab from its saved state, or starts an empty one.

        Raises LabNotRunning, PreflightError or LabError.
        """
        state = state_folder()
        if not wire.answers(lab_folder(state), PING_SECONDS):
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
        """Raises PreflightError when this host lacks something that a lab requires. Changes nothing."""
        preflight.check(state_folder())

    @staticmethod
    def examine_host() -> list[Finding]:
        """What a lab requires of this host, one finding per subject. Changes nothing."""
        return preflight.examine(preflight.observe(state_folder()))

    @staticmethod
    def others() -> tuple[str, ...]:
        """The labs that run on other state folders of this host, each with the command that stops it."""
        return preflight.other_labs(state_folder())

    @staticmethod
    def preferred_port(stack: str, cluster: str, subject: str) -> int:
        """The loopback port that `subject` ("api" or namespace/service:port) of a cluster gets when no other
        program listens on it."""
        return preferred_port(lab_folder(state_folder()), stack, cluster, subject)

    @staticmethod
    def stacks() -> set[Owner]:
        """The stacks that have members in the lab, running or not. Raises LabError."""
        return LabState(lab_folder(state_folder())).owners()

    @classmethod
    def end(cls, owner: Owner | None = None) -> set[Owner]:
        """Ends the lab of this user, whether it answers or not, and removes its state.

        With an `owner`, whose stack was destroyed, only when no other stack has members there: otherwise it
        only deletes what is left of `owner`, such as members that were never ready, and returns the other
        stacks. Raises LabError when something cannot be removed.
        """
        if owner is not None and (others := cls.stacks() - {owner}):
            cls._delete_all(owner)
            return others
        state = state_folder()
        with contextlib.suppress(LabNotRunning):
            cls.connect(start=False).shutdown()
        ending.remove(state)
        return set()

    @staticmethod
    def export_logs(target: Path) -> list[Path]:
        """Copies all logs of the lab, running or not, into the folder `target`. Raises LabError."""
        return export_logs(state_folder(), target)

    def terminal(self, name: str) -> NoReturn:
        """Replaces this process by a root shell in a VM. Raises LabError."""
        open_terminal(self._state, name)

    def ensure_cluster(self, spec: ClusterSpec, report: Report) -> ClusterInfo:
        """The cluster of that name, created if it does not exist; returns when its node is Ready."""
        return self._insist(operations.ENSURE_CLUSTER, report, spec=spec)

    def ensure_machine(self, spec: MachineSpec, report: Report) -> MachineInfo:
        """The VM of that name, created if it does not exist; returns when its init is running."""
        return self._insist(operations.ENSURE_MACHINE, report, spec=spec)

    def amend_machine(self, spec: MachineSpec, report: Report) -> MachineInfo:
        """Like `ensure_machine`, but a VM that runs with other user-data keeps running: it gets this when it
        is renewed."""
        return self._insist(operations.AMEND_MACHINE, report, spec=spec)

    def renew_machine(self, name: str, report: Report) -> MachineInfo:
        """Creates a VM again from its user-data, with its name, identity and addresses; returns when its init
        is running."""
        return self._call(operations.RENEW_MACHINE, report, name=name)

    def delete_cluster(self, name: str) -> None:
        """Deletes a cluster and everything in it. After its last member, the lab ends and leaves nothing."""
        self._delete(operations.DELETE_CLUSTER, name)

    def delete_machine(self, name: str) -> None:
        self._delete(operations.DELETE_MACHINE, name)

    def adopt(self, instance_id: str, owner: Owner) -> None:
        """Records the owner of this incarnation of a member if it has none, because an earlier version
        created it."""
        self._call(operations.ADOPT, instance_id=instance_id, owner=owner)

    def cluster(self, name: str) -> ClusterInfo | None:
        return self._call(operations.CLUSTER, name=name)

    def machine(self, name: str) -> MachineInfo | None:
        return self._call(operations.MACHINE, name=name)

    def status(self) -> LabStatus:
        return self._call(operations.STATUS)

    @staticmethod
    def saved_status() -> LabStatus:
        """The status of a stopped lab, from disk. Raises LabError."""

        def stage(_name: str) -> tuple[MemberState, str]:
            return "stopped", ""

        return Reporter(LabState(lab_folder(state_folder())), stage, stage, 0).status(0, {})

    def shutdown(self) -> None:
        """Stops the lab. Its state stays on disk."""
        self._call(operations.SHUTDOWN)
        self._await_end()

    def machine_shell(self, name: str, command: list[str], timeout: float) -> CompletedCommand:
        """Runs `command` as root in a VM, for at most `timeout` seconds."""
        return self._call(operations.MACHINE_SHELL, name=name, command=command, timeout=timeout)

    @staticmethod
    def log(name: str, component: str | None = None) -> MemberLog:
        """The log of `lab`, of a cluster or of a VM, running or stopped: of all its components, or of one.

        Raises LabNotRunning when there is no lab; LabError for an unknown name or component.
        """
        folder = lab_folder(state_folder())
        if not folder.exists():
            raise LabNotRunning(f"there is no lab in {folder}")
        if name == "lab":
            return lab_log(folder)
        state = LabState(folder)
        if name in state.clusters:
            return cluster_log(state.cluster_folder(name), name, component)
        if name in state.machines:
            return machine_log(state.machine_folder(name), name, component)
        raise LabError(f"the lab has no member {name}")

    @classmethod
    def _delete_all(cls, owner: Owner) -> None:
        state = LabState(lab_folder(state_folder()))
        clusters = [name for name, record in state.clusters.items() if record.spec.owner == owner]
        machines = [name for name, record in state.machines.items() if record.spec.owner == owner]
        if clusters or machines:
            lab = cls.connect(start=True)
            for name in clusters:
                lab.delete_cluster(name)
            for name in machines:
                lab.delete_machine(name)

    def _delete(self, operation: Operation[bool], name: str) -> None:
        try:
            ending = self._call(operation, name=name)
        except LabEnding:
            ending = True
        if ending:
            self._await_end()

    def _insist(self, operation: Operation[Result], report: Report, **arguments: object) -> Result:
        """Repeats the call on a new lab when the old one is just ending."""
        try:
            return self._call(operation, report, **arguments)
        except (LabEnding, LabNotRunning):
            starter.ensure_running(self._state)
            return self._call(operation, report, **arguments)

    def _call(
        self, operation: Operation[Result], report: Report | None = None, **arguments: object
    ) -> Result:
        """Also raises LabError when the lab does not answer within the operation's time."""
        own = arguments.get("timeout")
        seconds = operation.seconds + MARGIN_SECONDS + (own if isinstance(own, float | int) else 0)
        request = {
            "operation": operation.name,
            "arguments": {name: encode(value) for name, value in arguments.items()},
        }
        try:
            connection = wire.connect(lab_folder(self._state), seconds)
        except OSError as error:
            raise LabNotRunning(f"no lab is running on {self._state}") from error
        with connection, connection.makefile("rwb") as stream:
            try:
                wire.send(stream, request)
                while (message := wire.receive(stream)) is not None and "report" in message:
                    if report:
                        report(str(message["report"]))
            except TimeoutError as error:
                raise LabError(
                    f"the lab did not answer {operation.name} within {patient(seconds):.0f} s; "
                    "see `hybrid-mesh lab logs lab`"
                ) from error
            except OSError as error:
                raise LabNotRunning(f"the lab ended during {operation.name}") from error
        if message is None:
            raise LabNotRunning(f"the lab ended during {operation.name}")
        if "error" in message:
            raise errors.from_wire(message["error"])
        return operation.read_result(message["result"])

    def _await_end(self) -> None:
        starter.await_end(self._state, END_TIMEOUT)
        starter.sweep()
