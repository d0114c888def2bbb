"""What holds for the plan of every mesh; `test_cloud_properties` has what holds in clouds only."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError
from hybrid_mesh.model.reading.stack_file import load_stack_file, stack_file
from tests.commands import PROJECT
from tests.model.cloud_meshes import cloud_meshes
from tests.model.meshes import changed, release_values

thorough = settings(deadline=None, max_examples=40)

SLOTS = 15
"""The /20s of a /16 that pods may have."""

names = st.from_regex(r"[a-z]([-a-z0-9]{0,12}[a-z0-9])?", fullmatch=True)


@st.composite
def meshes(draw: st.DrawFn) -> dict[str, Any]:
    """A right mesh of local networks, with clusters in some of them and groups in most."""
    network_names = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    networks: dict[str, Any] = {
        name: {"type": "local", "cidr": f"10.{index + 1}.0.0/16"} for index, name in enumerate(network_names)
    }
    clusters: dict[str, Any] = {}
    for name in draw(st.lists(names, min_size=1, max_size=6, unique=True)):
        network = draw(st.sampled_from(network_names))
        members = [other for other in clusters.values() if other["network"] == network]
        clusters[name] = {"type": "local", "network": network}
        if bool(members) and draw(st.booleans()):
            clusters[name]["podCidr"] = _slot(networks[network]["cidr"], len(members) + 1)
    quarantined = draw(st.sampled_from([None, *sorted(clusters)])) if len(clusters) > 1 else None
    if quarantined:
        clusters[quarantined]["state"] = "quarantined"
    with_cluster = {cluster["network"] for cluster in clusters.values()}
    groups: dict[str, Any] = {}
    for name in draw(st.lists(names.filter(lambda n: n not in clusters), max_size=4, unique=True)):
        network = draw(st.sampled_from(network_names))
        groups[f"{name}-group"] = {
            "namespace": f"{name}-space",
            "cluster": draw(st.sampled_from(sorted(clusters))),
            "network": network,
            "ports": {"http": draw(st.integers(1024, 14000))},
            "machines": {"type": "local", "count": draw(st.integers(1, 5))},
        }
    for group in groups.values():
        if group["network"] not in with_cluster:
            networks[group["network"]]["reachable"] = "direct"
    return {"id": "mesh", "networks": networks, "clusters": clusters, "workloadGroups": groups}


def _slot(cidr: str, index: int) -> str:
    return str(list(IPv4Network(cidr).subnets(new_prefix=20))[1 + index])


def every_ordered_pair_of_active_clusters_has_one_remote_secret_entry(plan: MeshPlan) -> None:
    active = sorted(name for name, cluster in plan.clusters.items() if cluster.active)
    entries = [(entry.holder, entry.peer) for entry in plan.remote_secrets]
    assert len(entries) == len(set(entries))
    assert sorted(pair for pair in entries if pair[0] in active) == sorted(permutations(active, 2))
    assert {peer for _, peer in entries} <= set(active)
    for holder, cluster in plan.clusters.items():
        assert cluster.peers == tuple(peer for entry_holder, peer in entries if entry_holder == holder)


@thorough
@given(meshes())
def test_pod_cidrs_do_not_overlap_and_are_inside_their_network(raw: Mapping[str, Any]) -> None:
    plan = plan_from(raw, "test")
    for network in plan.networks.values():
        ranges = [IPv4Network(plan.clusters[name].pod_cidr or "") for name in network.clusters]
        lan = next(network.config.cidrs[0].subnets(new_prefix=24))
        assert all(pods.subnet_of(network.config.cidrs[0]) and not pods.overlaps(lan) for pods in ranges)
        assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


@thorough
@given(meshes(), st.integers(8, SLOTS), st.data())
def test_another_cluster_moves_no_range(raw: Mapping[str, Any], slot: int, data: st.DataObject) -> None:
    network = data.draw(st.sampled_from(sorted(raw["networks"])))
    if raw["networks"][network].get("reachable") == "direct":
        return
    pods = {"podCidr": _slot(raw["networks"][network]["cidr"], slot - 1)} if data.draw(st.booleans()) else {}
    name = data.draw(names.filter(lambda n: n not in raw["clusters"]))
    more = changed(raw, {f"clusters.{name}": {"type": "local", "network": network, **pods}})
    before, after = plan_from(raw, "test"), plan_from(more, "test")
    for cluster, plan in before.clusters.items():
        assert after.clusters[cluster].pod_cidr == plan.pod_cidr
        assert release_values(after.clusters[cluster], GATEWAY_NAME) == release_values(plan, GATEWAY_NAME)


@thorough
@given(st.permutations(["one", "two", "three", "four"]), st.integers(0, 3))
def test_default_pod_cidrs_follow_the_order_of_the_file(order: list[str], count: int) -> None:
    network = {"net": {"type": "local", "cidr": "10.1.0.0/16"}}
    clusters = {name: {"type": "local", "network": "net"} for name in order[: count + 1]}
    plan = plan_from({"id": "mesh", "networks": network, "clusters": clusters}, "test")
    planned = [plan.clusters[name].pod_cidr for name in clusters]
    assert planned == [f"10.1.{16 * (index + 1)}.0/20" for index in range(count + 1)]


@pytest.mark.parametrize("equal", [True, False])
def test_the_order_is_that_of_the_file_and_not_that_of_the_engine(tmp_path: Path, equal: bool) -> None:
    lines = [f"      {name}: {{type: local, network: amsterdam}}" for name in ("zeta", "alpha")]
    text = stack_file(PROJECT, "local").read_text()
    west = next(line for line in text.splitlines() if line.startswith("      west:"))
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(text.replace(west, "\n".join([*lines, west])))
    file = load_stack_file(path)
    secret = {} if equal else {"labels": {"owner": "decrypted"}}
    from_engine = {**file.mesh, **secret, "clusters": dict(sorted(file.mesh["clusters"].items()))}
    plan = plan_from(from_engine, "test", file=file)
    assert [plan.clusters[name].pod_cidr for name in ("east", "zeta", "alpha")] == [
        "10.10.16.0/20",
        "10.10.32.0/20",
        "10.10.48.0/20",
    ]


@thorough
@given(meshes(), st.data())
def test_a_cluster_without_a_gateway_is_refused_when_peers_are_elsewhere(
    raw: Mapping[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(raw["clusters"])))
    network = raw["clusters"][name]["network"]
    members = [key for key, cluster in raw["clusters"].items() if cluster["network"] == network]
    closed = changed(
        raw,
        {"workloadGroups": {}} | {f"clusters.{member}.gateway": {"enabled": False} for member in members},
    )
    active = {key: c["network"] for key, c in raw["clusters"].items() if c.get("state") is None}
    left_alone = {f"clusters.{key}.network" for key in members if key in active}
    if left_alone and set(active.values()) - {network}:
        with pytest.raises(ConfigurationError) as raised:
            plan_from(closed, "test")
        assert left_alone == {problem.path for problem in raised.value.problems}
    else:
        plan_from(closed, "test")


@thorough
@given(meshes() | cloud_meshes(), st.sampled_from(["test", "prod"]))
def test_the_same_text_gives_the_same_plan(raw: Mapping[str, Any], stack: str) -> None:
    turned = {
        key: dict(reversed(list(value.items()))) if isinstance(value, dict) and key != "clusters" else value
        for key, value in reversed(list(raw.items()))
    }
    assert plan_from(raw, stack) == plan_from(turned, stack)


def names_are_labels_and_unique(plan: MeshPlan) -> None:
    hosts = [
        *plan.clusters,
        *(machine.name for group in plan.groups.values() for machine in group.machines),
    ]
    objects = list(_objects(plan))
    assert len(hosts) == len(set(hosts))
    assert len(objects) == len(set(objects))
    for name in [*hosts, *(key[2] for key in objects)]:
        assert len(name) <= 63
        assert name == name.lower()
        assert name[0].isalnum()
        assert name[-1].isalnum()


def _objects(plan: MeshPlan) -> Iterator[tuple[str, str, str]]:
    """Kind, namespace and name of what is declared per group and ingress."""
    for group in plan.groups.values():
        yield "WorkloadGroup", group.namespace, group.workload_group["metadata"]["name"]
        yield "ServiceAccount", group.namespace, group.service_account
    for ingress in plan.ingresses.values():
        for made in (ingress.gateway, *ingress.routes):
            yield made["kind"], made["metadata"]["namespace"], made["metadata"]["name"]


@thorough
@given(meshes() | cloud_meshes())
def test_quarantine_leaves_the_others_as_they_are(raw: Mapping[str, Any]) -> None:
    plan = plan_from(raw, "test")
    awake = changed(raw, {f"clusters.{name}.state": "active" for name in raw["clusters"]})
    before = plan_from(awake, "test")
    for name, cluster in plan.clusters.items():
        assert release_values(cluster, "istiod") == release_values(before.clusters[name], "istiod")
        assert set(cluster.peers) <= set(before.clusters[name].peers)
    for name, group in plan.groups.items():
        assert group == before.groups[name]


@thorough
@given(meshes() | cloud_meshes())
def test_what_holds_for_the_plan_of_every_mesh(raw: Mapping[str, Any]) -> None:
    """Each is made and planned once for all of these."""
    plan = plan_from(raw, "test")
    for holds in (
        every_ordered_pair_of_active_clusters_has_one_remote_secret_entry,
        names_are_labels_and_unique,
    ):
        holds(plan)
