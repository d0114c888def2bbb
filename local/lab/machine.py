"""One machine of the lab, kept running: a guest that reboots or is killed is started again."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from local.lab.errors import LabError
from local.lab.specs import CompletedCommand, Report
from local.lab.state import MachineRecord
from local.machines.runtime import REBOOT_EXIT_CODE, MachineRuntime

BOOT_TIMEOUT = 60.0
LOG_LIMIT = 16 << 20


class LabMachine:
    """Supervises the machine of `record` in a network namespace that has its links already."""

    def __init__(
        self,
        record: MachineRecord,
        namespace: Path,
        folder: Path,
        *,
        rootfs: Path,
        cgroup: str,
        tell: Report,
    ) -> None:
        self.record = record
        self.log = folder.parent / f"{record.spec.name}.log"
        self._tell = tell
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
        """Boots the machine and returns when its init runs. Raises LabError."""
        name = self.record.spec.name
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        if self._stopping.is_set():
            raise LabError(f"machine {name} was deleted while it started")
        first = self._boot()
        self._thread = Thread(target=self._keep, args=(first,), name=f"keep-{name}", daemon=True)
        self._thread.start()
        report(f"machine {name}: booting")
        self._runtime.wait_until_up(BOOT_TIMEOUT)
        report(f"machine {name}: init is running")

    def stop(self, timeout: float) -> None:
        self._stopping.set()
        self._runtime.stop(timeout)

    def remove(self) -> None:
        self._stopping.set()
        self._runtime.remove()
        if self._thread:
            self._thread.join(5)
        self.log.unlink(missing_ok=True)

    def shell(self, command: list[str], timeout: float) -> CompletedCommand:
        return self._runtime.shell(command, timeout)

    def reboot(self) -> None:
        done = self.shell(["systemctl", "--no-block", "reboot"], 20)
        if done.returncode != 0:
            raise LabError(f"machine {self.record.spec.name} refused to reboot: {done.stderr.strip()}")

    def _boot(self) -> Callable[[], int]:
        try:
            return self._runtime.start().wait
        except OSError as error:
            raise LabError(f"machine {self.record.spec.name} could not be started: {error}") from error

    def _keep(self, wait: Callable[[], int]) -> None:
        while True:
            code = wait()
            if self._stopping.is_set():
                return
            self._tell(f"machine {self.record.spec.name} ended with {code}; starting it again")
            if code != REBOOT_EXIT_CODE and self._stopping.wait(1):
                return
            if self.log.stat().st_size > LOG_LIMIT:
                self.log.write_bytes(b"")
            try:
                wait = self._boot()
            except LabError as error:
                self._tell(str(error))
                if self._stopping.wait(5):
                    return
                wait = _failed


def _failed() -> int:
    return 1
