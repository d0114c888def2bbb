"""What a live object says about the fields that a program manages.

Foreign labels, defaults and list items of others are no drift. Whether a list is one value or has items of
several owners is told by `metadata.managedFields`
(kubernetes.io/docs/reference/using-api/server-side-apply, "Merge strategy"): `k:{...}` and `v:...` entries
stand for items.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from plugins.framework.values import Path, Properties
from plugins.kubernetes_standin.normalise import same_quantity

FieldSet: TypeAlias = Mapping[str, Any]


def live_inputs(old: Properties, live: Mapping[str, Any]) -> Properties:
    """`old` inputs with the values that the live object has in their place; what it lacks is left out."""
    sets = [entry.get("fieldsV1", {}) for entry in live.get("metadata", {}).get("managedFields", [])]
    projected: Properties = _mapping(old, live, (), sets)
    return projected


def _value(old: Any, live: Any, path: Path, sets: list[FieldSet]) -> Any:
    if isinstance(old, Mapping) and isinstance(live, Mapping):
        return _mapping(old, live, path, sets)
    if isinstance(old, list) and isinstance(live, list):
        return _list(old, live, path, sets)
    return old if same_quantity(path, old, live) else live


def _mapping(old: Mapping[str, Any], live: Mapping[str, Any], path: Path, sets: list[FieldSet]) -> Properties:
    found: Properties = {}
    for key, value in old.items():
        if key in live:
            found[key] = _value(value, live[key], (*path, key), _below(sets, f"f:{key}"))
        elif _is_empty(value):
            found[key] = value  # the server does not store what is empty
    return found


def _list(old: list[Any], live: list[Any], path: Path, sets: list[FieldSet]) -> list[Any]:
    names = _item_keys(sets)
    if names:
        return _keyed(old, live, path, sets, names)
    if any(key.startswith("v:") for each in sets for key in each):
        return [item for item in old if item in live]
    if len(old) == len(live):
        return [
            _value(one, other, (*path, index), sets)
            for index, (one, other) in enumerate(zip(old, live, strict=True))
        ]
    return live


def _keyed(
    old: list[Any], live: list[Any], path: Path, sets: list[FieldSet], names: tuple[str, ...]
) -> list[Any]:
    found = []
    for index, item in enumerate(old):
        mates = [
            one
            for one in live
            if isinstance(one, Mapping)
            and isinstance(item, Mapping)
            and all(one.get(name) == item[name] for name in names if name in item)
        ]
        if mates:
            key = json.dumps(
                {name: mates[0].get(name) for name in names}, separators=(",", ":"), sort_keys=True
            )
            found.append(_value(item, mates[0], (*path, index), _below(sets, f"k:{key}")))
    return found


def _item_keys(sets: Iterable[FieldSet]) -> tuple[str, ...]:
    """The names of the fields that identify an item of the list, () when the list has no such items."""
    for each in sets:
        for key in each:
            if key.startswith("k:"):
                return tuple(json.loads(key.removeprefix("k:")))
    return ()


def _below(sets: list[FieldSet], key: str) -> list[FieldSet]:
    return [each[key] for each in sets if isinstance(each.get(key), Mapping)]


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ({}, [], "", 0)
