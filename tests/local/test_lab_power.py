"""The life of one lab that loses its power in every way: what must survive, and what must not stay.

The tests run in this order on one state folder; each leaves the cluster `east` and the VM `vm` there, running
or with their state on disk, so that the next can rely on it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabError, LabNotRunning, PreflightError
from hybrid_mesh.local.lab.specs import ClusterInfo, MachineInfo
from hybrid_mesh.local.lab.state import lab_folder
from hybrid_mesh.local.linux import cgroups
from tests.local.host import Traces, assert_nothing_left
from tests.local.lab_site import (
    EAST,
    MACHINE,
    Kubectl,
    bring_up,
    eventually,
    lab_process,
    lab_processes,
    own_lab,
    say_nothing,
)

pytestmark = pytest.mark.lab


@dataclass
class Life:
    """The lab's state folder, the host as it was before, and what the lab has."""

    state: Path
    before: Traces
    cluster: ClusterInfo
    machine: MachineInfo
    kubectl: Kubectl

    def assert_dead(self) -> None:
        assert_nothing_left(self.before, self.state)

    def assert_as_it_was(self) -> LabClient:
        client = LabClient.connect(start=True)
        assert client.ensure_cluster(EAST, say_nothing) == self.cluster
        assert client.ensure_machine(MACHINE, say_nothing) == self.machine
        return client

    def off(self) -> None:
        LabClient.connect(start=True).shutdown()
        self.assert_dead()


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    state = tmp_path_factory.mktemp("power")
    with own_lab(state) as before:
        cluster = bring_up(EAST)["east"]
        machine = LabClient.connect(start=False).ensure_machine(MACHINE, say_nothing)
        yield Life(state, before, cluster, machine, Kubectl(cluster, tmp_path_factory.mktemp("kubectl")))


def test_a_killed_lab_leaves_nothing_and_comes_back_as_it_was(life: Life) -> None:
    client = LabClient.connect(start=False)
    kubectl = life.kubectl
    kubectl.run_echo("echo")
    kubectl.expose("web", "echo")
    address = kubectl.balancer("web")
    _let_boot(client)
    client.machine_shell("vm", ["sh", "-c", "echo kept > /root/kept; sync"], 10)

    os.kill(lab_process("init"), signal.SIGKILL)
    life.assert_dead()
    with pytest.raises(LabNotRunning):
        client.status()
    assert LabClient.has_state()

    client = life.assert_as_it_was()
    eventually("pod back", lambda: _ready_again(kubectl), 60)
    assert kubectl.balancer("web") == address
    eventually("the Service answers", lambda: kubectl.call("echo", f"http://{address}"))
    assert client.machine_shell("vm", ["cat", "/root/kept"], 10).stdout == "kept\n"
    assert (
        "Serving securely" in (lab_folder(life.state) / "clusters/east/logs/kube-apiserver.log.1").read_text()
    )


@pytest.mark.parametrize("which", ["watchdog", "server"])
def test_the_lab_dies_whole_with_any_of_its_processes(which: str, life: Life) -> None:
    LabClient.connect(start=True)
    os.kill(lab_process(which), signal.SIGKILL)
    life.assert_dead()


def test_shutdown_keeps_the_state_and_nothing_else(life: Life) -> None:
    life.assert_as_it_was()
    life.off()


def test_a_taken_port_is_named_with_the_remedy(life: Life) -> None:
    port = int(life.cluster.endpoint.rsplit(":", 1)[1])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        client = LabClient.connect(start=True)
        with pytest.raises(LabError, match=f"port 127.0.0.1:{port} of cluster east's API server is in use"):
            client.ensure_cluster(EAST, say_nothing)
        assert client.status().clusters[0].state == "failed"
    life.assert_as_it_was()


def test_two_starters_at_once_get_one_lab(life: Life) -> None:
    life.off()
    program = (
        "from hybrid_mesh.local.lab.client import LabClient;"
        "from tests.local.lab_site import EAST, say_nothing;"
        "client = LabClient.connect(start=True); info = client.ensure_cluster(EAST, say_nothing);"
        "print(info.instance_id)"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = {starter.communicate(timeout=120)[0] for starter in starters}
    assert answers == {f"{life.cluster.instance_id}\n"}
    assert all(starter.returncode == 0 for starter in starters)
    assert len(lab_processes()) == 3, "one watchdog, one init, one server"


def test_a_second_lab_is_refused_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: Life
) -> None:
    LabClient.connect(start=True)
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path))
    monkeypatch.setenv("HYBRID_MESH_SEVERAL_LABS", "0")
    with pytest.raises(PreflightError, match="another lab is running"):
        LabClient.connect(start=True)
    assert not (tmp_path / "lab").exists(), "a refused start changes nothing"


def test_nobody_else_can_pretend_that_a_lab_runs(life: Life) -> None:
    """Another user can neither open the lab's cgroup nor keep its lock by any name of his."""
    life.off()
    name = cgroups.lab_name(life.state)
    with socket.socket(socket.AF_UNIX) as squatter:
        squatter.bind(f"\0{name}")
        client = LabClient.connect(start=True)
        folder = cgroups.hierarchies()[0] / name
        assert folder.stat().st_mode & 0o077 == 0
        client.shutdown()
    assert name not in cgroups.running()


def test_the_next_start_sweeps_what_a_full_kill_left(life: Life) -> None:
    LabClient.connect(start=True)
    name = cgroups.lab_name(life.state)
    watchdog, init = lab_process("watchdog"), lab_process("init")
    os.kill(watchdog, signal.SIGSTOP)
    os.kill(init, signal.SIGKILL)
    os.kill(watchdog, signal.SIGKILL)
    eventually("lab gone", lambda: not lab_processes())
    assert name in cgroups.labs(), "nobody was left to remove the cgroups"
    life.assert_as_it_was()
    life.off()


def test_a_hung_lab_holds_nobody_and_can_be_ended(life: Life) -> None:
    """Its server is stopped: it takes connections and answers none."""
    LabClient.connect(start=True)
    os.kill(lab_process("server"), signal.SIGSTOP)
    with pytest.raises(LabNotRunning):
        LabClient.connect(start=False)
    LabClient.end()
    life.assert_dead()
    assert not lab_folder(life.state).exists()


def test_a_lab_killed_while_a_cluster_starts_is_started_again_for_it(life: Life) -> None:
    """A new incarnation, for the state is gone."""
    client = LabClient.connect(start=True)
    killed: list[str] = []

    def kill_at_the_first_word(text: str) -> None:
        if not killed:
            os.kill(lab_process("init"), signal.SIGKILL)
        killed.append(text)

    info = client.ensure_cluster(EAST, kill_at_the_first_word)
    assert "started" in killed[0]
    assert "Ready" in killed[-1]
    assert info.state == "ready"
    assert info.instance_id != life.cluster.instance_id
    assert info.certificate_authority != life.cluster.certificate_authority
    life.cluster = info


def test_a_killed_starter_does_no_harm(life: Life) -> None:
    program = (
        "from hybrid_mesh.local.lab.client import LabClient;"
        "from tests.local.lab_site import MACHINE, say_nothing;"
        "client = LabClient.connect(start=True); print('up', flush=True);"
        "client.ensure_machine(MACHINE, say_nothing)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "up\n"
        eventually("VM asked for", lambda: LabClient.connect(start=False).status().machines)
        starter.kill()
    life.machine = LabClient.connect(start=False).ensure_machine(MACHINE, say_nothing)
    life.assert_as_it_was()


def test_a_starting_cluster_is_known_and_can_be_deleted(life: Life) -> None:
    """A caller must not take the lab's members for dead while the lab starts."""
    life.off()
    client = LabClient.connect(start=True)
    starting = client.cluster("east")
    assert starting is not None
    assert starting.instance_id == life.cluster.instance_id
    assert starting.state == "starting"
    assert starting.kubeconfig == life.cluster.kubeconfig
    client.delete_cluster("east")
    assert client.cluster("east") is None


def test_a_lab_whose_state_folder_is_removed_ends_and_leaves_nothing(life: Life) -> None:
    LabClient.connect(start=True).ensure_machine(MACHINE, say_nothing)
    _remove(lab_folder(life.state))
    life.assert_dead()
    LabClient.connect(start=True).ensure_machine(MACHINE, say_nothing)
    os.kill(lab_process("server"), signal.SIGSTOP)
    _remove(lab_folder(life.state))
    LabClient.end()
    life.assert_dead()


def _remove(folder: Path) -> None:
    """`rm -rf`, again while the VM in it still writes."""

    def removed() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    eventually(f"{folder} is removed", removed)


def _ready_again(kubectl: Kubectl) -> bool:
    status = kubectl.get("pod", "echo")["status"]
    container = status["containerStatuses"][0]
    return bool(container["ready"] and container["restartCount"] > 0)


def _let_boot(client: LabClient) -> None:
    def booted() -> bool:
        state = client.machine_shell("vm", ["systemctl", "is-system-running"], 10).stdout.strip()
        return state in ("running", "degraded")

    eventually("the machine has booted", booted, 60)
