"""The collector's configuration of docs/alerts: it counts each access log once."""

import json
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile
from tests.commands import PROJECT
from tests.waiting import eventually

CONFIGURATION: Final = PROJECT / "docs/alerts/otel-collector.yaml"
PROXIES, REPORTS, ENTRIES = 3, 60, 7
"""Proxies, the reports of all of them together, and the entries of each report."""


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A collector with this configuration: its port for OTLP over HTTP and that for Prometheus."""
    try:
        program = Profile.current().binary("otel-collector")
    except ToolchainMissing:
        pytest.skip("the collector is not in the toolchain: run make extras to include this test")
    grpc, http, metrics = _free_ports(3)
    text = CONFIGURATION.read_text()
    over_http = f"http: {{endpoint: 127.0.0.1:{http}}}"
    text = text.replace(
        "grpc: {endpoint: 0.0.0.0:4317}", f"grpc: {{endpoint: 127.0.0.1:{grpc}}}\n      {over_http}"
    )
    file = tmp_path / "collector.yaml"
    file.write_text(text.replace("0.0.0.0:8889", f"127.0.0.1:{metrics}"))
    with subprocess.Popen([program, f"--config={file}"], stderr=subprocess.DEVNULL) as running:
        try:
            eventually("the collector is up", lambda: _get(metrics) is not None, 20, passing=URLError)
            yield http, metrics
        finally:
            running.terminate()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return found


def _get(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text: str = answer.read().decode()
    return text


def test_entries_of_several_proxies_are_counted_in_whatever_order_they_arrive(ports: tuple[int, int]) -> None:
    http, metrics = ports
    late = random.Random(1)

    def report(number: int) -> None:
        begun = time.time_ns() - late.randrange(2_000_000_000)
        body = json.dumps(_report(f"proxy-{number % PROXIES}", begun)).encode()
        request = Request(f"http://127.0.0.1:{http}/v1/logs", body, {"Content-Type": "application/json"})
        urlopen(request, timeout=5).close()

    def counted() -> int:
        lines = [line for line in _get(metrics).splitlines() if line.startswith("mesh_requests_total{")]
        assert all('workload="echo"' in line for line in lines)
        return sum(int(line.rpartition(" ")[2]) for line in lines)

    for whole in (1, 2):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(report, range(REPORTS)))
        eventually("every entry is counted", lambda: counted() == whole * REPORTS * ENTRIES, 15)  # noqa: B023


def _report(proxy: str, begun: int) -> dict[str, Any]:
    def pair(key: str, value: str) -> dict[str, Any]:
        return {"key": key, "value": {"stringValue": value}}

    values = {"source_principal": "spiffe://mesh/ns/a/sa/b", "cluster": "east", "workload": "echo"}
    attributes = [pair(*each) for each in values.items()]
    entries = [{"timeUnixNano": str(begun + each), "attributes": attributes} for each in range(ENTRIES)]
    resource = {"attributes": [pair("node_name", proxy)]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": entries}]}]}
