"""Whose fields an object's are: what kubectl set by hand goes over to the resource that declares the object.

The official plug-in does so before each update, though not in a preview (pulumi-kubernetes,
provider/pkg/await/await.go, `fixCSAFieldManagers`). What kubectl added beside the declared fields then goes
with the next apply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

Entry: TypeAlias = Mapping[str, Any]

_PREFIXES: Final = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    ("pulumi-kubernetes", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)


def taken_over(entries: Sequence[Entry], manager: str) -> list[Entry] | None:
    """`metadata.managedFields` with what is kubectl's put under `manager`, None when nothing is.

    `kubectl scale` and the like act on a subresource, whose entry stays as it is.
    """
    foreign = [entry for entry in entries if _is_kubectls(entry)]
    if not foreign:
        return None
    own = [entry for entry in entries if _is_own(entry, manager)]
    rest = [entry for entry in entries if entry not in foreign and entry not in own]
    fields: Mapping[str, Any] = {}
    for entry in (*own, *foreign):
        fields = _union(fields, entry.get("fieldsV1", {}))
    base = own[0] if own else foreign[0]
    return [*rest, {**base, "manager": manager, "operation": "Apply", "fieldsV1": fields}]


def _is_kubectls(entry: Entry) -> bool:
    return not entry.get("subresource") and any(
        str(entry.get("manager", "")).startswith(prefix) and entry.get("operation") == operation
        for prefix, operation in _PREFIXES
    )


def _is_own(entry: Entry, manager: str) -> bool:
    return (
        entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")
    )


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both sets of fields; a set is a tree of `f:`, `k:` and `v:` keys, where `{}` is a leaf."""
    return {key: _union(one.get(key, {}), other.get(key, {})) for key in sorted({*one, *other})}
