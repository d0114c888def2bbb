"""The life of a stack in real clouds: raised, unchanged, verified, destroyed, nothing left that costs money.

Runs only when asked for, since it costs money: `docs/clouds.md`, "The test with real accounts".
"""

import os
import subprocess
import sys

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file
from tests.clouds.clouds import Cloud, clouds
from tests.commands import PROJECT

NAMED = "HYBRID_MESH_CLOUD_STACK"
PLAIN = ("--suppress-outputs", "--non-interactive", "--color", "never")
LAZY = (*PLAIN, "--skip-plugin-pre-install")


@pytest.fixture
def plan() -> MeshPlan:
    """The stack that was named, when all of its clouds know who asks."""
    stack = os.environ.get(NAMED)
    if not stack:
        pytest.skip(
            f"no real cloud is tested: it costs money and needs {NAMED} and credentials: docs/clouds.md"
        )
    plan = plan_from(read_stack_file(stack_file(PROJECT, stack)), stack)
    for cloud in clouds(plan):
        if missing := cloud.missing():
            pytest.skip(f"no real cloud is tested: {missing}")
    return plan


def _run(*command: str) -> None:
    code = subprocess.run(command, cwd=PROJECT, check=False, stdin=subprocess.DEVNULL).returncode
    assert code == 0, f"{' '.join(command)} ended with {code}"


def _left(asked: list[Cloud]) -> set[str]:
    return {thing for cloud in asked for thing in cloud.left()}


@pytest.mark.cloud
@pytest.mark.timeout(3 * 3600)
def test_a_stack_lives_in_real_clouds_and_leaves_nothing_that_costs_money(plan: MeshPlan) -> None:
    assert not plan.protected, "take a stack that is not protected: this test destroys it"
    assert plan.demo is not None, "add `demo: {}` to the stack's mesh: verify sends its requests to it"
    before = _left(clouds(plan))
    stack = ("--stack", plan.stack)
    try:
        _run("pulumi", "preview", *stack, *LAZY, "--diff")
        _run("pulumi", "up", *stack, *LAZY, "--yes", "--skip-preview")
        _run("pulumi", "preview", *stack, *LAZY, "--expect-no-changes")
        _run("pulumi", "preview", *stack, *LAZY, "--refresh", "--expect-no-changes")
        _run(sys.executable, "-m", "hybrid_mesh.cli.main", "verify", *stack, "--patience", "300")
    finally:
        _run("pulumi", "destroy", *stack, *PLAIN, "--yes", "--skip-preview")
    assert _left(clouds(plan)) - before == set()
