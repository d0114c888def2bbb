"""Mistakes of form and of rules are reported in one run, and none of them is false."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hybrid_mesh.model.checks import run
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.form_problems import form_problems
from hybrid_mesh.model.reading.form_problems import mistakes as found
from hybrid_mesh.model.reading.problems import ConfigurationError, Problem
from tests.model.meshes import DELETED, LOCAL, PROD, STACKS, changed
from tests.model.rule_cases import CASES, Case
from tests.model.rule_cases.warnings import WARNINGS
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
        (LOCAL, {"workloadGroups.legacy.namespace": DELETED}, "workloadGroups.legacy.namespace"),
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


def test_what_is_wrong_in_any_network_does_not_wait_for_it() -> None:
    changes = {"networks.gcp-eu": 5, "clusters.gke-eu.controlPlaneCidr": "10.10.240.0/27"}
    assert _paths(PROD, changes) == set(changes)


@pytest.mark.parametrize(
    "form",
    [
        {"istio": 5},
        {"istio.values": 5},
        {"demo": 5},
        {"trustDomain": 5},
        {"clusters.aardvark": 5},
        {"clusters.east": 5},
        {"clusters.east.network": "amsterdm"},
        {"networks.amsterdam": 5},
        {"workloadGroups.legacy.ports": 5},
        {"workloadGroups.legacy.cluster": "eats"},
        {"workloadGroups.legacy.machines.count": "two"},
    ],
    ids=lambda form: next(iter(form)),
)
def test_an_application_that_is_too_large_is_reported_with_every_other_problem(form: dict[str, Any]) -> None:
    [large] = [case for case in CASES if case.rule == "user_data_fits"]
    assert _paths(LOCAL, {**large.changes, **form}) == {large.path, *form}


def test_a_misspelt_key_is_not_a_missing_one_too() -> None:
    misspelt = {"networks.boston.cidr": DELETED, "networks.boston.cdir": "10.20.0.0/16"}
    assert _paths(LOCAL, misspelt) == {"networks.boston.cdir"}


def test_a_section_that_cannot_be_read_hides_only_the_rules_that_read_it() -> None:
    assert _paths(LOCAL, {"clusters": ["east"], OLD_ISTIO: "1.2.3"}) == {"clusters", OLD_ISTIO}


@pytest.mark.parametrize(
    ("raw", "changes"),
    [
        (LOCAL, {"clusters.east.network": "amsterdm"}),
        (LOCAL, {"clusters.west.network": "bostn"}),
        (LOCAL, {"workloadGroups.legacy.network": "amsterdm"}),
        (LOCAL, {"workloadGroups.legacy.cluster": "eats"}),
        (LOCAL, {"ingress.public.cluster": "eats"}),
        (LOCAL, {"ingress.public.routes.0.backends.1.group": "legcy"}),
        (LOCAL, {"demo.group": "legcy"}),
        (LOCAL, {"clusters.east.typ": "local", "clusters.east.type": DELETED}),
        (LOCAL, {"networks.boston.cdir": "10.20.0.0/16", "networks.boston.cidr": DELETED}),
        (LOCAL, {"clusters.east.type": "locl"}),
        (LOCAL, {"workloadGroups.legacy.machines.type": "loca"}),
        (LOCAL, {"networks.boston.type": "lcal"}),
        (PROD, {"clusters.gke-eu.network": "gcp-eux"}),
        (PROD, {"clusters.gke-eu.network": "aws-us"}),
        (PROD, {"clusters.eks-us.type": "ek"}),
        (PROD, {"workloadGroups.orders.cluster": "eks-u"}),
        (PROD, {"workloadGroups.ledger.network": "dc-fr"}),
        (PROD, {"trust.issuer": "google-ca"}),
    ],
    ids=lambda value: next(iter(value)) if len(value) < 3 else "",
)
def test_one_misspelt_word_is_one_problem(raw: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    assert _paths(raw, changes) == {next(iter(changes))}
    assert _paths(raw, {**changes, OLD_ISTIO: "1.2.3"}) == {next(iter(changes)), OLD_ISTIO}


def test_a_name_that_cannot_be_read_leaves_references_to_it_open() -> None:
    renamed = {"clusters.East_1": LOCAL["clusters"]["east"], "clusters.east": DELETED}
    assert _paths(LOCAL, renamed) == {"clusters.East_1"}


MEMBERS = ("networks", "clusters", "workloadGroups", "ingress")

READERS = {
    "operators": {"security_groups_have_room_for_rules"},
    "aardvark": {
        "allowed_cidrs_are_public",
        "api_servers_allow_a_supported_number_of_cidrs",
        "clusters_can_be_reached_by_their_peers",
        "gke_cidrs_do_not_overlap",
        "gke_cidrs_are_inside_their_network",
        "istiod_reads_every_namespace_of_the_mesh",
        "one_gke_cluster_has_the_default_cidrs",
        "pods_have_addresses",
        "private_clusters_can_be_reached",
        "security_groups_have_room_for_rules",
    },
}
"""Rules that read a section, or every member of one, also for a problem of a single member elsewhere."""


def _case_id(value: object) -> str:
    return f"{value.rule}-{value.path}" if isinstance(value, Case) else str(value)


def _is_of_one_member(case: Case) -> bool:
    section, name, *_ = [*case.path.split("."), ""]
    return section in MEMBERS and all(path.startswith(f"{section}.{name}") for path in case.changes)


@pytest.mark.parametrize(
    ("case", "section"),
    [
        (case, section)
        for case in CASES
        for section in ("trust", "istio", "demo", "labels", "operators")
        if case.path.startswith("networks.")
        and section not in case.changes
        and case.rule not in READERS.get(section, ())
    ],
    ids=_case_id,
)
def test_a_section_that_cannot_be_read_hides_no_problem_of_networks(case: Case, section: str) -> None:
    wrong = {**changed(STACKS[case.stack], case.changes), section: 5}
    assert {problem.path for problem in _problems(wrong)} == {case.path, *case.also, section}


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in CASES
        if _is_of_one_member(case) and not case.also and case.rule not in READERS["aardvark"]
        if case not in WARNINGS
    ],
    ids=_case_id,
)
def test_a_member_that_cannot_be_read_hides_no_problem_of_another(case: Case) -> None:
    section = case.path.split(".")[0]
    wrong = changed(STACKS[case.stack], {**case.changes, f"{section}.aardvark": 5})
    assert {problem.path for problem in _problems(wrong)} == {case.path, f"{section}.aardvark"}


@st.composite
def damages(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """A stack of which one entry is of a wrong form, and the path of this entry."""
    raw = copy.deepcopy(dict(STACKS[draw(st.sampled_from(sorted(STACKS)))]))
    place = draw(st.sampled_from([place for place in _places(raw) if "values" not in place]))
    *above, last = place
    parent: Any = raw
    for key in above:
        parent = parent[key]
    parent[last] = draw(st.sampled_from([[[]], "A B\n", -1, 99_999_999, 1.5, None]))
    return raw, ".".join(map(str, place))


@settings(deadline=None, max_examples=150)
@given(damages())
def test_one_damage_is_reported_where_it_is_and_nowhere_else(damage: tuple[dict[str, Any], str]) -> None:
    raw, place = damage
    form = {problem.path for problem in _form(raw)}
    assume(form)
    assert {problem.path for problem in _problems(raw)} == form
    assert all(f"{path}.".startswith(f"{place}.") for path in form)


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
def test_reports_no_rule_that_only_the_mistake_of_form_breaks(
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
def test_reports_a_rule_that_the_mistake_has_nothing_to_do_with(
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
        return form_problems(found(error, raw))
    return []
