"""The graph of a mesh, and what changes between two."""

from collections.abc import Callable
from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.operate.topology.build import topology
from hybrid_mesh.operate.topology.compare import compare, summary
from hybrid_mesh.operate.topology.graph import Change, Edge, Kind, Node, Relation, Topology
from tests.operate.topology.meshes import graph, large, raw


@pytest.mark.parametrize("stack", ["local", "dev", "staging", "prod"])
def test_every_part_is_there_once_and_inside_of_one_that_is_there(stack: str) -> None:
    found, mesh = graph(stack), raw(stack)
    ids = [each.id for each in found.nodes]
    assert len(set(ids)) == len(ids)
    for position, node in enumerate(found.nodes):
        assert node.parent is None or node.parent in ids[:position]
    for edge in found.edges:
        assert {edge.source, edge.target} <= set(ids)
    for kind, key in ((Kind.NETWORK, "networks"), (Kind.CLUSTER, "clusters"), (Kind.GROUP, "workloadGroups")):
        assert sorted(each.name for each in found.of_kind(kind)) == sorted(mesh.get(key, {}))


def test_weights_and_registrations_are_edges() -> None:
    edges = {each.id: each for each in graph("local").edges}
    assert {each.relation for each in edges.values()} == set(Relation)
    assert edges["registers:group/legacy:cluster/east"]
    assert edges["sends:route/public/split:group/legacy"].label == "50 %"


def test_a_large_mesh_has_all_its_parts() -> None:
    found = topology(plan_from(large(), "large"))
    assert len(list(found.of_kind(Kind.CLUSTER))) == 12
    assert len(list(found.of_kind(Kind.GROUP))) == 40
    assert sum(each.relation is Relation.PEERS for each in found.edges) == 66


def _changed(*changes: Callable[[dict[str, Any]], object]) -> Topology:
    return compare(graph("local"), graph("local", *changes), "main")


def _marks(found: Topology) -> dict[str, Change]:
    parts: list[Node | Edge] = [*found.nodes, *found.edges]
    return {each.id: each.change for each in parts if each.change}


def test_the_same_mesh_has_no_difference() -> None:
    assert _marks(_changed()) == {}
    assert summary(_changed()) == "Compared with main: no difference."


def test_a_new_cluster_is_added_with_what_belongs_to_it() -> None:
    found = _changed(lambda mesh: mesh["clusters"].update(north={"type": "local", "network": "boston"}))
    assert _marks(found) == {
        "cluster/north": Change.ADDED,
        "gateway/cluster/north": Change.ADDED,
        "peers:cluster/east:cluster/north": Change.ADDED,
        "peers:cluster/north:cluster/west": Change.ADDED,
        "network/boston": Change.CHANGED,  # reached by a second gateway
    }
    assert summary(found).startswith("Compared with main: 2 added (cluster north, gateway north)")


def test_fewer_vms_are_removed_ones_that_stay_in_the_picture() -> None:
    found = _changed(lambda mesh: mesh["workloadGroups"]["legacy"]["machines"].update(count=1))
    assert _marks(found) == {"vm/legacy/legacy-1": Change.REMOVED, "group/legacy": Change.CHANGED}
    group = found.get("group/legacy")
    assert group
    assert group.notes == ("VMs: 2 (local) → 1 (local)",)


def test_a_group_in_another_network_has_moved_and_its_vms_along_with_it() -> None:
    found = _changed(
        lambda mesh: mesh["workloadGroups"]["legacy"].update(network="boston", cluster="west"),
    )
    assert _marks(found) == {
        "group/legacy": Change.MOVED,
        "registers:group/legacy:cluster/west": Change.ADDED,
        "registers:group/legacy:cluster/east": Change.REMOVED,
    }
    group = found.get("group/legacy")
    assert group
    assert group.notes == (
        "moved from network amsterdam to network boston",
        "registers with: east → west",
    )
    assert "1 moved (group legacy)" in summary(found)


def test_a_group_that_registers_elsewhere_has_moved_too() -> None:
    found = _changed(lambda mesh: mesh["workloadGroups"]["legacy"].update(cluster="west"))
    assert _marks(found)["group/legacy"] is Change.MOVED


def test_a_cluster_in_another_network_has_moved() -> None:
    def move(mesh: dict[str, Any]) -> None:
        mesh["networks"]["cairo"] = {"type": "local", "cidr": "10.30.0.0/16"}
        mesh["clusters"]["west"]["network"] = "cairo"
        del mesh["networks"]["boston"]

    marks = _marks(_changed(move))
    assert marks["cluster/west"] is Change.MOVED
    assert (marks["network/cairo"], marks["network/boston"]) == (Change.ADDED, Change.REMOVED)
    assert "gateway/cluster/west" not in marks


def test_another_weight_changes_the_route_and_its_edges() -> None:
    def shift(mesh: dict[str, Any]) -> None:
        pods, vms = mesh["ingress"]["public"]["routes"][0]["backends"]
        pods["weight"], vms["weight"] = 20, 80

    found = _changed(shift)
    assert set(_marks(found).values()) == {Change.CHANGED}
    edge = next(each for each in found.edges if each.target == "group/legacy")
    assert (edge.label, edge.notes) == ("80 %", ("weight: 50 % → 80 %",))


def test_another_trust_domain_is_said_of_the_whole_mesh() -> None:
    found = _changed(lambda mesh: mesh.update(trustDomain="other.example.com"))
    assert found.notes == ("trust domain: mesh.example.com → other.example.com",)
    assert "trust domain: mesh.example.com → other.example.com" in summary(found)


def test_compared_with_nothing_all_of_it_is_added() -> None:
    found = compare(None, graph("local"), "what is deployed")
    assert len(_marks(found)) == len(found.nodes) + len(found.edges)
    assert set(_marks(found).values()) == {Change.ADDED}
    assert "and 9 more" in summary(found)
