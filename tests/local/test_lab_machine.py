"""A VM that is deleted while it reboots does not come back."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from hybrid_mesh.local.lab import machine as module
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.machine import LabMachine
from hybrid_mesh.local.lab.specs import MachineSpec, NetworkSpec
from hybrid_mesh.local.lab.state import MachineRecord
from hybrid_mesh.local.machines.runtime import REBOOT_EXIT_CODE

RECORD = MachineRecord(MachineSpec("vm", NetworkSpec("one", "10.61.0.0/16"), "", "vm@test"), "i", 1, 0)


class FakeRuntime:
    """A guest that reboots on demand; each boot waits for `may_boot`."""

    def __init__(self) -> None:
        self.running = False
        self.removed = False
        self.boots = 0
        self.may_boot, self.reboots, self.booting = Event(), Event(), Event()

    def start(self) -> Any:
        self.booting.set()
        assert self.may_boot.wait(5)
        assert not self.removed, "a guest runs on a disk that is gone"
        self.running = True
        self.boots += 1

        class Process:
            wait: Callable[[], int] = staticmethod(self._wait)

        return Process()

    def _wait(self) -> int:
        assert self.reboots.wait(5)
        self.reboots.clear()
        self.running = False
        return REBOOT_EXIT_CODE

    def stop(self, timeout: float) -> None:
        assert timeout == 0
        self.running = False
        self.reboots.set()

    def remove(self) -> None:
        self.stop(0)
        self.removed = True

    def wait_until_up(self, timeout: float) -> None:
        assert timeout > 0


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    runtime = FakeRuntime()
    monkeypatch.setattr(module, "MachineRuntime", lambda *_, **__: runtime)
    return runtime


@pytest.fixture
def vm(runtime: FakeRuntime, tmp_path: Path) -> LabMachine:
    folder = tmp_path / "machines" / "vm"
    return LabMachine(RECORD, tmp_path, folder, rootfs=tmp_path, cgroup="x", log=lambda _: None)


def test_a_vm_that_is_removed_while_it_reboots_ends(vm: LabMachine, runtime: FakeRuntime) -> None:
    runtime.may_boot.set()
    vm.start(lambda _: None)
    runtime.may_boot.clear()
    runtime.booting.clear()
    runtime.reboots.set()
    assert runtime.booting.wait(5)
    removal = Thread(target=vm.remove)
    removal.start()
    assert runtime.reboots.wait(5), "the removal has cut the power, and the boot goes on"
    runtime.may_boot.set()
    removal.join(5)
    assert not removal.is_alive()
    assert runtime.removed
    assert not runtime.running


def test_a_vm_that_is_stopped_while_it_boots_first_fails_its_start(
    vm: LabMachine, runtime: FakeRuntime
) -> None:
    vm.stop()
    runtime.may_boot.set()
    with pytest.raises(LabError, match="deleted while it started"):
        vm.start(lambda _: None)
    assert not runtime.running
