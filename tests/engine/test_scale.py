"""The benchmark of scale: its stacks are right and its sums are right. And what a state may weigh."""

from pathlib import Path

import pytest

from benchmarks.scale import CLUSTERS, MACHINES, exponent
from hybrid_mesh.model.plan.build import plan_from
from tests.engine.scaled import STACK, Weight, bytes_of_one_of, mesh_of, most_bytes, scaled


@pytest.mark.parametrize("clusters", CLUSTERS)
def test_every_stack_that_is_measured_is_right(clusters: int) -> None:
    plan = plan_from(mesh_of(clusters, 100), STACK)
    assert len(plan.clusters) == clusters
    assert len(plan.remote_secrets) == clusters * (clusters - 1)


@pytest.mark.parametrize("machines", MACHINES)
def test_the_machines_are_all_in_the_groups(machines: int) -> None:
    groups = plan_from(mesh_of(2, machines), STACK).groups.values()
    assert sum(group.machine_set.minimum for group in groups if group.machine_set) == machines


def test_the_exponent_of_known_growth() -> None:
    assert exponent({10: 3.0, 20: 6.0, 40: 12.0}) == pytest.approx(1)
    assert exponent({10: 100.0, 20: 400.0, 40: 1600.0}) == pytest.approx(2)


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_a_cluster_keeps_to_its_part_of_the_state_with_every_number_of_peers(tmp_path: Path) -> None:
    weights = {clusters: _weight(tmp_path / str(clusters), clusters) for clusters in (2, 3)}
    for clusters in CLUSTERS:
        assert bytes_of_one_of(clusters, weights) <= most_bytes(clusters)


def _weight(folder: Path, clusters: int) -> Weight:
    folder.mkdir()
    with scaled(folder, mesh_of(clusters, 10)) as site:
        site.up("--suppress-outputs")
        return Weight.of(site)
