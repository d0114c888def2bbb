"""Values survive the way to the wire and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_mesh.plugins.framework.errors import redact
from hybrid_mesh.plugins.framework.values import (
    UNKNOWN,
    Secret,
    contains_unknown,
    decode,
    encode,
    secret_strings,
)

leaves = st.none() | st.booleans() | st.integers(-(2**52), 2**52) | st.text(max_size=8) | st.just(UNKNOWN)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
properties = st.dictionaries(st.text(max_size=5), trees.filter(lambda value: value is not None), max_size=4)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # hosts under load
@given(properties)
def test_round_trip(values: dict[str, Any]) -> None:
    assert decode(encode(values)).value == values


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # hosts under load
@given(properties)
def test_secret_paths_round_trip(values: dict[str, Any]) -> None:
    paths = {(key,) for key in values}
    assert decode(encode(values, paths)).secrets == paths


def test_nested_secrets_keep_their_path() -> None:
    decoded = decode(encode({"a": [{"b": Secret({"c": "hidden text"})}], "d": 1.5}))
    assert decoded.value == {"a": [{"b": {"c": "hidden text"}}], "d": 1.5}
    assert decoded.secrets == {("a", 0, "b")}
    assert secret_strings(decoded) == {"hidden text"}


def test_top_level_nulls_are_absent() -> None:
    assert decode(encode({"a": None, "b": {"c": None}})).value == {"b": {"c": None}}


def test_what_has_no_wire_form_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a\.b: a set cannot be a property"):
        encode({"a": {"b": {1}}})


def test_unknowns_are_found_inside() -> None:
    assert contains_unknown({"a": [{"b": Secret(UNKNOWN)}]})
    assert not contains_unknown({"a": [{"b": 1}]})


def test_a_secret_never_shows_in_its_repr() -> None:
    assert "hidden" not in repr(Secret("hidden"))


def test_redaction_covers_single_lines_of_a_long_secret() -> None:
    secret = "-----BEGIN-----\nMIIBVgIBADANBgkq\n-----END-----\n"
    assert redact("bad line MIIBVgIBADANBgkq here", {secret}) == "bad line [secret] here"
    assert redact("a short ab stays", {"ab"}) == "a short ab stays"
