"""What doctor says of a collector that is not there, and of a Telemetry that Istio ignores."""

from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.checks.telemetry import telemetry
from hybrid_mesh.operate.doctor.evidence import Evidence, Unreachable
from tests.operate.evidence import added, healthy
from tests.operate.mesh import raw_mesh

OTLP = "otel-collector.observability.svc.cluster.local"


def mesh(**reported: Any) -> MeshPlan:
    given = reported or {"accessLogs": {"otlp": f"{OTLP}:4317"}, "traces": {"otlp": f"{OTLP}:4317"}}
    return plan_from({**raw_mesh(), "telemetry": given}, "local")


def service(*ports: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "Service",
        "metadata": {"name": "otel-collector", "namespace": "observability"},
        "spec": {"ports": list(ports)},
    }


def other(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "Telemetry", "metadata": {"name": name, "namespace": "istio-system"}, **fields}


def found(plan: MeshPlan, evidence: Evidence) -> list[tuple[str, str]]:
    return [(each.check, each.subject) for each in telemetry(plan, evidence)]


GRPC = {"name": "grpc-otlp", "port": 4317}


@pytest.mark.parametrize("cluster", ["east", "west"])
def test_a_collector_may_be_in_any_cluster(cluster: str) -> None:
    assert found(mesh(), added(healthy(mesh()), cluster, service(GRPC))) == []


def test_a_missing_collector_is_one_warning() -> None:
    (only,) = telemetry(mesh(), healthy(mesh()))
    assert (only.check, only.subject) == ("collector-missing", "mesh")
    assert "observability/otel-collector" in only.problem


def test_nothing_is_said_of_a_collector_while_a_cluster_does_not_answer() -> None:
    evidence = healthy(mesh())
    evidence = Evidence(evidence.taken, {**evidence.clusters, "west": Unreachable("no route")})
    assert found(mesh(), evidence) == []


@pytest.mark.parametrize(
    "ports",
    [
        [{"name": "otlp", "port": 4317}],
        [{"name": "http-otlp", "port": 4317}],
        [{"name": "grpc-otlp", "port": 4318}],
        [{"port": 4317}],
        [],
    ],
)
def test_a_port_must_declare_its_protocol(ports: list[dict[str, Any]]) -> None:
    evidence = added(healthy(mesh()), "west", service(*ports))
    assert found(mesh(), evidence) == [("collector-port", "cluster west")]


def test_an_application_protocol_and_http_are_known() -> None:
    named = {"name": "otlp", "appProtocol": "grpc", "port": 4317}
    assert found(mesh(), added(healthy(mesh()), "east", service(named))) == []
    http = mesh(traces={"otlp": f"{OTLP}:4318", "httpPath": "/v1/traces"})
    assert found(http, added(healthy(http), "east", service({"name": "http", "port": 4318}))) == []


def test_collectors_outside_are_not_looked_for() -> None:
    plan = mesh(traces={"otlp": "otlp.example.com:4317"})
    assert found(plan, healthy(plan)) == []


def test_an_older_telemetry_is_named() -> None:
    plan = mesh(accessLogs={"stdout": "json"})
    evidence = added(
        healthy(plan),
        "east",
        other("default"),
        other("of-some", spec={"selector": {"matchLabels": {"app": "x"}}}),
        {**other("younger"), "metadata": {**other("younger")["metadata"], "creationTimestamp": "2026"}},
        {**other("elsewhere"), "metadata": {"name": "elsewhere", "namespace": "demo"}},
    )
    (only,) = telemetry(plan, evidence)
    assert (only.check, only.subject) == ("telemetry-ignored", "cluster east")
    assert "istio-system/default" in only.problem
    assert only.remedy[0].startswith(
        "hybrid-mesh kubectl east -- delete telemetries.telemetry.istio.io default"
    )
