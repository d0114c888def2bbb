"""One VM of the lab. A guest that reboots or is killed is started again."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import CompletedCommand, Report
from hybrid_mesh.local.lab.state import MachineRecord
from hybrid_mesh.local.linux import logs
from hybrid_mesh.local.linux.guard import start_guarded
from hybrid_mesh.local.machines.runtime import REBOOT_EXIT_CODE, MachineRuntime

BOOT_TIMEOUT = 60.0
JOIN_TIMEOUT = 30.0
LOG_LIMIT = 16 << 20


class LabMachine:
    """Supervises the VM of `record` in a network namespace that already has its links."""

    def __init__(
        self,
        record: MachineRecord,
        namespace: Path,
        folder: Path,
        *,
        rootfs: Path,
        cgroup: str,
        log: Report,
    ) -> None:
        self.record = record
        self.log = folder.parent / f"{record.spec.name}.log"
        self._log = log
        self._stopping = Event()
        self._thread: Thread | None = None
        self._runtime = MachineRuntime(
            record.spec,
            folder,
            instance_id=record.instance_id,
            namespace=namespace,
            address=record.lan_address,
            rootfs=rootfs,
            cgroup=cgroup,
            log=self.log,
        )

    def start(self, report: Report) -> None:
        """Boots the VM and returns when its init is running. Raises LabError."""
        name = self.record.spec.name
        logs.begin(self.log)
        first = self._boot()
        self._thread = start_guarded(f"keep {name}", lambda: self._keep(first), self._log)
        report(f"VM {name}: booting")
        self._runtime.wait_until_up(BOOT_TIMEOUT)
        report(f"VM {name}: init is running")

    def stop(self) -> None:
        """Kills the VM; it is not started again."""
        self._stopping.set()
        self._runtime.stop(0)

    def remove(self) -> None:
        """Kills the VM and removes its disk, cgroup and logs. Raises LabError when it does not end."""
        self.stop()
        if self._thread:
            self._thread.join(JOIN_TIMEOUT)
            if self._thread.is_alive():
                raise LabError(f"VM {self.record.spec.name} is booting and cannot be ended; try again")
        self._runtime.remove()
        for log in (self.log, logs.previous(self.log)):
            log.unlink(missing_ok=True)

    def shell(self, command: list[str], timeout: float) -> CompletedCommand:
        return self._runtime.shell(command, timeout)

    def _boot(self) -> Callable[[], int]:
        """Starts the guest, and stops it again if the VM was stopped in the meantime. Raises LabError."""
        name = self.record.spec.name
        try:
            process = self._runtime.start()
        except OSError as error:
            raise LabError(f"VM {name} could not be started: {error}") from error
        if self._stopping.is_set():
            self._runtime.stop(0)
            raise LabError(f"VM {name} was deleted while it started")
        return process.wait

    def _keep(self, wait: Callable[[], int]) -> None:
        while True:
            code = wait()
            if self._stopping.is_set():
                return
            self._log(f"VM {self.record.spec.name} ended with {code}; starting it again")
            if code != REBOOT_EXIT_CODE and self._stopping.wait(1):
                return
            logs.bound(self.log, LOG_LIMIT)
            try:
                wait = self._boot()
            except LabError as error:
                self._log(str(error))
                if self._stopping.wait(5):
                    return
                wait = _failed


def _failed() -> int:
    return 1
