"""The health endpoint of a VM, run as it is against servers of this process."""

import http.client
import importlib.util
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest

from hybrid_mesh.model.istio_facts import HEALTH_PORT, VM_HEALTH_PORT
from hybrid_mesh.model.texts.machine_texts import source_text
from tests.commands import PROJECT
from tests.model.cloud_boots import TEXTS

SCRIPT = PROJECT / "model" / "texts" / "machine_files" / "health.py"


@contextmanager
def server(status: int) -> Iterator[int]:
    """A server that answers every request with `status`; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running.server_port
        running.shutdown()


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    specification = importlib.util.spec_from_file_location("health_under_test", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    monkeypatch.setattr(module, "PROBLEM", tmp_path / "problem")
    monkeypatch.setattr(module, "CERTIFICATE", tmp_path / "cert-chain.pem")
    monkeypatch.setattr(module, "become_agent", lambda: True)
    return module


@pytest.fixture
def agent(script: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent that is ready."""
    with server(200) as port:
        monkeypatch.setitem(script.AGENT, "port", port)
        yield


def test_its_ports_are_those_of_the_model(script: Any) -> None:
    assert (script.PORT, script.AGENT["port"]) == (VM_HEALTH_PORT, HEALTH_PORT)
    assert str(VM_HEALTH_PORT) in source_text("hybrid-mesh-health.service")


def test_a_vm_without_the_package_is_booting(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "become_agent", lambda: False)
    assert script.find_problem({}) == "booting: Istio's package is not installed"


def test_it_takes_the_agents_user_for_good(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    again = importlib.util.spec_from_file_location("health_again", SCRIPT)
    assert again is not None
    assert again.loader is not None
    module = importlib.util.module_from_spec(again)
    again.loader.exec_module(module)
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(module.os, "geteuid", lambda: 0)
    for name in ("initgroups", "setgid", "setuid"):
        monkeypatch.setattr(module.os, name, lambda *given, name=name: calls.append((name, *given)))
    monkeypatch.setattr(module, "USER", "nobody-of-this-name")
    assert module.become_agent() is False
    assert calls == []
    monkeypatch.setattr(module, "USER", "daemon")
    assert module.become_agent() is True
    assert [name for name, *_ in calls] == ["initgroups", "setgid", "setuid"]


@pytest.mark.parametrize(
    ("problem", "certificate", "said"),
    [
        ("URLError: refused", False, "booting: waiting for the API server: URLError: refused"),
        (None, False, "booting: waiting for istiod to issue a certificate"),
        (None, True, "Istio's agent is not ready: GET 127.0.0.1:"),
    ],
)
def test_a_vm_whose_agent_is_not_ready_says_what_it_waits_for(
    script: Any, monkeypatch: pytest.MonkeyPatch, problem: str | None, certificate: bool, said: str
) -> None:
    if problem is not None:
        script.PROBLEM.write_text(problem)
    if certificate:
        script.CERTIFICATE.touch()
    with server(503) as port:
        monkeypatch.setitem(script.AGENT, "port", port)
        assert script.find_problem({}).startswith(said)


@pytest.mark.usefixtures("agent")
class TestProbes:
    def test_without_a_probe_the_agent_counts(self, script: Any) -> None:
        assert script.find_problem({}) == ""

    @pytest.mark.parametrize(("status", "passes"), [(200, True), (302, True), (404, False), (500, False)])
    def test_http(self, script: Any, status: int, passes: bool) -> None:
        with server(status) as port:
            problem = script.find_problem({"httpGet": {"path": "/health", "port": port, "scheme": "HTTP"}})
        assert problem == ("" if passes else f"application: GET localhost:{port}/health: status {status}")

    def test_tcp(self, script: Any) -> None:
        with server(500) as port:
            assert script.find_problem({"tcpSocket": {"port": port}}) == ""
        assert script.find_problem({"tcpSocket": {"port": port}}).startswith("application: ")

    def test_a_command(self, script: Any) -> None:
        assert script.find_problem({"exec": {"command": ["true"]}}) == ""
        assert "non-zero exit status 3" in script.find_problem({"exec": {"command": ["sh", "-c", "exit 3"]}})
        slow = {"exec": {"command": ["sleep", "5"]}, "timeoutSeconds": 0.1}
        assert "timed out" in script.find_problem(slow)
        assert script.find_problem({"exec": {"command": ["/no/such/check"]}}).startswith("application: ")


def test_it_takes_consecutive_checks_to_change(script: Any) -> None:
    health = script.Health(success=2, failure=3)
    seen = []
    for problem in ["", "", "late", "late", "", "late", "late", "late", "", "late", "", ""]:
        health.update(problem)
        seen.append(health.in_service)
    assert seen == [False, True, True, True, True, True, True, False, False, False, False, True]
    assert script.Health().reason == "booting"


def test_it_answers_in_one_line(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with server(200) as free:
        pass
    monkeypatch.setattr(script, "PORT", free)
    health = script.Health()
    monkeypatch.setattr(socket, "getfqdn", lambda *_: pytest.fail("a VM that boots may have no DNS"))
    listening = script.listen(health)
    threading.Thread(target=listening.serve_forever, daemon=True).start()

    def ask() -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", free, timeout=5)
        connection.request("GET", "/")
        response = connection.getresponse()
        return response.status, response.read().decode()

    assert ask() == (503, "booting\n")
    health.update("application: line one\nline two")
    assert ask() == (503, "application: line one line two\n")
    health.update("")
    assert ask() == (200, "in service\n")
    listening.shutdown()
    listening.server_close()


def test_a_groups_probe_is_in_its_settings() -> None:
    probe = {"httpGet": {"path": "/health", "port": 9080, "scheme": "HTTP"}}
    line = next(each for each in TEXTS["user-data-gce-ubuntu.yaml"].splitlines() if "PROBE='" in each)
    assert json.loads(line.strip().removeprefix("PROBE='").removesuffix("'")).items() >= probe.items()


@contextmanager
def grpc_server(serving: dict[str, int]) -> Iterator[int]:
    """A gRPC server with the health service, which knows the status of the services in `serving`; its
    port."""

    def check(request: bytes, context: grpc.ServicerContext) -> bytes:
        name = request[2:].decode()
        if name not in serving:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return b"\x08" + bytes([serving[name]])

    handler = grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}
    )
    running = grpc.server(ThreadPoolExecutor(1))
    running.add_generic_rpc_handlers((handler,))
    port = running.add_insecure_port("localhost:0")
    running.start()
    yield port
    running.stop(None).wait()


@pytest.mark.usefixtures("agent")
def test_a_probe_by_grpc_asks_the_health_service(script: Any) -> None:
    with grpc_server({"": 1, "billing": 1, "down": 2}) as port:
        assert script.find_problem({"grpc": {"port": port}}) == ""
        assert script.find_problem({"grpc": {"port": port, "service": "billing"}}) == ""
        assert "not serving" in script.find_problem({"grpc": {"port": port, "service": "down"}})
        assert "no answer for service 'other'" in script.find_problem(
            {"grpc": {"port": port, "service": "other"}}
        )
    with server(200) as port:
        assert "gRPC" in script.find_problem({"grpc": {"port": port}, "timeoutSeconds": 1})


@pytest.mark.usefixtures("agent")
def test_a_request_has_the_headers_of_the_probe(script: Any) -> None:
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Host"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        headers = [{"name": "Host", "value": "ratings.example.com"}]
        probe = {"httpGet": {"host": "127.0.0.1", "port": running.server_port, "httpHeaders": headers}}
        assert script.find_problem(probe) == ""
        running.shutdown()
    assert seen == ["ratings.example.com"]
