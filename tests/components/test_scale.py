"""How many resources a mesh of many clusters and VMs is made of, under recording mocks."""

import pytest

from tests.components.conftest import Declared, declare_mesh
from tests.engine.scaled import MOST_OF_A_CLUSTER, STACK, Shape, mesh_of


def declared(clusters: int, machines: int = 10) -> Declared:
    return declare_mesh(mesh_of(clusters, machines), stack=STACK)


def shape(mesh: Declared) -> Shape:
    return Shape.of((each.typ, each.name, each.provider) for each in mesh.recording.declared)


@pytest.fixture(scope="module")
def four() -> Shape:
    return shape(declared(4))


def test_a_cluster_has_few_kubernetes_side_resources(four: Shape) -> None:
    assert len(four.of_clusters) == 4
    assert max(four.of_clusters.values()) <= MOST_OF_A_CLUSTER


def test_a_cluster_has_no_more_of_them_with_more_peers(four: Shape) -> None:
    of_two = shape(declared(2)).of_clusters
    assert {name: four.of_clusters[name] for name in of_two} == of_two


def test_each_cluster_has_one_remote_secret(four: Shape) -> None:
    assert four.remote_secrets == 4


def test_machines_in_a_group_are_no_resources_of_their_own() -> None:
    few, many = (
        {(each.typ, each.name) for each in declared(2, machines).recording.declared}
        for machines in (10, 5_000)
    )
    assert few == many
