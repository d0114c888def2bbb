"""Networks with the same addresses, and networks with several CIDRs."""

from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.plan.required_paths import open_paths
from hybrid_mesh.model.reading.problems import ConfigurationError
from tests.model.meshes import DELETED, DEV, PROD, changed
from tests.model.rule_cases.overlaps import APART, SAME, TWO


@pytest.mark.parametrize(
    "changes",
    [
        {f"{TWO}.cidr": SAME},
        {f"{TWO}.cidr": "10.0.0.0/8", "clusters.two.gateway.addresses": ["10.0.0.9"]},
        {f"{TWO}.cidr": SAME, "networks.unused": {"type": "external", "cidr": SAME, "reachable": "direct"}},
    ],
    ids=["same", "address of one", "direct without VMs"],
)
def test_networks_that_meet_at_gateways_may_have_the_same_addresses(changes: dict[str, Any]) -> None:
    plan_from(changed(DEV, {**APART, **changes}), "test")


def test_clouds_allow_each_other_by_public_addresses() -> None:
    plan_from(changed(PROD, {"networks.gcp-eu.cidr": "10.20.0.0/16"}), "test")


def test_networks_of_two_projects_may_have_one_name() -> None:
    shared = {"type": "gcp", "region": "us-east1", "cidr": "10.10.0.0/17", "project": "other-project"}
    own = {"networks.gcp-eu.id": "shared", "networks.gcp-eu.egress": ["198.51.100.128/28"]}
    changes = {
        **own,
        "networks.gcp-eu.project": "first-project",
        "networks.other": {**shared, "id": "shared"},
    }
    plan_from(changed(PROD, changes), "test")


def test_each_cidr_of_a_network_may_call() -> None:
    cidrs = ["10.245.0.0/16", "240.1.0.0/16"]
    plan = plan_from(changed(DEV, {f"{TWO}.cidr": cidrs}), "test")
    callers = {path.source for path in open_paths(plan) if "directly" in path.purpose}
    assert "kind-two 10.245.0.0/16, 240.1.0.0/16" in callers
    private = {"clusters.gke-eu.endpoint": "private", "clusters.gke-eu.authorizedNetworks": ["10.99.0.0/24"]}
    dc = {"type": "kubeconfig", "network": "dc-fra", "context": "dc", "peerEndpoint": "https://203.0.113.5"}
    several = {
        "networks.dc-fra.cidr": ["10.40.0.0/16", "100.64.0.0/16"],
        "clusters.dc": {**dc, "gateway": {"enabled": False}},
    }
    mesh = changed(PROD, {**private, **several})
    api = plan_from(mesh, "test").clusters["gke-eu"].api  # type: ignore[attr-defined]
    assert {"10.40.0.0/16", "100.64.0.0/16"} <= {source.cidr for source in api.sources}


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ([], "networks.machines.cidr", "at least one"),
        (None, "networks.machines.cidr", "no value"),
        (["10.9.0.1/24"], "networks.machines.cidr.0", "host bits"),
        (["10.9.0.0/24", None], "networks.machines.cidr.1", ""),
        ("10.9.0.1/24", "networks.machines.cidr", "host bits"),
        (7, "networks.machines.cidr", "CIDR"),
        ({"a": 1}, "networks.machines.cidr", "CIDR"),
    ],
)
def test_a_wrong_list_is_refused_at_its_place(value: Any, path: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(DEV, {"networks.machines.cidr": value}), "test")
    (problem,) = raised.value.problems
    assert problem.path == path
    assert message in problem.message


@pytest.mark.parametrize("network", ["networks.gcp-eu", "networks.aws-us"])
def test_only_external_networks_have_lists(network: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(PROD, {f"{network}.cidr": ["10.10.0.0/16", "100.64.0.0/16"]}), "test")
    assert [problem.path for problem in raised.value.problems] == [f"{network}.cidr"]


CLASS_E = {"clusters.gke-eu.podCidr": "240.16.0.0/14"}


def test_pods_of_gke_may_be_in_class_e() -> None:
    plan = plan_from(changed(PROD, CLASS_E), "test")
    (subnet,) = plan.networks["gcp-eu"].subnets
    assert ("pods-gke-eu", "240.16.0.0/14") in subnet.secondary
    (nodes,) = [rule for rule in plan.networks["gcp-eu"].firewall if rule.key == "nodes-gke-eu"]
    assert "240.16.0.0/14" in nodes.sources[0].ranges
    assert describe(plan)["networks"][2]["cidr"] == "10.10.0.0/16, 240.16.0.0/14"


def test_pods_in_class_e_may_call_elsewhere() -> None:
    private = {"clusters.eks-us.endpoint": "private", "clusters.eks-us.authorizedNetworks": ["10.99.0.0/24"]}
    plan = plan_from(changed(PROD, {**CLASS_E, **private}), "test")
    api = plan.clusters["eks-us"].api  # type: ignore[attr-defined]
    assert {"10.10.0.0/16", "240.16.0.0/14"} <= {source.cidr for source in api.sources}
    assert any(path.source == "gcp-eu 10.10.0.0/16, 240.16.0.0/14" for path in open_paths(plan))


def test_pods_in_class_e_count_as_addresses_of_their_network() -> None:
    private = {"clusters.eks-us.endpoint": "private", "clusters.eks-us.authorizedNetworks": ["10.99.0.0/24"]}
    same = {"networks.dc-fra.cidr": ["10.40.0.0/16", "240.0.0.0/8"], "workloadGroups.ledger": DELETED}
    plan_from(changed(PROD, {**CLASS_E, **same}), "test")
    dc = {"type": "kubeconfig", "network": "dc-fra", "context": "dc", "peerEndpoint": "https://203.0.113.5"}
    peer = {"clusters.dc": {**dc, "gateway": {"enabled": False}}}
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(PROD, {**CLASS_E, **same, **private, **peer}), "test")
    assert [problem.path for problem in raised.value.problems] == ["clusters.gke-eu.podCidr"]
