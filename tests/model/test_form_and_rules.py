"""Mistakes of form and of rule are told in one run, and none of them is made up."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from model.checks import run
from model.config.mesh import MeshConfig
from model.plan.build import plan_from
from model.reading.form_problems import form_problems
from model.reading.problems import ConfigurationError, Problem
from tests.model.meshes import DELETED, LOCAL, PROD, STACKS, changed
from tests.model.rule_cases import CASES
from tests.model.test_any_input import _places

OLD_ISTIO = "istio.version"
"""A rule that nothing else of the mesh has to do with."""


def _problems(raw: Mapping[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as raised:
        plan_from(raw, "test")
    return raised.value.problems


def _paths(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> set[str]:
    return {problem.path for problem in _problems(changed(raw, changes))}


@pytest.mark.parametrize(
    ("raw", "form", "path"),
    [
        (LOCAL, {"clusters.east.netwrok": "x"}, "clusters.east.netwrok"),
        (LOCAL, {"clusters.east.type": "locl"}, "clusters.east.type"),
        (LOCAL, {"clusters.east.network": 5}, "clusters.east.network"),
        (LOCAL, {"clusters.east": "local"}, "clusters.east"),
        (LOCAL, {"networks.boston.cidr": DELETED}, "networks.boston.cidr"),
        (LOCAL, {"workloadGroups.legacy.ports.http": "9080"}, "workloadGroups.legacy.ports.http"),
        (LOCAL, {"workloadGroups.legacy.ports": DELETED}, "workloadGroups.legacy.ports"),
        (LOCAL, {"workloadGroups.legacy.probe.httpGet": 1}, "workloadGroups.legacy.probe.httpGet"),
        (LOCAL, {"id": "Mesh"}, "id"),
        (LOCAL, {"demo": "yes"}, "demo"),
        (PROD, {"clusters.gke-eu.network": DELETED}, "clusters.gke-eu.network"),
        (PROD, {"networks.aws-us.region": 1}, "networks.aws-us.region"),
        (PROD, {"networks.dc-fra.gateway": 1}, "networks.dc-fra.gateway"),
        (PROD, {"operators": []}, "operators"),
        (PROD, {"project": 5}, "project"),
        (PROD, {"labels": ["owner"]}, "labels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_of_form_hides_no_broken_rule_and_has_no_consequences(
    raw: Mapping[str, Any], form: Mapping[str, Any], path: str
) -> None:
    assert _paths(raw, form) == {path}
    assert _paths(raw, {**form, OLD_ISTIO: "1.2.3"}) == {path, OLD_ISTIO}


def test_two_of_each_are_four() -> None:
    changes = {
        "clusters.east.gateway": {"enabled": "no"},
        "workloadGroups.legacy.machines.count": "two",
        "ingress.public.listeners.0.port": 15021,
        "networks.boston.cidr": "127.0.0.0/16",
    }
    assert _paths(LOCAL, changes) == {
        "clusters.east.gateway.enabled",
        "workloadGroups.legacy.machines.count",
        "ingress.public.listeners.0.port",
        "networks.boston.cidr",
    }


def test_a_misspelt_key_is_not_a_missing_one_too() -> None:
    misspelt = {"networks.boston.cidr": DELETED, "networks.boston.cdir": "10.20.0.0/16"}
    assert _paths(LOCAL, misspelt) == {"networks.boston.cdir"}


def test_a_section_that_cannot_be_read_hides_only_the_rules_that_read_it() -> None:
    assert _paths(LOCAL, {"clusters": ["east"], OLD_ISTIO: "1.2.3"}) == {"clusters", OLD_ISTIO}


@st.composite
def mistakes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A mesh that breaks a rule, and the same with one entry, not of those that break it, of a wrong form."""
    case = draw(st.sampled_from(CASES))
    ruled = changed(STACKS[case.stack], case.changes)
    places = [place for place in _places(ruled) if not _near(".".join(map(str, place)), case.changes)]
    *above, last = draw(st.sampled_from(places))
    wrong = copy.deepcopy(ruled)
    parent: Any = wrong
    for key in above:
        parent = parent[key]
    match draw(st.sampled_from(["value", "delete", "add"])):
        case "value":
            parent[last] = draw(st.sampled_from([[], {}, "A B", -1, 99_999_999, 1.5, True]))
        case "delete":
            del parent[last]
        case _ if isinstance(parent, dict):
            parent["zebra"] = 1
    return ruled, wrong


def _near(path: str, changes: Mapping[str, Any]) -> bool:
    return any(f"{change}.".startswith(f"{path}.") or f"{path}.".startswith(change) for change in changes)


@settings(deadline=None, max_examples=60)
@given(mistakes())
def test_tells_no_rule_that_only_the_mistake_of_form_breaks(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    ruled, wrong = both
    form = _form(wrong)
    assume(form)
    told = {problem.path for problem in _problems(wrong)}
    assert {problem.path for problem in form} <= told
    assert told <= {problem.path for problem in [*form, *run(MeshConfig.model_validate(ruled))]}


@settings(deadline=None, max_examples=60)
@given(mistakes(), st.sampled_from(["1.2.3", "2.0.0"]))
def test_tells_a_rule_that_the_mistake_has_nothing_to_do_with(
    both: tuple[dict[str, Any], dict[str, Any]], version: str
) -> None:
    assume(isinstance(both[1].get("istio", {}), dict))
    wrong = changed(both[1], {OLD_ISTIO: version})
    form = {problem.path for problem in _form(wrong)}
    assume(form and not any(path.startswith("istio") for path in form))
    assert OLD_ISTIO in {problem.path for problem in _problems(wrong)}


def _form(raw: Mapping[str, Any]) -> list[Problem]:
    try:
        MeshConfig.model_validate(raw)
    except ValidationError as error:
        return form_problems(error, raw)
    return []
