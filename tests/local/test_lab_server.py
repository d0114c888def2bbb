"""The lab's server: nothing that happens to one request, connection or thread ends another."""

import inspect
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any, cast

import pytest

from hybrid_mesh.local.lab import operations, server, wire
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.encoding import decode, encode
from hybrid_mesh.local.lab.errors import LabError, LabNotRunning
from hybrid_mesh.local.lab.lab import Lab
from hybrid_mesh.local.lab.operations import OPERATIONS
from hybrid_mesh.local.lab.specs import (
    ClusterInfo,
    ClusterSpec,
    ClusterStatus,
    CompletedCommand,
    Forward,
    LabStatus,
    NetworkSpec,
    Report,
)
from hybrid_mesh.local.lab.starts import Start
from hybrid_mesh.local.lab.state import lab_folder

INFO = ClusterInfo(
    "east", "i", "{}", "https://127.0.0.1:1", "https://172.30.1.1:6443", "PEM", "172.30.1.10", "ready"
)
SPEC = ClusterSpec("east", NetworkSpec("one", "10.61.0.0/16"), "10.61.128.0/20", "10.161.0.0/20", "1.35.4")


class FakeLab:
    """Answers as the lab does, and fails where a test wants it."""

    ending = False

    def ping(self) -> None:
        return

    def shutdown(self) -> None:
        self.ending = True

    def status(self) -> LabStatus:
        raise RuntimeError("nobody foresaw this")

    def cluster(self, name: str) -> ClusterInfo | None:
        return INFO if name == "east" else None

    def ensure_cluster(self, spec: ClusterSpec, report: Report) -> ClusterInfo:
        assert spec == SPEC
        report("halfway")
        return INFO

    def machine_shell(self, name: str, command: list[str], timeout: float) -> CompletedCommand:
        time.sleep(1)  # an operation that takes longer than its caller waits
        return CompletedCommand(0, name, command[int(timeout)])


@pytest.fixture
def ended() -> Event:
    return Event()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path))
    lab_folder(tmp_path).mkdir()
    return lab_folder(tmp_path)


@pytest.fixture
def listener(folder: Path) -> Iterator[socket.socket]:
    with wire.listen(folder) as listener:
        yield listener


@pytest.fixture
def lab(listener: socket.socket, ended: Event) -> Iterator[FakeLab]:
    lab = FakeLab()
    thread = Thread(target=server._accept, args=(listener, cast(Lab, lab), ended), daemon=True)
    thread.start()
    yield lab
    ended.set()
    listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.usefixtures("lab")
def test_a_call_crosses_the_socket_with_its_reports() -> None:
    client = LabClient.connect(start=False)
    reports: list[str] = []
    assert client.ensure_cluster(SPEC, reports.append) == INFO
    assert reports == ["halfway"]
    assert client.cluster("east") == INFO
    assert client.cluster("west") is None


@pytest.mark.usefixtures("lab")
def test_an_unforeseen_failure_is_an_error_of_that_call_alone(capsys: pytest.CaptureFixture[str]) -> None:
    client = LabClient.connect(start=False)
    with pytest.raises(LabError, match="RuntimeError: nobody foresaw this"):
        client.status()
    assert "status: RuntimeError: nobody foresaw this (test_lab_server.py:" in capsys.readouterr().err
    assert client.cluster("east") == INFO


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(
    "line",
    [b"nonsense\n", b"[]\n", b"{}\n", b'{"operation": "remove_state"}\n', b'{"operation": "cluster"}\n'],
)
def test_a_wrong_request_gets_an_error_or_nothing(folder: Path, line: bytes) -> None:
    with wire.connect(folder, 5) as connection, connection.makefile("rwb") as stream:
        stream.write(line)
        stream.flush()
        answer = wire.receive(stream)
        assert answer is None or "error" in answer
    assert wire.answers(folder, 5)


def test_a_lab_without_a_free_descriptor_answers_again_later(folder: Path, ended: Event) -> None:
    """accept() fails with EMFILE while all descriptors are taken."""

    class Listener:
        failures = 2

        def accept(self) -> tuple[socket.socket, str]:
            if self.failures:
                self.failures -= 1
                raise OSError(24, "Too many open files")
            return real.accept()

    with wire.listen(folder) as real:
        arguments = (cast(socket.socket, Listener()), cast(Lab, FakeLab()), ended)
        Thread(target=server._accept, args=arguments, daemon=True).start()
        assert wire.answers(folder, 5)
        ended.set()
        real.shutdown(socket.SHUT_RDWR)


@pytest.mark.usefixtures("lab")
def test_a_silent_client_is_let_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENT_TIMEOUT", 0.05)
    with wire.connect(folder, 5) as connection:
        assert connection.recv(1) == b"", "the server closes the connection"


@pytest.mark.usefixtures("listener")
def test_a_lab_that_takes_connections_but_answers_none_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_mesh.local.lab.client.PING_SECONDS", 0.05)
    with pytest.raises(LabNotRunning):
        LabClient.connect(start=False)


@pytest.mark.usefixtures("lab")
def test_a_call_that_takes_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_mesh.local.lab.client.MARGIN_SECONDS", 0.05 - operations.ANSWER_SECONDS)
    with pytest.raises(LabError, match="did not answer machine_shell within"):
        LabClient(tmp_path).machine_shell("vm", ["true"], 0)


@pytest.mark.usefixtures("listener")
def test_on_a_slow_host_everybody_waits_longer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRID_MESH_PATIENCE", "3")
    with wire.connect(folder, 5) as connection:
        assert connection.gettimeout() == 15
    start = Start()
    with pytest.raises(LabError, match="still starting after 3 s"):
        start.wait(1)


def test_shutdown_ends_the_server_when_it_is_answered(lab: FakeLab, folder: Path, ended: Event) -> None:
    with wire.connect(folder, 5) as connection, connection.makefile("rwb") as stream:
        wire.send(stream, {"operation": "shutdown", "arguments": {}})
        assert wire.receive(stream) == {"result": None}
    assert ended.wait(5)
    assert lab.ending


def test_a_lab_whose_folder_is_removed_ends(
    listener: socket.socket, folder: Path, ended: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy(FakeLab):
        empty = False

    monkeypatch.setattr(server, "CHECK_INTERVAL", 0.01)
    (folder / wire.SOCKET).unlink()
    watch = Thread(target=server._await_end, args=(Busy(), folder, ended), daemon=True)
    watch.start()
    watch.join(5)
    assert not watch.is_alive()


def test_only_the_owner_may_connect(listener: socket.socket, folder: Path) -> None:
    assert (folder / wire.SOCKET).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=str)
def test_every_operation_is_a_method_of_the_lab_and_one_of_its_client(operation: Any) -> None:
    wanted = ["self", *operation.arguments, *(["report"] if operation.reports else [])]
    assert list(inspect.signature(getattr(Lab, operation.name)).parameters) == wanted
    if operation is not operations.PING:
        assert list(inspect.signature(getattr(LabClient, operation.name)).parameters) == wanted


def test_values_cross_as_json_and_come_back_the_same() -> None:
    cluster = ClusterStatus("east", "one", "i", "failed", "", "a", "b", "c")
    status = LabStatus(True, 1, 2, [cluster], [], [Forward("east", "api", 1, "x")])
    assert decode(LabStatus, encode(status)) == status
    assert decode(
        NetworkSpec, {"name": "one", "cidr": "c", "delay_milliseconds": 5, "new": 1}
    ) == NetworkSpec("one", "c", delay_milliseconds=5.0)
    for wrong in (
        {"name": "one"},
        {"name": 1, "cidr": "c"},
        "one",
        {"name": "one", "cidr": "c", "direct": 1},
    ):
        with pytest.raises(TypeError):
            decode(NetworkSpec, wrong)
