"""What holds for the plan of every mesh over clouds: ranges, firewalls, and who may reach API servers and
gateways."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_mesh.model.config.clusters import CloudClusterConfig, EksClusterConfig, GkeClusterConfig
from hybrid_mesh.model.derive.types import FirewallRulePlan, Source
from hybrid_mesh.model.istio_facts import VM_HEALTH_PORT
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.kinds import CloudClusterPlan, GkeClusterPlan
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan, NetworkPlan
from tests.model.cloud_meshes import LETTERS, cloud_meshes
from tests.model.meshes import changed, release_values

thorough = settings(deadline=None, max_examples=40)

EVERYBODY = IPv4Network("0.0.0.0/0")
MINTING = {"gce", "ec2"}
"""VMs that ask their cluster's API server for tokens."""


def _ranges(plan: MeshPlan, network: NetworkPlan) -> list[IPv4Network]:
    """Every range that is carved from a network's."""
    subnets = [cidr for s in network.subnets for cidr in (s.cidr, *(cidr for _, cidr in s.secondary))]
    clusters = [plan.clusters[name] for name in network.clusters]
    control_planes = [each.control_plane_cidr for each in clusters if isinstance(each, GkeClusterPlan)]
    return [IPv4Network(cidr) for cidr in [*subnets, *control_planes]]


def _cloud_clusters(plan: MeshPlan) -> list[CloudClusterPlan]:
    return [cluster for cluster in plan.clusters.values() if isinstance(cluster, CloudClusterPlan)]


def no_two_ranges_overlap_and_each_is_in_its_network(plan: MeshPlan) -> None:
    everything: list[IPv4Network] = []
    for network in plan.networks.values():
        ranges = _ranges(plan, network)
        assert all(each.subnet_of(network.config.cidrs[0]) for each in ranges)
        everything += ranges
    assert not any(one.overlaps(other) for one, other in combinations(everything, 2))
    for cluster in plan.clusters.values():
        if isinstance(cluster.config, EksClusterConfig):
            services = IPv4Network(cluster.service_cidr or "")
            assert not any(services.overlaps(network.config.cidrs[0]) for network in plan.networks.values())


def _open(rules: tuple[FirewallRulePlan, ...], source: tuple[str, str], target: tuple[str, str]) -> set[int]:
    """TCP ports that are open from one party to another; {0} for all."""
    return {
        port
        for rule in rules
        if (rule.target.role, rule.target.name) == target
        for party in rule.sources
        if (party.role, party.name) == source
        for port in rule.ports or (0,)
    }


def the_firewall_admits_what_the_mesh_needs(plan: MeshPlan) -> None:
    for network in plan.networks.values():
        clusters = [n for n in network.clusters if isinstance(plan.clusters[n].config, CloudClusterConfig)]
        machines = {n: plan.groups[n] for n in network.groups if plan.groups[n].machine_set is not None}
        if not network.subnets:
            assert network.firewall == ()
            continue
        for name in clusters:
            nodes = ("nodes", name)
            assert 15017 in _open(network.firewall, ("control-plane", name), nodes)
            assert all(_open(network.firewall, ("nodes", other), nodes) == {0} for other in clusters)
            assert all(_open(network.firewall, ("machines", group), nodes) == {0} for group in machines)
        for name, group in machines.items():
            target, ports = ("machines", name), set(group.config.vm_ports)
            callers = [*(("nodes", each) for each in clusters), *(("machines", each) for each in machines)]
            assert all(ports <= _open(network.firewall, caller, target) for caller in callers)
            if group.config.machines.type == "gce":
                assert _open(network.firewall, ("addresses", "health-checks"), target) == {VM_HEALTH_PORT}


def pods_and_machines_are_known_by_all_their_ranges(plan: MeshPlan) -> None:
    for network in plan.networks.values():
        private = {subnet.cidr for subnet in network.subnets if not subnet.public}
        for rule in network.firewall:
            for party in (rule.target, *rule.sources):
                assert all(IPv4Network(cidr) != EVERYBODY for cidr in party.ranges)
                if party.role in ("nodes", "machines"):
                    assert private <= set(party.ranges)
                if party.role == "nodes" and isinstance(plan.clusters[party.name].config, GkeClusterConfig):
                    assert plan.clusters[party.name].pod_cidr in party.ranges


def _admits(sources: tuple[Source, ...], network: NetworkPlan) -> bool:
    """Whether `sources` have everything that `network`'s traffic comes from."""
    if network.nat_addresses:
        return network.name in {source.egress_of for source in sources}
    return set(network.egress) <= {source.cidr for source in sources}


def _admits_inside(plan: MeshPlan, cluster: CloudClusterPlan) -> bool:
    """Whether the list of a GKE cluster has the pods of peers and the VMs of its own network."""
    if isinstance(cluster.config, EksClusterConfig):
        return True
    admitted = {source.cidr for source in cluster.api.sources}
    network = plan.networks[cluster.network]
    pods = {plan.clusters[name].pod_cidr for name in network.clusters if name != cluster.name}
    groups = [plan.groups[name] for name in network.groups]
    own = any(group.cluster == cluster.name and group.machine_set is not None for group in groups)
    return pods <= admitted and (not own or {subnet.cidr for subnet in network.subnets} <= admitted)


def _admits_by_own_addresses(plan: MeshPlan, cluster: CloudClusterPlan, callers: set[str]) -> bool:
    """Whether a private API server admits the ranges of the callers' networks, and none that is public."""
    admitted = [IPv4Network(source.cidr or "0.0.0.0/0") for source in cluster.api.sources]
    elsewhere = [plan.networks[name].config.cidrs[0] for name in callers - {cluster.network}]
    reached = all(any(cidr.subnet_of(each) for each in admitted) for cidr in elsewhere)
    return reached and all(each.is_private for each in admitted)


def an_api_server_admits_operators_peers_and_machines(plan: MeshPlan) -> None:
    for cluster in _cloud_clusters(plan):
        peers = [other.network for other in plan.clusters.values() if other.name != cluster.name]
        groups = [group for group in plan.groups.values() if group.cluster == cluster.name]
        callers = {*peers, *(g.network for g in groups if g.config.machines.type in MINTING)}
        assert _admits_inside(plan, cluster)
        if cluster.api.endpoint == "private":
            assert _admits_by_own_addresses(plan, cluster, callers)
            continue
        assert "198.51.100.0/28" in {source.cidr for source in cluster.api.sources}
        for network in callers:
            assert network == cluster.network or _admits(cluster.api.sources, plan.networks[network])
        if isinstance(cluster.config, EksClusterConfig):
            firewall = plan.networks[cluster.network].firewall
            here = [g.name for g in groups if g.machine_set is not None and g.network == cluster.network]
            callers_here = [("nodes", n) for n in plan.networks[cluster.network].clusters]
            callers_here += [("machines", n) for n in here]
            for caller in callers_here:
                assert _open(firewall, caller, ("control-plane", cluster.name)) == {443}


def a_gateway_admits_every_member_elsewhere_and_never_everybody(plan: MeshPlan) -> None:
    for cluster in _cloud_clusters(plan):
        sources = [*cluster.api.sources]
        if cluster.exposure is not None:
            assert cluster.exposure.sources
            sources += cluster.exposure.sources
            for network in plan.networks.values():
                if network.name != cluster.network and (network.clusters or network.groups):
                    assert _admits(cluster.exposure.sources, network)
        for source in sources:
            assert (source.cidr is None) != (source.egress_of is None)
            assert source.cidr is None or IPv4Network(source.cidr) != EVERYBODY
            assert source.egress_of is None or plan.networks[source.egress_of].nat_addresses > 0


def _moved(before: MeshPlan, after: MeshPlan) -> None:
    """Nothing that is there has other ranges, and no firewall rule has gone."""
    for name, network in before.networks.items():
        assert set(network.subnets) <= set(after.networks[name].subnets)
        keys = {rule.key: rule.target for rule in after.networks[name].firewall}
        assert all(rule.key in keys for rule in network.firewall)
    for name, cluster in before.clusters.items():
        grown = after.clusters[name]
        assert (cluster.pod_cidr, cluster.service_cidr) == (grown.pod_cidr, grown.service_cidr)
        if isinstance(cluster, GkeClusterPlan):
            assert isinstance(grown, GkeClusterPlan)
            assert cluster.control_plane_cidr == grown.control_plane_cidr
        assert release_values(cluster, GATEWAY_NAME) == release_values(grown, GATEWAY_NAME)
        assert _places(cluster) <= _places(grown)
    for name, group in before.groups.items():
        assert group.machine_identity == after.groups[name].machine_identity
        assert group.workload_group == after.groups[name].workload_group


def _places(cluster: ClusterPlan) -> set[tuple[str | None, str | None]]:
    """Who may reach a restricted API server; the CIDRs of a private one are joined again."""
    if not isinstance(cluster, CloudClusterPlan) or cluster.api.endpoint == "private":
        return set()
    sources = cluster.api.sources
    return {(source.cidr, source.egress_of) for source in sources}


@thorough
@given(cloud_meshes(), st.sampled_from(["gcp", "aws"]))
def test_a_further_network_with_a_cluster_moves_nothing(raw: Mapping[str, Any], kind: str) -> None:
    region = {"gcp": "us-east1", "aws": "us-west-2"}[kind]
    more = {
        "networks.zz-more": {"type": kind, "region": region, "cidr": "10.99.0.0/16"},
        "clusters.zz-more": {"type": {"gcp": "gke", "aws": "eks"}[kind], "network": "zz-more"},
    }
    _moved(plan_from(raw, "test"), plan_from(changed(raw, more), "test"))


@thorough
@given(cloud_meshes(), st.data())
def test_a_further_group_moves_nothing(raw: Mapping[str, Any], data: st.DataObject) -> None:
    cluster = data.draw(st.sampled_from(sorted(raw["clusters"])))
    kind = {"gke": "gce", "eks": "ec2", "kubeconfig": "bundle"}[raw["clusters"][cluster]["type"]]
    group = {
        "namespace": "more",
        "cluster": cluster,
        "network": raw["clusters"][cluster]["network"],
        "ports": {"http": 8080},
        "machines": {"type": kind},
    }
    _moved(plan_from(raw, "test"), plan_from(changed(raw, {"workloadGroups.zz-more": group}), "test"))


@thorough
@given(cloud_meshes(), st.data())
def test_a_further_zone_moves_nothing(raw: Mapping[str, Any], data: st.DataObject) -> None:
    aws = sorted(name for name, network in raw["networks"].items() if network["type"] == "aws")
    if not aws:
        return
    name = data.draw(st.sampled_from(aws))
    zones = raw["networks"][name]["zones"]
    letter = data.draw(st.sampled_from([each for each in LETTERS if f"us-east-1{each}" not in zones]))
    more = changed(raw, {f"networks.{name}.zones": [*zones, f"us-east-1{letter}"]})
    _moved(plan_from(raw, "test"), plan_from(more, "test"))


@thorough
@given(cloud_meshes())
def test_what_holds_for_the_plan_of_every_mesh(raw: Mapping[str, Any]) -> None:
    """Each is made and planned once for all of these."""
    plan = plan_from(raw, "test")
    for holds in (
        no_two_ranges_overlap_and_each_is_in_its_network,
        the_firewall_admits_what_the_mesh_needs,
        pods_and_machines_are_known_by_all_their_ranges,
        an_api_server_admits_operators_peers_and_machines,
        a_gateway_admits_every_member_elsewhere_and_never_everybody,
    ):
        holds(plan)
