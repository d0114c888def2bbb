"""Each rule on the mesh as a whole refuses what breaks it, and says where, what and what to do."""

import pytest

from hybrid_mesh.model.checks import RULES
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.problems import ConfigurationError
from tests.model.meshes import LOCAL, STACKS, changed
from tests.model.rule_cases import CASES, Case
from tests.model.rule_cases.warnings import WARNINGS

IDS = [f"{case.rule}-{case.path}" for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_says_where_what_and_what_to_do(case: Case) -> None:
    mesh = MeshConfig.model_validate(changed(STACKS[case.stack], case.changes))
    found = {problem.path: problem for problem in RULES[case.rule](mesh)}
    assert case.path in found
    problem = found[case.path]
    assert problem.value == case.value
    assert case.remedy in problem.remedy
    assert len(str(problem).splitlines()) == 2


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_is_refused_for_this_reason_alone(case: Case) -> None:
    mesh = changed(STACKS[case.stack], case.changes)
    if case in WARNINGS:
        found = plan_from(mesh, "test").warnings
    else:
        with pytest.raises(ConfigurationError) as raised:
            plan_from(mesh, "test")
        found = raised.value.problems
    assert sorted(problem.path for problem in found) == sorted({case.path, *case.also})


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(RULES)


@pytest.mark.parametrize("stack", STACKS)
def test_the_stacks_break_no_rule(stack: str) -> None:
    plan_from(STACKS[stack], "test")


def test_reports_every_broken_rule_at_once() -> None:
    changes = {"istio.version": "1.20.0", "trustDomain": "A", "clusters.east.network": "nowhere"}
    with pytest.raises(ConfigurationError) as raised:
        plan_from(changed(LOCAL, changes), "test")
    paths = {problem.path for problem in raised.value.problems}
    assert paths == {"istio.version", "trustDomain", "clusters.east.network"}
