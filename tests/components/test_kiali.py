"""Kiali's account in each other cluster, and the Secret with which it reads them."""

import json
from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from tests.components.conftest import EXTERNAL, SECRETS, Declared, declare_mesh, read_stack


def test_kiali_gets_a_kubeconfig_of_each_other_cluster(external: Declared) -> None:
    (secret,) = [each for each in external.recording.declared if each.name == "mesh-kiali-edge-clusters"]
    assert secret.inputs["metadata"] == {
        "name": "kiali-multi-cluster-secret",
        "namespace": "istio-system",
        "labels": {"kiali.io/multiCluster": "true", "kiali.io/kiali-multi-cluster-secret": "true"},
    }
    assert set(secret.inputs["stringData"]) == {"plant"}
    kubeconfig = json.loads(secret.inputs["stringData"]["plant"])
    assert kubeconfig["current-context"] == "plant"
    assert kubeconfig["clusters"][0]["cluster"]["server"] == "https://198.18.3.4:6443"
    assert kubeconfig["users"][0]["user"]["token"]
    assert external.outputs["kiali"] == {
        "cluster": "edge",
        "namespace": "istio-system",
        "secret": "kiali-multi-cluster-secret",
        "clusters": ["plant"],
    }


def test_the_account_reads_and_has_no_secrets(external: Declared) -> None:
    recording = external.recording
    role = recording.named("mesh-kiali-plant-role").inputs
    resources = {resource for rule in role["rules"] for resource in rule["resources"]}
    assert "secrets" not in resources
    writes = [rule for rule in role["rules"] if not set(rule["verbs"]) <= {"get", "list", "watch"}]
    assert {resource for rule in writes for resource in rule["resources"]} == {
        "pods/portforward",
        "tokenreviews",
    }
    assert not [each for each in recording.declared if each.name.startswith("mesh-kiali-edge-account")]


def test_kiali_may_have_a_namespace_of_its_own() -> None:
    raw = {**EXTERNAL, "namespaces": {"kiali": {}}, "kiali": {"cluster": "edge", "namespace": "kiali"}}
    made = declare_mesh(raw, secrets=SECRETS).recording
    assert made.named("mesh-kiali-edge-clusters").inputs["metadata"]["namespace"] == "kiali"
    assert made.named("mesh-kiali-plant-account").inputs["metadata"]["namespace"] == "istio-system"


@pytest.mark.parametrize("quarantined", ["edge", "plant"])
def test_quarantine_deletes_nothing_of_kiali(quarantined: str) -> None:
    clusters: dict[str, Any] = EXTERNAL["clusters"]
    changed = {**clusters, quarantined: {**clusters[quarantined], "state": "quarantined"}}
    groups = EXTERNAL["workloadGroups"] if quarantined == "plant" else {}
    made = declare_mesh({**EXTERNAL, "clusters": changed, "workloadGroups": groups}, secrets=SECRETS)
    names = {each.name for each in made.recording.declared}
    assert {"mesh-kiali-plant-account", "mesh-kiali-plant-secret", "mesh-kiali-edge-clusters"} <= names
    keys = set(made.recording.named("mesh-kiali-edge-clusters").inputs["stringData"])
    assert keys == (set() if quarantined == "plant" else {"plant"})


def test_tokens_of_a_cloud_follow_its_certificate_authority() -> None:
    raw = read_stack("prod")
    home, *others = sorted(raw["clusters"])
    plan = plan_from({**raw, "kiali": {"cluster": home}}, "test")
    for name in others:
        (token,) = [each for each in plan.clusters[name].objects if each.name == f"kiali-{name}-secret"]
        assert token.filled == ("metadata",)
