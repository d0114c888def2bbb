"""The cost estimate of docs/clouds.md: its arithmetic, and the prices that it needs."""

import re

import pytest

from hybrid_mesh.model.clouds import prices
from hybrid_mesh.model.config.clusters import EksNodeGroupConfig, GkeNodePoolConfig
from hybrid_mesh.model.config.machines import Ec2MachinesConfig, GceMachinesConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.requirements.costs import costs
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file
from hybrid_mesh.model.reference.requirements import BLOCK, PAGE_PATH
from tests.commands import PROJECT

_COLUMNS = (
    r"(?P<what>[^*|]+)",
    *(rf"(?P<{name}>[\d.]+)" for name in ("minimum", "maximum", "each", "least", "most")),
)
ROW = re.compile(r"^\| " + r" \| ".join(_COLUMNS) + r" \|$", re.MULTILINE)
SUMS = re.compile(
    r"\*\*a month of `(?P<stack>\w+)`\*\* .*\*\*(?P<least>\d+)\*\* \| \*\*(?P<most>\d+)\*\* \|$", re.MULTILINE
)


def _table(stack: str) -> str:
    blocks = BLOCK.finditer(PAGE_PATH.read_text())
    return next(block[0] for block in blocks if (block["stack"], block["part"]) == (stack, "costs"))


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_the_sums_are_right(stack: str) -> None:
    rows = list(ROW.finditer(_table(stack)))
    assert len(rows) >= 7
    for row in rows:
        for many, cost in (("minimum", "least"), ("maximum", "most")):
            # The price of one is rounded to a cent.
            tolerance = 0.5 + int(row[many]) * 0.005
            assert int(row[many]) * float(row["each"]) == pytest.approx(int(row[cost]), abs=tolerance), row[0]
    total = SUMS.search(_table(stack))
    assert total is not None
    for cost in ("least", "most"):
        assert int(total[cost]) == pytest.approx(sum(int(row[cost]) for row in rows), abs=len(rows))


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_every_price_of_a_shipped_stack_is_known(stack: str) -> None:
    plan = plan_from(read_stack_file(stack_file(PROJECT, stack)), stack)
    assert costs(plan).unknown == ()


def test_the_default_machine_types_have_a_price_in_each_region() -> None:
    google = {
        config.model_fields["machine_type"].default for config in (GkeNodePoolConfig, GceMachinesConfig)
    }
    amazon = {
        config.model_fields["machine_type"].default for config in (EksNodeGroupConfig, Ec2MachinesConfig)
    }
    assert all(region.machine(name) for region in prices.GOOGLE.values() for name in google)
    assert all(region.machine(name) for region in prices.AWS.values() for name in amazon)


def test_a_size_costs_what_its_family_says() -> None:
    amazon, google = prices.AWS["us-east-1"], prices.GOOGLE["europe-west4"]
    assert amazon.machine("m6i.xlarge") == pytest.approx(0.192)
    assert amazon.machine("m6i.4xlarge") == pytest.approx(4 * 0.192)
    assert amazon.machine("t3.medium") == pytest.approx(0.0416)
    assert google.machine("e2-standard-4") == pytest.approx(0.1476, abs=0.0001)
    assert google.machine("e2-small") == pytest.approx(0.0184, abs=0.0001)
    for unknown in ("m6i.metal", "p5.48xlarge", "m6i", "m6i.xxlarge"):
        assert amazon.machine(unknown) is None
    for unknown in ("a2-highgpu-1g", "e2-standard", "e2-highmem-4", "custom-4-8192"):
        assert google.machine(unknown) is None
