"""From the planned subnets and firewall to what is declared in each cloud, on the stack `prod`."""

import pytest

from hybrid_mesh.components.networks.base import NOBODY, allowed_cidrs
from hybrid_mesh.model.derive.types import FirewallRulePlan
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import NetworkPlan
from tests.components.cloud_stacks import only
from tests.components.conftest import Declared, declare_mesh, read_stack
from tests.components.recording import Declaration

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@pytest.fixture(scope="module")
def networks() -> dict[str, NetworkPlan]:
    return dict(plan_from(read_stack("prod"), "prod").networks)


def test_every_planned_rule_is_a_firewall_of_google(prod: Declared, networks: dict[str, NetworkPlan]) -> None:
    made = {each.name: each.inputs for each in prod.recording.of_type("gcp:compute/firewall:Firewall")}
    planned = networks["gcp-eu"].firewall
    assert set(made) == {f"mesh-gcp-eu-{rule.key}" for rule in planned}
    for rule in planned:
        inputs = made[f"mesh-gcp-eu-{rule.key}"]
        assert inputs["direction"] == "INGRESS"
        assert set(inputs["sourceRanges"]) == {cidr for party in rule.sources for cidr in party.ranges}
        assert inputs.get("destinationRanges", []) == list(rule.destinations)
        assert inputs["targetTags"] == [f"{rule.target.role}-{rule.target.name}"]
        (allowed,) = inputs["allows"]
        assert allowed["protocol"] == rule.protocol
        assert allowed.get("ports") == ([str(port) for port in rule.ports] or None)


def test_nodes_and_machines_of_google_carry_the_tags_of_their_rules(prod: Declared) -> None:
    assert only(prod, "gcp:container/nodePool:NodePool")["nodeConfig"]["tags"] == ["nodes-gke-eu"]
    template = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    assert template["tags"] == ["machines-ratings"]


def test_tags_of_two_stacks_in_one_adopted_network_differ() -> None:
    raw = read_stack("prod")
    raw["networks"]["gcp-eu"]["id"] = "shared-vpc"
    found = {stack: _tags(declare_mesh(raw, stack=stack)) for stack in ("prod", "Prod_2")}
    assert found["prod"] == {"nodes-prod-gke-eu", "machines-prod-ratings"}
    assert found["Prod_2"] == {"nodes-prod-2-gke-eu", "machines-prod-2-ratings"}


def _tags(declared: Declared) -> set[str]:
    """Tags of nodes and VMs, which are those of the firewall's targets too."""
    nodes = only(declared, "gcp:container/nodePool:NodePool")["nodeConfig"]["tags"]
    template = only(declared, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")["tags"]
    made = declared.recording.of_type("gcp:compute/firewall:Firewall")
    assert {tag for each in made for tag in each.inputs["targetTags"]} == {*nodes, *template}
    return {*nodes, *template}


def test_every_planned_rule_is_one_of_amazon_for_each_source_and_port(
    prod: Declared, networks: dict[str, NetworkPlan]
) -> None:
    made = prod.recording.of_type(INGRESS)
    planned = networks["aws-us"].firewall
    for rule in planned:
        mine = [each for each in made if each.inputs["description"] == rule.purpose[:255]]
        mine = [each for each in mine if each.name.startswith(f"mesh-aws-us-{rule.key}-")]
        assert len(mine) == _number(rule), rule.key
        assert {_ports(each) for each in mine} == {_wanted(rule, port) for port in rule.ports or (None,)}
    assert len(made) == sum(_number(rule) for rule in planned)


def _number(rule: FirewallRulePlan) -> int:
    sources = sum(len(party.ranges) if party.role == "addresses" else 1 for party in rule.sources)
    return sources * max(len(rule.ports), 1)


def _wanted(rule: FirewallRulePlan, port: int | None) -> tuple[str, int | None, int | None]:
    if rule.protocol == "all":
        return "-1", None, None
    return ("tcp", 0, 65535) if port is None else ("tcp", port, port)


def _ports(each: Declaration) -> tuple[str, int | None, int | None]:
    return each.inputs["ipProtocol"], each.inputs.get("fromPort"), each.inputs.get("toPort")


def test_the_load_balancer_controller_finds_its_subnets(prod: Declared) -> None:
    roles = {
        each.name.removeprefix("mesh-aws-us-"): {
            key for key in each.inputs["tags"] if key.startswith("kubernetes.io/role/")
        }
        for each in prod.recording.of_type("aws:ec2/subnet:Subnet")
    }
    assert roles == {
        **{f"public-{zone}": {"kubernetes.io/role/elb"} for zone in "abc"},
        **{f"private-{zone}": {"kubernetes.io/role/internal-elb"} for zone in "abc"},
    }


def test_every_private_subnet_leaves_by_the_nat_of_its_own_zone(prod: Declared) -> None:
    gateways = prod.recording.of_type("aws:ec2/natGateway:NatGateway")
    assert {each.inputs["subnetId"] for each in gateways} == {
        f"mesh-aws-us-public-{zone}-id" for zone in "abc"
    }
    routes = {
        each.name: each.inputs.get("natGatewayId") for each in prod.recording.of_type("aws:ec2/route:Route")
    }
    for zone in "abc":
        assert routes[f"mesh-aws-us-private-{zone}"] == f"mesh-aws-us-nat-{zone}-id"


def test_ranges_of_pods_go_with_their_cluster(prod: Declared) -> None:
    """A subnet that declared them would lose them while the cluster still uses them."""
    assert "secondaryIpRanges" not in prod.recording.named("mesh-gcp-eu-nodes").inputs
    policy = only(prod, "gcp:container/cluster:Cluster")["ipAllocationPolicy"]
    assert policy == {"clusterIpv4CidrBlock": "10.10.128.0/17", "servicesIpv4CidrBlock": "10.10.16.0/20"}


def test_who_allows_nobody_does_not_allow_everybody() -> None:
    """To a load balancer and to EKS no range at all means every address."""
    assert allowed_cidrs([], {}) == [NOBODY]
