"""The cost estimate in docs/clouds.md: its arithmetic, and its quantities against the plan."""

import re

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file
from tests.commands import PROJECT

PAGE = (PROJECT / "docs" / "clouds.md").read_text()
ROW = re.compile(
    r"^\| (?P<what>[^*|]+) \| (?P<many>\d+) \| (?P<price>[\d.]+) \| (?P<sum>[\d.]+) \|$", re.MULTILINE
)


def _table(stack: str) -> str:
    start = PAGE.index(f"`{stack}`, each hour:")
    return PAGE[start : PAGE.index("730", PAGE.index(f"an hour of `{stack}`**", start))]


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_the_sums_are_right(stack: str) -> None:
    rows = list(ROW.finditer(_table(stack)))
    assert len(rows) >= 7
    for row in rows:
        assert int(row["many"]) * float(row["price"]) == pytest.approx(float(row["sum"]), abs=0.0001), row[
            "what"
        ]
    total = re.search(rf"an hour of `{stack}`\*\* \| \| \| \*\*([\d.]+)\*\*", PAGE)
    assert total is not None
    assert float(total[1]) == pytest.approx(sum(float(row["sum"]) for row in rows), abs=0.01)
    month = re.search(rf"{re.escape(total[1])} . 730 = \*\*(\d+)\*\*", PAGE)
    assert month is not None
    assert int(month[1]) == pytest.approx(float(total[1]) * 730, abs=1)


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_the_quantities_are_those_of_the_stack(stack: str) -> None:
    counted = {row["what"]: int(row["many"]) for row in ROW.finditer(_table(stack))}
    for what, many in _machines(plan_from(read_stack_file(stack_file(PROJECT, stack)), stack)):
        assert counted.get(what) == many, what


def _machines(plan: MeshPlan) -> list[tuple[str, int]]:
    groups = [group.machine_set for group in plan.groups.values() if group.machine_set is not None]
    found = [(f"VMs, {group.machine_type}", group.minimum) for group in groups]
    for cluster in plan.clusters.values():
        pool = getattr(cluster.config, "node_pool", None) or getattr(cluster.config, "node_group", None)
        if pool is not None:
            found.append((f"nodes, {pool.machine_type}", pool.min))
    return found
