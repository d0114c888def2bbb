"""What clouds' networks allow: each path that the mesh needs, and no other."""

import re
from ipaddress import IPv4Network
from typing import Any

import pytest

from hybrid_mesh.model.derive.types import FirewallRulePlan
from hybrid_mesh.model.plan.build import plan_from
from tests.model.meshes import DELETED, PROD, STAGING, changed

CLOUDS = ("gcp-eu", "aws-us")


def _rules(raw: Any, network: str) -> dict[str, FirewallRulePlan]:
    found = plan_from(raw, "test").networks[network].firewall
    rules = {rule.key: rule for rule in found}
    assert len(rules) == len(found)
    return rules


def _open(rules: dict[str, FirewallRulePlan], source: tuple[str, str], target: tuple[str, str]) -> set[int]:
    """TCP ports that are open from one party to another; {0} for all."""
    ports: set[int] = set()
    for rule in rules.values():
        if (rule.target.role, rule.target.name) == target:
            ports |= {
                port
                for party in rule.sources
                if (party.role, party.name) == source
                for port in (rule.ports or (0,))
            }
    return ports


def test_machines_and_pods_of_gcp_reach_each_other() -> None:
    rules = _rules(PROD, "gcp-eu")
    nodes, machines = ("nodes", "gke-eu"), ("machines", "ratings")
    assert _open(rules, machines, nodes) == {0}
    assert _open(rules, nodes, machines) == {9080}
    assert _open(rules, machines, machines) == {9080}
    assert _open(rules, nodes, nodes) == {0}
    assert _open(rules, ("control-plane", "gke-eu"), nodes) == {15017}
    assert _open(rules, ("addresses", "health-checks"), machines) == {15029}


def test_machines_and_pods_of_aws_reach_each_other() -> None:
    rules = _rules(changed(PROD, {"workloadGroups.orders.ports.grpc": 9090}), "aws-us")
    nodes, machines, control_plane = ("nodes", "eks-us"), ("machines", "orders"), ("control-plane", "eks-us")
    assert _open(rules, machines, nodes) == {0}
    assert _open(rules, nodes, machines) == {8080, 9090}
    assert _open(rules, control_plane, nodes) == {443, 9443, 10250, 10251, 15017}
    assert _open(rules, nodes, control_plane) == {443}
    assert _open(rules, machines, control_plane) == {443}


def test_machines_of_gcp_reach_pods_and_not_their_nodes() -> None:
    """Kubelet, SSH and node ports of the nodes stay closed to VMs."""
    assert _rules(PROD, "gcp-eu")["pods-gke-eu"].destinations == ("10.10.128.0/17",)
    assert _rules(PROD, "aws-us")["pods-eks-us"].destinations == ()


def test_pods_come_from_the_pods_range() -> None:
    rules = _rules(PROD, "gcp-eu")
    sources = [party for party in rules["machines-ratings"].sources if party.role == "nodes"]
    assert [party.ranges for party in sources] == [("10.10.0.0/20", "10.10.128.0/17")]
    assert rules["control-plane-gke-eu"].sources[0].ranges == ("10.10.32.0/28",)


@pytest.mark.parametrize("network", CLOUDS)
def test_nobody_outside_is_allowed(network: str) -> None:
    plan = plan_from(PROD, "test").networks[network]
    for rule in plan.firewall:
        for party in rule.sources:
            inside = all(IPv4Network(r).subnet_of(plan.config.cidrs[0]) for r in party.ranges)
            assert inside or party.name == "health-checks"


@pytest.mark.parametrize("way_in", [{"gateway": "203.0.113.77"}, {"reachable": "direct"}])
def test_purposes_have_letters_that_ec2_takes_in_a_description(way_in: dict[str, str]) -> None:
    """EC2 API, `IpRange.description`: no apostrophe among them."""
    elsewhere = {"type": "aws", "region": "us-west-2", "cidr": "10.30.0.0/16", **way_in}
    raw = changed(PROD, {"networks.aws-west": elsewhere, "workloadGroups.orders.network": "aws-west"})
    for network in ("gcp-eu", "aws-us", "aws-west"):
        for rule in _rules(raw, network).values():
            assert re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}", rule.purpose), rule.purpose


@pytest.mark.parametrize("network", CLOUDS)
def test_keys_are_short_labels(network: str) -> None:
    long = changed(PROD, {"clusters." + "x" * 54: {"type": "gke", "network": "gcp-eu", **_RANGES}})
    assert all(len(key) <= 40 and not key.endswith("-") for key in _rules(long, network))


_RANGES = {
    "podCidr": "10.10.64.0/18",
    "serviceCidr": "10.10.48.0/20",
    "controlPlaneCidr": "10.10.32.16/28",
}


def test_two_clusters_of_a_network_are_neighbours() -> None:
    rules = _rules(
        changed(STAGING, {"clusters.two": {"type": "gke", "network": "gcp-eu", **_RANGES}}), "gcp-eu"
    )
    assert _open(rules, ("nodes", "two"), ("nodes", "gke-eu")) == {0}
    assert _open(rules, ("nodes", "gke-eu"), ("nodes", "two")) == {0}
    assert _open(rules, ("nodes", "two"), ("machines", "ratings")) == {9080}
    assert _open(rules, ("control-plane", "two"), ("nodes", "gke-eu")) == set()


def test_a_network_that_is_reached_directly_lets_the_other_networks_in_at_the_groups_ports() -> None:
    changes = {
        "networks.gcp-us": {
            "type": "gcp",
            "region": "us-east1",
            "cidr": "10.30.0.0/16",
            "reachable": "direct",
        },
        "workloadGroups.ratings.network": "gcp-us",
    }
    rule = _rules(changed(PROD, changes), "gcp-us")["direct-ratings"]
    assert rule.ports == (9080,)
    assert rule.sources[0].ranges == ("10.20.0.0/16", "10.40.0.0/16", "10.10.0.0/16")


def test_a_gateway_of_the_users_own_reaches_the_machines() -> None:
    changes = {
        "networks.gcp-us": {
            "type": "gcp",
            "region": "us-east1",
            "cidr": "10.30.0.0/16",
            "gateway": "203.0.113.77",
        },
        "workloadGroups.ratings.network": "gcp-us",
    }
    rule = _rules(changed(PROD, changes), "gcp-us")["gateway-ratings"]
    assert (rule.ports, rule.sources[0].ranges) == ((9080,), ("10.30.0.0/16",))


def test_machines_joined_by_bundle_inside_a_clouds_network_call_its_pods() -> None:
    bundle = {
        "workloadGroups.ratings.machines": {"type": "bundle"},
        "workloadGroups.ratings.application": DELETED,
    }
    rules = _rules(changed(STAGING, bundle), "gcp-eu")
    assert [party.ranges for party in rules["pods-gke-eu"].sources] == [("10.10.0.0/16",)]
    assert not [key for key in rules if key.startswith("machines-")]
