"""For any contents of a stack file: a plan, or problems in words, and never anything else."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.reading.problems import ConfigurationError, Problem
from tests.model.meshes import LOCAL, STACKS

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 70_000),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(
        ["east", "legacy", "amsterdam", "local", "10.10.0.0/16", "10.0.0.1", "*", "a" * 70, "x\ny"]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=6), st.integers(0, 9)), inner, max_size=3),
    ),
    max_leaves=6,
)


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every entry of a structure."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, entry in entries:
        yield (*above, key)
        yield from _places(entry, (*above, key))


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A stack's mesh of which up to three entries are replaced, taken out, or given a neighbour."""
    mesh = copy.deepcopy(dict(STACKS[draw(st.sampled_from(sorted(STACKS)))]))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(list(_places(mesh))))
        parent: Any = mesh
        for key in above:
            parent = parent[key]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                parent[last] = draw(values)
            case "remove" if len(list(_places(mesh))) > 1:
                del parent[last]
            case "add" if isinstance(parent, dict):
                parent[draw(st.text(max_size=6))] = draw(values)
    return mesh


@settings(deadline=None, max_examples=100)
@given(damaged())
@example({})
@example({"id": "a", "networks": {1: {}}, "clusters": {None: []}})
def test_ends_in_a_plan_or_in_words(mesh: Any) -> None:
    problems = _problems(mesh)
    for problem in problems:
        assert problem.message
        assert problem.remedy
        assert len(str(problem).splitlines()) == 2
    if not problems:
        json.dumps(describe(plan_from(mesh, "test")))


def _problems(mesh: Any) -> tuple[Problem, ...]:
    try:
        plan_from(mesh, "test")
    except ConfigurationError as error:
        return error.problems
    return ()


def _nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"a": inner}
    return inner


def _recursive() -> dict[str, Any]:
    values: dict[str, Any] = {}
    values["a"] = values
    return values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (_nested(400), "64 levels"),
        (_nested(20_000), "64 levels"),
        (_recursive(), "64 levels"),
        ({"a": [_nested(50)] * 3000}, "100,000 values"),
    ],
    ids=["deep", "very deep", "recursive", "shared"],
)
def test_a_mesh_without_bounds_is_refused_by_the_program_too(values: dict[str, Any], message: str) -> None:
    [problem] = _problems({**LOCAL, "istio": {**LOCAL["istio"], "values": values}})
    assert message in problem.message
