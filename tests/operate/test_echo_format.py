"""Pins what the real echo server and clients say, because everything that verify concludes rests on it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.request import urlopen

import pytest

from hybrid_mesh.operate.shell import CommandResult, Pod
from hybrid_mesh.operate.verify.answers import Answers, read_answers
from hybrid_mesh.operate.verify.checks import MustAnswer, MustFail, Outside, RequestFailure, Source
from hybrid_mesh.operate.verify.clients import read_result, request_command
from hybrid_mesh.operate.verify.verdict import judge
from tests.commands import PROJECT, run
from tests.waiting import eventually

CLIENTS = pytest.mark.parametrize(
    "source",
    [Pod("east", "demo", "echo-1", "10.0.0.1", "echo", "echo"), Outside()],
    ids=["echo client", "curl"],
)


@dataclass(frozen=True)
class Echo:
    client: str
    port: int

    def ask(self, source: Source, url: str, count: int = 1, *options: str) -> Answers:
        command = request_command(source, url, 2, count, *options)
        program = self.client if command[0] == "echo-client" else command[0]
        words = [program, *command[1:]]
        done = run(words, seconds=20, check=False)
        return read_result(source, CommandResult(done.returncode, done.stdout, done.stderr))


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    path = os.pathsep.join([str(PROJECT / ".toolchain" / "bin"), os.environ["PATH"]])
    server, client = shutil.which("echo-server", path=path), shutil.which("echo-client", path=path)
    if server is None or client is None:
        pytest.skip("Istio's echo-server and echo-client are not built: run make toolchain")
    ports = _free_ports(3)
    command = [server, f"--port={ports[0]}", f"--grpc={ports[1]}", f"--tcp={ports[2]}", "--cluster=east"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually("the echo server answers", lambda: _answers(ports[0]), 10)
        yield Echo(client, ports[0])
    finally:
        process.terminate()
        process.wait(10)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _answers(port: int) -> bool:
    """It refuses with 503 until all of its ports are open."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@CLIENTS
def test_answers_name_status_host_place_and_certificate(echo: Echo, source: Source) -> None:
    header = "X-Forwarded-Client-Cert:By=spiffe://d/ns/demo/sa/echo;Hash=1;URI=spiffe://d/ns/demo/sa/caller"
    found = echo.ask(source, f"http://127.0.0.1:{echo.port}/", 3, "--header", header)
    assert found.error == ""
    assert len(found.answers) == 3
    answer = found.answers[2]
    assert (answer.status, answer.hostname, answer.cluster) == (200, socket.gethostname(), "east")
    assert (answer.peer, answer.server) == ("spiffe://d/ns/demo/sa/caller", "spiffe://d/ns/demo/sa/echo")


@CLIENTS
def test_a_status_that_is_not_a_success_is_an_answer(echo: Echo, source: Source) -> None:
    found = echo.ask(source, f"http://127.0.0.1:{echo.port}/?codes=503")
    assert [answer.status for answer in found.answers] == [503]


@CLIENTS
def test_a_path_is_asked_for_as_it_is_written(echo: Echo, source: Source) -> None:
    found = echo.ask(source, f"http://127.0.0.1:{echo.port}/[1-9]/{{a,b}}", 2)
    assert [answer.status for answer in found.answers] == [200, 200]


@CLIENTS
def test_a_refused_connection_is_retried_and_proves_no_refusal_by_the_mesh(
    echo: Echo, source: Source
) -> None:
    found = echo.ask(source, f"http://127.0.0.1:{_free_ports(1)[0]}/", 3)
    assert not found.answers
    assert judge(MustAnswer((), "", frozenset(), 1), found).again
    assert not judge(MustFail(frozenset(RequestFailure)), found).holds


def test_a_closed_connection_is_distinguished_from_silence(echo: Echo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        command = [echo.client, url, "--timeout", "1s"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            connection, _ = listener.accept()
            connection.recv(10_000)
            connection.close()
            closed = read_answers(client.communicate(timeout=20)[0])
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            silence = read_answers(client.communicate(timeout=20)[0])
    assert judge(MustFail(frozenset({RequestFailure.CLOSED})), closed).holds
    assert judge(MustFail(frozenset({RequestFailure.NO_ROUTE})), silence).holds
    assert not judge(MustFail(frozenset({RequestFailure.CLOSED})), silence).holds
    assert not judge(MustFail(frozenset({RequestFailure.NO_ROUTE})), closed).holds
