"""Doctor's checks of clusters, on evidence that is made from the plan."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hybrid_mesh.operate.doctor.differences import differences
from hybrid_mesh.operate.doctor.evidence import Evidence, Unreachable
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.peers import PeerAccess, Reach
from hybrid_mesh.operate.doctor.run import BROKEN, HEALTHY, WARNINGS, diagnose
from tests.operate.evidence import Change, added, changed, deployment, healthy, spoiled
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
    assert found.remedy == ("hybrid-mesh up",)


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


PAIR = "cluster east → cluster west"


@pytest.mark.parametrize(
    ("fields", "check", "said"),
    [
        ({"accesses": {}}, "peer-missing", "no remote Secret"),
        (
            {"accesses": {"west": PeerAccess("remote", "", "", "")}},
            "peer-credentials",
            "is not a kubeconfig",
        ),
        (
            {"accesses": {"west": PeerAccess("remote", "https://west:6443", "", "of-yesterday")}},
            "peer-credentials",
            "is not one that west has",
        ),
        (
            {"peers": ({"id": "west", "syncStatus": "timeout"},)},
            "peer-not-synced",
            "timeout",
        ),
        ({"networks": ({"Cluster": "east", "Addr": "a", "Port": 1},)}, "gateway-address-unknown", "west"),
    ],
)
def test_a_pair_of_clusters_that_is_not_in_order_is_named(
    fields: dict[str, Any], check: str, said: str
) -> None:
    found = only(changed(healthy(mesh_plan()), "east", **fields))
    assert (found.check, found.subject) == (check, PAIR)
    assert said in found.problem


def test_ports_of_a_peer_that_are_closed_are_named_each() -> None:
    evidence = healthy(mesh_plan())
    refused = {"https://west.example:15443": Reach(False, 0), "https://west:6443": Reach(False, 0)}
    found = findings(changed(evidence, "east", reached=refused))
    assert [(each.check, each.subject) for each in found] == [
        ("peer-unreachable", PAIR),
        ("gateway-unreachable", PAIR),
    ]


def _webhook(kind: str, policy: str = "Fail", bundle: str = "") -> dict[str, Any]:
    service = {"name": "istiod", "namespace": "istio-system"}
    hook = {"name": "a.istio.io", "failurePolicy": policy}
    client = {"service": service, "caBundle": base64.b64encode(bundle.encode()).decode()}
    return {"kind": kind, "metadata": {"name": "istio"}, "webhooks": [{**hook, "clientConfig": client}]}


@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
def test_a_webhook_that_fails_open_is_set_back(kind: str) -> None:
    found = only(added(healthy(mesh_plan()), "east", _webhook(kind, "Ignore")))
    assert (found.check, found.subject) == ("webhook-policy", f"{kind} istio of east")
    assert found.repair is not None


def test_a_webhook_with_another_ca_is_written_again_by_istiod() -> None:
    evidence = healthy(mesh_plan())
    certificates = {"root-cert.pem": base64.b64encode(b"root\n").decode()}
    evidence = spoiled(evidence, "east", "Secret", "cacerts", lambda s: s.update(data=certificates))
    hooks = [_webhook("MutatingWebhookConfiguration", bundle=bundle) for bundle in ("root\n", "other")]
    assert findings(added(evidence, "east", hooks[0])) == []
    found = only(added(evidence, "east", hooks[1]))
    assert (found.check, found.repair is not None) == ("webhook-ca", True)


def _pod(**labels: str) -> dict[str, Any]:
    metadata = {"name": "shop-1", "namespace": "demo", "labels": labels}
    return {"kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "shop"}]}}


def test_a_pod_without_a_sidecar_is_named_unless_it_declines() -> None:
    found = only(added(healthy(mesh_plan()), "east", _pod()))
    assert (found.check, found.subject) == ("sidecar-missing", "pod demo/shop-1 of east")
    declining = _pod(**{"sidecar.istio.io/inject": "false"})
    assert findings(added(healthy(mesh_plan()), "east", declining)) == []


@pytest.mark.parametrize(
    ("kind", "spec", "check"),
    [
        ("PeerAuthentication", {"mtls": {"mode": "PERMISSIVE"}}, "mtls-weakened"),
        ("DestinationRule", {"host": "shop", "trafficPolicy": {"tls": {"mode": "DISABLE"}}}, "mtls-disabled"),
    ],
)
def test_rules_of_others_that_take_mutual_tls_away_are_named(
    kind: str, spec: dict[str, Any], check: str
) -> None:
    rule = {"kind": kind, "metadata": {"name": "x", "namespace": "demo"}, "spec": spec}
    found = only(added(healthy(mesh_plan()), "east", rule))
    assert (found.check, found.subject) == (check, f"{kind} demo/x of east")


@pytest.mark.parametrize(
    ("rules", "closed"),
    [
        ([], "15012 and 15017"),
        ([{"ports": [{"port": 15017}]}], "15012"),
        ([{"ports": [{"port": 15000, "endPort": 15020}]}], ""),
        ([{"ports": [{"port": "https"}]}], ""),
        ([{"from": []}], ""),
    ],
)
def test_a_network_policy_that_closes_istiod_is_named(rules: list[Any], closed: str) -> None:
    spec = {"podSelector": {"matchLabels": {"app": "istiod"}}, "policyTypes": ["Ingress"], "ingress": rules}
    policy = {
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "istio-system"},
        "spec": spec,
    }
    found = findings(added(healthy(mesh_plan()), "east", policy))
    assert [each.problem for each in found] == (
        [f"it lets nobody reach port {closed} of istiod"] if closed else []
    )


def test_a_gateway_that_is_not_programmed_is_named_with_the_reason() -> None:
    condition = {
        "type": "Programmed",
        "status": "False",
        "reason": "AddressNotAssigned",
        "message": "no service",
        "lastTransitionTime": "2026-11-27T11:59:00Z",
    }
    evidence = spoiled(
        healthy(mesh_plan()),
        "east",
        "Gateway",
        "istio-eastwestgateway",
        lambda g: g["status"].update(conditions=[condition]),
    )
    found = only(evidence)
    assert (found.check, found.subject) == (
        "gateway-not-programmed",
        "Gateway istio-system/istio-eastwestgateway of east",
    )
    assert found.since == datetime(2026, 11, 27, 11, 59, tzinfo=UTC)


def test_a_proxy_that_does_not_take_its_configuration_is_named() -> None:
    sent = {"sent": "b", "acked": "a", "sentTime": "2026-11-27T11:58:00Z"}
    proxy = {"proxy": "legacy-0.demo", "istio_version": "1.31.0", "resources": {"x.Cluster": sent}}
    found = only(changed(healthy(mesh_plan()), "east", synchronization=(proxy,)))
    assert (found.check, found.subject) == ("proxy-not-synced", "VM legacy-0")
    fresh = {**proxy, "resources": {"x.Cluster": {**sent, "sentTime": "2026-11-27T11:59:55Z"}}}
    assert findings(changed(healthy(mesh_plan()), "east", synchronization=(fresh,))) == []


def test_quantities_are_compared_by_their_amounts() -> None:
    declared = {"cpu": "1000m", "memory": "1Gi", "empty": [], "count": 3}
    assert list(differences(declared, {"cpu": "1", "memory": "1024Mi", "count": 3})) == []
    assert list(differences(declared, {"cpu": "2", "memory": "1Gi", "count": 3})) == ["cpu"]
