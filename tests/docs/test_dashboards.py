"""The dashboards of docs/dashboards: their queries are valid, and read metrics that something really has."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.commands import PROJECT
from tests.docs.test_alerts import promtool

__all__ = ["promtool"]

DASHBOARDS: Final = sorted((PROJECT / "docs/dashboards").glob("*.json"))
OF_ISTIO: Final = {
    "istio_requests_total",
    "istio_request_duration_milliseconds_bucket",
    "istio_tcp_sent_bytes_total",
}
"""Istio's standard metrics, which upstream Envoy does not have. Source: "Istio Standard Metrics"."""
OF_THE_LAB: Final = {
    "ALERTS",
    "citadel_server_cert_chain_expiry_timestamp",
    "citadel_server_root_cert_expiry_timestamp",
    "istio_agent_cert_expiry_seconds",
    "istio_workloadentry_healthy",
    "istio_workloadentry_info",
    "istiod_remote_cluster_sync_status",
    "kube_deployment_status_replicas_available",
    "kube_pod_container_status_restarts_total",
    "mesh_requests_total",
    "pilot_proxy_convergence_time_bucket",
    "pilot_xds",
}
"""Those that the test of the telemetry sees in the lab."""
OF_FAULTS: Final = {"istio_workloadentry_disconnected_timestamp_seconds"}
"""Those that a mesh without faults does not have."""
_NAME: Final = re.compile(
    r"([a-zA-Z_]\w*)\s*[{\[]|\(([a-z]+_\w+)\)|\b((?:istio|citadel|pilot|kube|mesh)\w*_\w+)\b"
)


def queries(dashboard: Path) -> Iterator[str]:
    for panel in json.loads(dashboard.read_text())["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5m")


def metrics(query: str) -> set[str]:
    """The names of metrics in a query, without its label matchers and grouping."""
    bare = re.sub(r"\{[^}]*\}", "{", query)
    bare = re.sub(r"\b(by|on|without) \([^)]*\)", "", bare)
    return {name for found in _NAME.findall(bare) for name in found if name}


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_reads_metrics_that_there_are(dashboard: Path) -> None:
    read = {name for query in queries(dashboard) for name in metrics(query)}
    assert read, "each query names a metric"
    assert read <= OF_ISTIO | OF_THE_LAB | OF_FAULTS


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_queries_are_valid(promtool: Path, dashboard: Path) -> None:
    for query in queries(dashboard):
        command = [str(promtool), "--experimental", "promql", "format", query]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{query}: {done.stderr}"


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_use_the_chosen_source_and_do_not_overlap(dashboard: Path) -> None:
    content: dict[str, Any] = json.loads(dashboard.read_text())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in content["panels"]]
    assert len(set(places)) == len(places)
    assert {panel["datasource"]["uid"] for panel in content["panels"]} == {"${datasource}"}
    assert content["uid"] == dashboard.stem
