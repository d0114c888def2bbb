"""Power cuts, two starters, a state folder that is gone: what must survive, and what must not stay."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.lab.client import LabClient
from local.lab.errors import LabError, LabNotRunning, PreflightError
from local.lab.specs import ClusterInfo
from local.linux import cgroups
from tests.local.lab_site import (
    EAST,
    MACHINE,
    Kubectl,
    assert_nothing_left,
    bring_up,
    eventually,
    lab_process,
    lab_processes,
    say_nothing,
    traces,
)

pytestmark = pytest.mark.lab


@pytest.fixture(autouse=True)
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """A state folder for one test, and the host as it was."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    patch = pytest.MonkeyPatch()
    patch.setenv("HYBRID_MESH_STATE", str(tmp_path_factory.mktemp("power")))
    patch.setenv("HYBRID_MESH_SEVERAL_LABS", "1")
    start = traces()
    try:
        yield start
    finally:
        with contextlib.suppress(LabNotRunning):
            LabClient.connect(start=False).shutdown()
        patch.undo()


def test_a_killed_lab_leaves_nothing_and_comes_back_as_it_was(
    before: dict[str, set[str]], tmp_path: Path
) -> None:
    info = bring_up(EAST)["east"]
    client = LabClient.connect(start=False)
    machine = client.ensure_machine(MACHINE, say_nothing)
    kubectl = Kubectl(info, tmp_path)
    kubectl.run_echo("echo")
    kubectl.expose("web", "echo")
    address = kubectl.balancer("web")
    _let_boot(client)
    client.machine_shell("vm", ["sh", "-c", "echo kept > /root/kept; sync"], 10)

    os.kill(lab_process("init"), signal.SIGKILL)
    assert_nothing_left(before)
    with pytest.raises(LabNotRunning):
        client.status()
    assert LabClient.has_state()

    client = LabClient.connect(start=True)
    assert client.ensure_cluster(EAST, say_nothing) == info
    assert client.ensure_machine(MACHINE, say_nothing) == machine
    eventually("pod back", lambda: _ready_again(kubectl), 60)
    assert kubectl.balancer("web") == address
    eventually("the Service answers", lambda: kubectl.call("echo", f"http://{address}"))
    assert client.machine_shell("vm", ["cat", "/root/kept"], 10).stdout == "kept\n"


@pytest.mark.parametrize("which", ["watchdog", "server"])
def test_the_lab_dies_whole_with_any_of_its_processes(which: str, before: dict[str, set[str]]) -> None:
    bring_up(EAST)
    os.kill(lab_process(which), signal.SIGKILL)
    assert_nothing_left(before)


def test_a_lab_killed_while_a_cluster_starts_is_started_again_for_it(before: dict[str, set[str]]) -> None:
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
    client.delete_cluster("east")
    assert_nothing_left(before)


def test_the_next_start_sweeps_what_a_full_kill_left() -> None:
    bring_up(EAST)
    name = cgroups.lab_name(Path(os.environ["HYBRID_MESH_STATE"]))
    watchdog, init = lab_process("watchdog"), lab_process("init")
    os.kill(watchdog, signal.SIGSTOP)
    os.kill(init, signal.SIGKILL)
    os.kill(watchdog, signal.SIGKILL)
    eventually("lab gone", lambda: not lab_processes())
    assert name in cgroups.labs(), "nobody was left to remove the cgroups"
    client = LabClient.connect(start=True)
    client.delete_cluster("east")
    assert name not in cgroups.labs()


def test_without_its_state_a_lab_is_a_new_incarnation(before: dict[str, set[str]]) -> None:
    state = Path(os.environ["HYBRID_MESH_STATE"])
    first = bring_up(EAST)["east"]
    os.kill(lab_process("init"), signal.SIGKILL)
    assert_nothing_left(before)
    shutil.rmtree(state / "lab")
    assert not LabClient.has_state()
    client = LabClient.connect(start=True)
    assert client.cluster("east") is None
    second = bring_up(EAST)["east"]
    assert second.instance_id != first.instance_id
    assert second.certificate_authority != first.certificate_authority


def test_shutdown_keeps_the_state_and_nothing_else(before: dict[str, set[str]]) -> None:
    first = bring_up(EAST)["east"]
    LabClient.connect(start=False).shutdown()
    assert_nothing_left(before)
    assert bring_up(EAST)["east"] == first


def test_two_starters_at_once_get_one_lab() -> None:
    program = (
        "from local.lab.client import LabClient; from tests.local.lab_site import EAST, say_nothing;"
        "client = LabClient.connect(start=True); info = client.ensure_cluster(EAST, say_nothing);"
        "print(info.instance_id)"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = {starter.communicate(timeout=120)[0] for starter in starters}
    assert len(answers) == 1
    assert all(starter.returncode == 0 for starter in starters)
    assert len(lab_processes()) == 3, "one watchdog, one init, one server"


def test_a_killed_starter_does_no_harm() -> None:
    program = (
        "from local.lab.client import LabClient; from tests.local.lab_site import EAST, say_nothing;"
        "client = LabClient.connect(start=True); print('up', flush=True);"
        "client.ensure_cluster(EAST, say_nothing)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "up\n"
        eventually("cluster asked for", lambda: LabClient.connect(start=False).status().clusters)
        starter.kill()
    assert bring_up(EAST)["east"].state == "ready"


def test_a_taken_port_is_named_with_the_remedy() -> None:
    info: ClusterInfo = bring_up(EAST)["east"]
    port = int(info.endpoint.rsplit(":", 1)[1])
    LabClient.connect(start=False).shutdown()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        client = LabClient.connect(start=True)
        with pytest.raises(LabError, match=f"port 127.0.0.1:{port} of cluster east's API server is in use"):
            client.ensure_cluster(EAST, say_nothing)
        assert client.status().clusters[0].state == "failed"
    assert client.ensure_cluster(EAST, say_nothing) == info, "asking again is enough once the port is free"


def test_a_second_lab_is_refused_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: dict[str, set[str]]
) -> None:
    LabClient.connect(start=True)
    first = os.environ["HYBRID_MESH_STATE"]
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path))
    monkeypatch.setenv("HYBRID_MESH_SEVERAL_LABS", "0")
    with pytest.raises(PreflightError, match="another lab is running"):
        LabClient.connect(start=True)
    assert not (tmp_path / "lab").exists(), "a refused start changes nothing"
    monkeypatch.setenv("HYBRID_MESH_STATE", first)
    LabClient.connect(start=False).shutdown()
    assert_nothing_left(before)


def _ready_again(kubectl: Kubectl) -> bool:
    status = kubectl.get("pod", "echo")["status"]
    container = status["containerStatuses"][0]
    return bool(container["ready"] and container["restartCount"] > 0)


def _let_boot(client: LabClient) -> None:
    def booted() -> bool:
        state = client.machine_shell("vm", ["systemctl", "is-system-running"], 10).stdout.strip()
        return state in ("running", "degraded")

    eventually("the machine has booted", booted, 60)


def test_a_starting_cluster_is_known_and_can_be_deleted(before: dict[str, set[str]]) -> None:
    """Whoever asks while the lab powers on must not take its members for dead."""
    first = bring_up(EAST)["east"]
    LabClient.connect(start=False).shutdown()
    client = LabClient.connect(start=True)
    starting = client.cluster("east")
    assert starting is not None
    assert starting.instance_id == first.instance_id
    assert starting.state == "starting"
    assert starting.kubeconfig == first.kubeconfig
    client.delete_cluster("east")
    assert not LabClient.has_state()
    assert_nothing_left(before)
