"""Control groups for real: this host's own layout, and the code for cgroup v2 on its v2 hierarchy."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_mesh.local.linux import cgroups

pytestmark = pytest.mark.lab
NAME = f"{cgroups.PREFIX}0000{os.getpid() % 65536:04x}"


@pytest.fixture(params=["as mounted", "version 2"])
def _layout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("control groups need root")
    if request.param == "version 2" and not cgroups.unified():
        second = Path("/sys/fs/cgroup/unified")
        if not (second / "cgroup.controllers").exists():
            pytest.skip("no cgroup v2 hierarchy is mounted here")
        monkeypatch.setattr(cgroups, "MOUNT", second)
        assert cgroups.unified()
    yield
    cgroups.kill(NAME)
    cgroups.remove(NAME)


@pytest.mark.usefixtures("_layout")
def test_a_group_holds_its_processes_and_goes_with_them() -> None:
    cgroups.make(f"{NAME}/cluster-east/daemons")
    assert NAME in cgroups.labs()
    with subprocess.Popen(["sleep", "600"]) as process:
        cgroups.add(f"{NAME}/cluster-east/daemons", process.pid)
        assert cgroups.processes(NAME) == {process.pid}
        cgroups.kill(NAME)
        assert process.wait(5) == -9
    cgroups.remove(NAME)
    assert NAME not in cgroups.labs()


@pytest.mark.usefixtures("_layout")
def test_making_twice_is_fine_and_removing_what_is_not_there_too() -> None:
    cgroups.make(f"{NAME}/a")
    cgroups.make(f"{NAME}/a")
    cgroups.remove(NAME)
    cgroups.remove(NAME)
    assert cgroups.processes(NAME) == set()


def test_a_group_that_gives_way_has_a_tenth_of_its_siblings_cpu() -> None:
    if os.geteuid() != 0:
        pytest.skip("control groups need root")
    top, key = (cgroups.MOUNT, "cpu.weight") if cgroups.unified() else (cgroups.MOUNT / "cpu", "cpu.shares")
    try:
        for member in ("cluster", "machine"):
            cgroups.make(f"{NAME}/{member}")
        cgroups.give_way(f"{NAME}/machine")
        cluster, machine = (int((top / NAME / member / key).read_text()) for member in ("cluster", "machine"))
        assert machine == cluster // 10
    finally:
        cgroups.remove(NAME)


@pytest.mark.usefixtures("_layout")
def test_a_lab_runs_for_as_long_as_a_process_holds_its_group() -> None:
    held = cgroups.hold(NAME)
    assert NAME in cgroups.running()
    assert (cgroups.hierarchies()[0] / NAME).stat().st_mode & 0o077 == 0, "nobody else can take the lock"
    with subprocess.Popen(["sleep", "600"], pass_fds=[held]) as heir:
        os.close(held)
        assert NAME in cgroups.running()
        heir.kill()
    assert NAME not in cgroups.running()
    assert NAME in cgroups.labs()
    os.close(cgroups.hold(NAME))


def test_the_name_of_a_lab_depends_on_its_state_folder_alone() -> None:
    first = cgroups.lab_name(Path("/var/lib/one"))
    assert first == cgroups.lab_name(Path("/var/lib/one"))
    assert first != cgroups.lab_name(Path("/var/lib/two"))
    assert len(first) == len(cgroups.PREFIX) + 8
