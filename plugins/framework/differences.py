"""Structural comparison of two property trees, with paths in the engine's form."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, Final

from hybrid_mesh.plugins.framework.values import UNKNOWN, Path

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][\w$]*")


class Difference(Enum):
    """How a property changed (kinds of PropertyDiff in pulumi/proto/provider.proto)."""

    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"


def compare(old: Any, new: Any, ignore: Collection[str] = ()) -> dict[Path, Difference]:
    """The smallest differences of `new` from `old`. An `UNKNOWN` in `new` differs from everything.

    `ignore` are top-level properties to ignore.
    """
    found: dict[Path, Difference] = {}
    _compare(old, new, (), found)
    return {path: kind for path, kind in found.items() if not (path and path[0] in ignore)}


def property_path(path: Path) -> str:
    """`("a", 0, "b.c")` as the engine writes it: `a[0]["b.c"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def _compare(old: Any, new: Any, path: Path, found: dict[Path, Difference]) -> None:
    if new is UNKNOWN:
        found[path] = Difference.UPDATE
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        _compare_mappings(old, new, path, found)
    elif isinstance(old, list) and isinstance(new, list):
        _compare_mappings(dict(enumerate(old)), dict(enumerate(new)), path, found)
    elif type(old) is not type(new) or old != new:
        found[path] = Difference.UPDATE


def _compare_mappings(
    old: Mapping[Any, Any], new: Mapping[Any, Any], path: Path, found: dict[Path, Difference]
) -> None:
    for key in old.keys() - new.keys():
        found[*path, key] = Difference.DELETE
    for key in new.keys() - old.keys():
        found[*path, key] = Difference.ADD
    for key in old.keys() & new.keys():
        _compare(old[key], new[key], (*path, key), found)
