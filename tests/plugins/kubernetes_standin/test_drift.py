"""What counts as drift, without a server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.framework.differences import Difference
from plugins.kubernetes_standin.drift import live_inputs
from plugins.kubernetes_standin.kinds import Kind
from plugins.kubernetes_standin.normalise import differences, same_quantity

scalars = st.booleans() | st.integers(-9, 9) | st.text("abc", max_size=3)
keys = st.text("abcdef", min_size=1, max_size=2)
trees = st.recursive(
    scalars, lambda inner: st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=3)
)
objects = st.dictionaries(keys, trees, max_size=4)


def with_defaults(value: Any) -> Any:
    """What a server might make of a value: more fields in every object."""
    if isinstance(value, dict):
        return {**{key: with_defaults(item) for key, item in value.items()}, "zz-default": 1}
    return [with_defaults(item) for item in value] if isinstance(value, list) else value


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines under load
@given(objects)
def test_defaults_of_the_server_are_no_drift(old: dict[str, Any]) -> None:
    assert live_inputs(old, with_defaults(old)) == old


def entry(**fields: Any) -> dict[str, Any]:
    return {"metadata": {"managedFields": [{"manager": "any", "fieldsV1": fields}]}}


ITEMS: dict[str, Any] = {"f:items": {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:size": {}}}}


@pytest.mark.parametrize(
    ("old", "live", "expected"),
    [
        # What a server does not store because it is empty is not missing.
        ({"a": {}, "b": [], "c": "", "d": False}, {}, {"a": {}, "b": [], "c": "", "d": False}),
        ({"a": "x"}, {}, {}),
        ({"a": "x"}, {"a": "y"}, {"a": "y"}),
        # A list that is one value: all of it counts.
        ({"items": ["x"]}, {"items": ["x", "y"]}, {"items": ["x", "y"]}),
        # A list whose items have owners: items are found by their key, those of others do not count.
        (
            {"items": [{"name": "a", "size": 1}]},
            {"items": [{"name": "b", "size": 9}, {"name": "a", "size": 2, "default": 3}], **entry(**ITEMS)},
            {"items": [{"name": "a", "size": 2}]},
        ),
        ({"items": [{"name": "a"}]}, {"items": [{"name": "b"}], **entry(**ITEMS)}, {"items": []}),
        # A set: items of others do not count either.
        (
            {"items": ["x"]},
            {"items": ["y", "x"], **entry(**{"f:items": {'v:"x"': {}}})},
            {"items": ["x"]},
        ),
        ({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": "1"}}, {"limits": {"cpu": "1000m"}}),
        ({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": "2"}}, {"limits": {"cpu": "2"}}),
    ],
)
def test_live_inputs(old: dict[str, Any], live: dict[str, Any], expected: dict[str, Any]) -> None:
    assert live_inputs(old, live) == expected


@pytest.mark.parametrize(
    ("path", "one", "other", "same"),
    [
        (("limits", "cpu"), "1000m", 1, True),
        (("requests", "memory"), "1Gi", "1024Mi", True),
        (("requests", "memory"), "1G", "1Gi", False),
        (("emptyDir", "sizeLimit"), "0.5Gi", "512Mi", True),
        (("limits", "cpu"), "1e3m", "1", False),
        (("limits", "cpu"), "1e3", "1k", True),
        (("limits", "cpu"), True, 1, False),
        (("data", "cpu"), "1000m", "1", False),
    ],
)
def test_amounts(path: tuple[str, ...], one: Any, other: Any, same: bool) -> None:
    assert same_quantity(path, one, other) is same


def test_the_default_namespace_spelled_or_not_is_the_same() -> None:
    kind = Kind("v1", "ConfigMap")
    spelled = {"metadata": {"name": "c", "namespace": "default"}}
    assert differences(kind, {"metadata": {"name": "c"}}, spelled, "default") == {}
    assert differences(kind, {"metadata": {"name": "c"}}, spelled, "other") == {
        ("metadata", "namespace"): Difference.UPDATE
    }
    cluster_wide = Kind("v1", "Namespace")
    assert differences(cluster_wide, {"metadata": {"name": "n"}}, {"metadata": {"name": "n"}}, "other") == {}
