"""Doctor's checks of clusters, on evidence that is made from the plan."""

from dataclasses import replace
from typing import Any

import pytest

from hybrid_mesh.operate.doctor.evidence import Evidence, Unreachable
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.run import BROKEN, HEALTHY, WARNINGS, diagnose
from tests.operate.evidence import Change, deployment, healthy, spoiled
from tests.operate.mesh import mesh_plan


def findings(evidence: Evidence) -> list[Finding]:
    return list(diagnose(mesh_plan(), evidence).findings)


def only(evidence: Evidence) -> Finding:
    [found] = findings(evidence)
    return found


def test_a_healthy_mesh_has_no_finding() -> None:
    plan = mesh_plan()
    diagnosis = diagnose(plan, healthy(plan))
    assert (diagnosis.findings, diagnosis.unseen, diagnosis.code) == ((), (), HEALTHY)


def test_a_cluster_that_does_not_answer_is_named() -> None:
    evidence = healthy(mesh_plan())
    evidence = replace(evidence, clusters={**evidence.clusters, "west": Unreachable("connection refused")})
    found = only(evidence)
    assert (found.check, found.subject) == ("cluster-unreachable", "cluster west")
    assert "connection refused" in found.problem
    assert diagnose(mesh_plan(), evidence).code == BROKEN


def test_a_quarantined_cluster_is_no_fault() -> None:
    clusters = {
        "east": {"type": "local", "network": "amsterdam"},
        "west": {"type": "local", "network": "boston", "state": "quarantined"},
    }
    plan = mesh_plan(clusters=clusters)
    diagnosis = diagnose(plan, healthy(plan))
    assert diagnosis.findings == ()
    assert diagnosis.unseen == (("cluster west", "quarantined"),)


def _permissive(found: dict[str, Any]) -> None:
    found["spec"]["mtls"]["mode"] = "PERMISSIVE"


@pytest.mark.parametrize(
    ("kind", "name", "change", "subject", "field"),
    [
        (
            "PeerAuthentication",
            "default",
            _permissive,
            "PeerAuthentication istio-system/default of east",
            "spec.mtls.mode",
        ),
        (
            "Namespace",
            "demo",
            lambda found: found["metadata"]["labels"].pop("istio-injection"),
            "Namespace demo of east",
            "metadata.labels.istio-injection",
        ),
        (
            "Service",
            "legacy",
            lambda found: found["spec"]["ports"].clear(),
            "Service demo/legacy of east",
            "spec.ports",
        ),
    ],
)
def test_a_changed_object_is_named_with_its_field(
    kind: str, name: str, change: Change, subject: str, field: str
) -> None:
    found = only(spoiled(healthy(mesh_plan()), "east", kind, name, change))
    assert (found.check, found.severity, found.subject) == ("object-changed", Severity.WARNING, subject)
    assert field in found.problem
    assert found.repair is not None
    assert diagnose(mesh_plan(), spoiled(healthy(mesh_plan()), "east", kind, name, change)).code == WARNINGS


def test_a_deleted_object_is_missing_and_can_be_made_again() -> None:
    found = only(spoiled(healthy(mesh_plan()), "east", "WorkloadGroup", "legacy", None))
    assert (found.check, found.subject) == ("object-missing", "WorkloadGroup demo/legacy of east")
    assert found.repair is not None


def test_a_secret_whose_values_only_up_knows_is_not_made_by_a_repair() -> None:
    found = only(spoiled(healthy(mesh_plan()), "east", "Secret", "istio-remote-secrets", None))
    assert (found.check, found.repair) == ("object-missing", None)
    assert found.remedy == ("hybrid-mesh up --refresh",)


def test_a_deployment_that_is_scaled_to_nothing_is_scaled_back() -> None:
    evidence = spoiled(
        healthy(mesh_plan()), "west", "Deployment", "istiod", lambda d: d["spec"].update(replicas=0)
    )
    found = only(evidence)
    assert (found.check, found.subject) == ("deployment-down", "Deployment istio-system/istiod of west")
    assert found.repair is not None
    assert "--replicas=1" in found.repair.steps[0].arguments  # type: ignore[union-attr]


def test_a_rollout_that_goes_on_is_no_fault() -> None:
    def rolling(found: dict[str, Any]) -> None:
        found.update(deployment("istiod", replicas=2))
        condition = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
        found["status"] = {"availableReplicas": 1, "conditions": [condition]}

    assert findings(spoiled(healthy(mesh_plan()), "east", "Deployment", "istiod", rolling)) == []
