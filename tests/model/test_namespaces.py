"""Namespaces: their labels, their injection policy, and which of them istiod reads."""

from typing import Any

import pytest

from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.build import plan_from
from tests.model.meshes import DEV, LOCAL, PROD, STACKS, changed

SELECTORS = "istio.values.meshConfig.discoverySelectors"
ANY = {"matchLabels": {"example.com/mesh": "mesh1"}}


def _labels(raw: dict[str, Any], cluster: str) -> dict[str, dict[str, str]]:
    return {
        each.manifest["metadata"]["name"]: each.manifest["metadata"].get("labels", {})
        for each in plan_from(raw, "test").clusters[cluster].objects
        if isinstance(each, PlannedObject) and each.is_namespace
    }


def test_configured_namespaces_are_in_every_cluster() -> None:
    spaces = {"shop": {"injection": "enabled", "labels": {"team": "shop"}}, "plain": {}}
    mesh = changed(LOCAL, {"namespaces": spaces})
    for cluster in ("east", "west"):
        found = _labels(mesh, cluster)
        assert found["shop"] == {"team": "shop", "istio-injection": "enabled"}
        assert found["plain"] == {}


def test_labels_are_added_to_those_of_the_program() -> None:
    labels = {"pod-security.kubernetes.io/warn": "baseline"}
    spaces = {"demo": {"labels": labels}, "istio-ingress": {"injection": "disabled"}}
    found = _labels(changed(LOCAL, {"namespaces": spaces}), "east")
    assert found["demo"] == {**labels, "istio-injection": "enabled"}
    assert found["istio-ingress"] == {"istio-injection": "disabled"}
    group = _labels(changed(DEV, {"namespaces.bookinfo.injection": "disabled"}), "one")
    assert group["bookinfo"] == {"istio-injection": "disabled"}, "VMs need no injection"


@pytest.mark.parametrize("stack", STACKS)
def test_every_namespace_gets_the_label_of_a_selector(stack: str) -> None:
    mesh = changed(STACKS[stack], {SELECTORS: [ANY]})
    for cluster in mesh["clusters"]:
        for space, labels in _labels(mesh, cluster).items():
            assert labels["example.com/mesh"] == "mesh1", space


@pytest.mark.parametrize(
    ("selector", "added"),
    [
        ({"matchExpressions": [{"key": "mesh", "operator": "In", "values": ["a", "b"]}]}, {"mesh": "a"}),
        ({"matchExpressions": [{"key": "mesh", "operator": "Exists"}]}, {"mesh": "true"}),
        ({"matchExpressions": [{"key": "mesh", "operator": "DoesNotExist"}]}, {}),
        ({"matchExpressions": [{"key": "mesh", "operator": "NotIn", "values": ["out"]}]}, {}),
        (
            {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "mesh", "operator": "Exists"}]},
            {"a": "b", "mesh": "true"},
        ),
        ({"matchLabels": {}}, {}),
    ],
)
def test_expressions_are_evaluated(selector: dict[str, Any], added: dict[str, str]) -> None:
    before, after = _labels(dict(LOCAL), "east"), _labels(changed(LOCAL, {SELECTORS: [selector]}), "east")
    assert after == {space: {**labels, **added} for space, labels in before.items()}


def test_a_namespace_that_a_selector_matches_gets_no_further_label() -> None:
    mesh = changed(LOCAL, {SELECTORS: [{"matchLabels": {"mesh": "in"}}, {"matchLabels": {"old": "yes"}}]})
    mesh["namespaces"] = {"demo": {"labels": {"old": "yes"}}}
    found = _labels(mesh, "east")
    assert found["demo"] == {"istio-injection": "enabled", "old": "yes"}
    assert found["istio-system"]["mesh"] == "in"


def test_each_istiod_reads_the_namespaces_of_all_clusters() -> None:
    of_east = "clusters.east.istio.values.pilot.meshConfig.discoverySelectors"
    mesh = changed(
        LOCAL, {SELECTORS: [{"matchLabels": {"mesh": "in"}}], of_east: [{"matchLabels": {"east": "in"}}]}
    )
    for cluster in ("east", "west"):
        for space, labels in _labels(mesh, cluster).items():
            assert (labels["mesh"], labels["east"]) == ("in", "in"), space


def test_names_of_namespaces_can_be_selected() -> None:
    expression = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["legacy"]}
    assert _labels(changed(PROD, {SELECTORS: [{"matchExpressions": [expression]}]}), "gke-eu") == _labels(
        dict(PROD), "gke-eu"
    )


def test_the_cni_plugin_replaces_the_init_container() -> None:
    enforce = {"namespaces.demo.labels": {"pod-security.kubernetes.io/enforce": "baseline"}}
    plan_from(changed(LOCAL, {**enforce, "istio.values.cni.enabled": True}), "test")
