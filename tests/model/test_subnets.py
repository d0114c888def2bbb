"""Subnets of clouds' networks: no gap, no overlap, inside the range, and what is there never moves."""

from ipaddress import IPv4Network, collapse_addresses
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hybrid_mesh.model.clouds.aws import zone_cidrs
from hybrid_mesh.model.clouds.cidrs import spare_cidrs
from hybrid_mesh.model.clouds.google import gke_cidrs
from hybrid_mesh.model.clouds.registry import AWS, GOOGLE
from hybrid_mesh.model.config.networks import AwsNetworkConfig, GcpNetworkConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.kinds import GkeClusterPlan
from hybrid_mesh.model.plan.types import NetworkPlan
from tests.model.meshes import PROD, STAGING, changed

quick = settings(deadline=None, max_examples=60)
thorough = settings(deadline=None, max_examples=15)

LETTERS = "abcdefgh"


@st.composite
def ranges(draw: st.DrawFn, shortest: int, longest: int) -> IPv4Network:
    """A range in 10.0.0.0/9, which no stack's other networks are in."""
    prefix = draw(st.integers(shortest, longest))
    index = draw(st.integers(0, (1 << (prefix - 9)) - 1))
    return list(IPv4Network("10.128.0.0/9").subnets(new_prefix=prefix))[index]


def _blocks(network: NetworkPlan) -> list[IPv4Network]:
    """Every range that the plan of a network gives away."""
    return [
        IPv4Network(cidr)
        for subnet in network.subnets
        for cidr in (subnet.cidr, *(range_ for _, range_ in subnet.secondary))
    ]


def _cover(cidr: IPv4Network, blocks: list[IPv4Network]) -> None:
    """`blocks` are inside `cidr`, apart from each other, and with what is spare they are the whole of it."""
    assert all(block.subnet_of(cidr) for block in blocks)
    assert not any(one.overlaps(other) for one, other in combinations(blocks, 2))
    spare = spare_cidrs(cidr, blocks)
    assert not any(free.overlaps(block) for free in spare for block in blocks)
    assert list(collapse_addresses([*blocks, *spare])) == [cidr]


@quick
@given(ranges(12, 20))
def test_cidrs_of_a_gcp_network_do_not_overlap_and_cover_it(cidr: IPv4Network) -> None:
    plan = plan_from(changed(STAGING, {"networks.gcp-eu.cidr": str(cidr)}), "test")
    blocks = _blocks(plan.networks["gcp-eu"])
    cluster = plan.clusters["gke-eu"]
    assert isinstance(cluster, GkeClusterPlan)
    _cover(cidr, [*blocks, IPv4Network(cluster.control_plane_cidr)])
    assert len(blocks) == 3


@quick
@given(ranges(16, 20), st.sets(st.sampled_from(LETTERS), min_size=2))
def test_subnets_of_an_aws_network_do_not_overlap_and_cover_it(cidr: IPv4Network, letters: set[str]) -> None:
    zones = sorted(f"us-east-1{letter}" for letter in letters)
    subnets = _aws(cidr, zones).subnets
    _cover(cidr, [IPv4Network(subnet.cidr) for subnet in subnets])
    assert {(subnet.zone, subnet.public) for subnet in subnets} == {(z, p) for z in zones for p in (0, 1)}


@quick
@given(ranges(16, 20), st.permutations(LETTERS), st.integers(2, 7))
def test_another_zone_moves_no_subnet(cidr: IPv4Network, order: list[str], count: int) -> None:
    zones = [f"us-east-1{letter}" for letter in order]
    before, after = _aws(cidr, zones[:count]), _aws(cidr, zones[: count + 1])
    assert set(before.subnets) < set(after.subnets)


@thorough
@given(ranges(12, 20), st.text("abcdefghij", min_size=1, max_size=8))
def test_another_network_moves_no_subnet(cidr: IPv4Network, name: str) -> None:
    more = changed(PROD, {f"networks.{name}": {"type": "gcp", "region": "us-east1", "cidr": str(cidr)}})
    before, after = plan_from(PROD, "test"), plan_from(more, "test")
    for key, network in before.networks.items():
        assert after.networks[key].subnets == network.subnets
        assert after.networks[key].firewall == network.firewall
    assert [subnet.key for subnet in after.networks[name].subnets] == ["nodes"]


@thorough
@given(st.text("abcxyz", min_size=1, max_size=8))
def test_another_cluster_moves_no_range(name: str) -> None:
    assume(name not in PROD["clusters"])
    second = {
        "type": "gke",
        "network": "gcp-eu",
        "podCidr": "10.10.64.0/18",
        "serviceCidr": "10.10.48.0/20",
        "controlPlaneCidr": "10.10.32.16/28",
    }
    before = plan_from(PROD, "test")
    after = plan_from(changed(PROD, {f"clusters.{name}": second}), "test")
    assert _cluster_ranges(after.clusters["gke-eu"]) == _cluster_ranges(before.clusters["gke-eu"])
    assert set(_blocks(after.networks["gcp-eu"])) > set(_blocks(before.networks["gcp-eu"]))
    _cover(IPv4Network("10.10.0.0/16"), _blocks(after.networks["gcp-eu"]))


def test_a_zone_has_a_private_half_a_public_quarter_and_a_spare_one() -> None:
    private, public, spare = zone_cidrs(IPv4Network("10.20.0.0/16"), "c")
    assert list(map(str, (private, public, spare))) == ["10.20.64.0/20", "10.20.80.0/21", "10.20.88.0/21"]


def test_a_network_that_is_too_small_has_no_ranges_for_a_cluster() -> None:
    cluster = plan_from(STAGING, "test").clusters["gke-eu"].config
    assert cluster.type == "gke"
    with pytest.raises(ValueError, match="negative"):
        gke_cidrs(IPv4Network("10.0.0.0/29"), cluster)


def test_aws_has_three_zones_by_default_and_google_chooses() -> None:
    def zones(network: dict[str, Any]) -> tuple[str, ...]:
        raw = {**network, "cidr": "10.0.0.0/16"}
        if network["type"] == "aws":
            return AWS.zones(AwsNetworkConfig.model_validate(raw))
        return GOOGLE.zones(GcpNetworkConfig.model_validate(raw))

    assert zones({"type": "gcp", "region": "europe-west4"}) == ()
    assert zones({"type": "aws", "region": "eu-west-1"}) == ("eu-west-1a", "eu-west-1b", "eu-west-1c")
    assert zones({"type": "aws", "region": "ca-central-1"})[-1] == "ca-central-1d"
    assert zones({"type": "aws", "region": "eu-west-1", "zones": ["eu-west-1c", "eu-west-1a"]})[0][-1] == "a"


def _cluster_ranges(cluster: Any) -> tuple[str | None, ...]:
    return cluster.pod_cidr, cluster.service_cidr, cluster.control_plane_cidr


def _aws(cidr: IPv4Network, zones: list[str]) -> NetworkPlan:
    changes = {"networks.aws-us.cidr": str(cidr), "networks.aws-us.zones": zones}
    return plan_from(changed(PROD, changes), "test").networks["aws-us"]
