"""How the inputs of a resource of Google become the request body that the Terraform provider sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.google_discovery import problems

_NOT_SENT: Final = frozenset({"__defaults", "project", "location"})


@dataclass(frozen=True)
class Request:
    """How the inputs of one type become a body.

    `moves` has where an input goes whose name or place differs: the path of the input -> the path below the
    place of its object. `""` is not sent; `a[]` is a list of that one; `a[].b` a list of objects with only
    `b`; `a{}` a list of `key` and `value`; `a{b}` a map by the items' field `b`. `inside` is where everything
    goes that is not in `moves`.
    """

    document: str
    schema: str
    method: str = ""
    moves: Mapping[str, str] = field(default_factory=dict)
    inside: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """What the provider sends where the program gives nothing."""

    def body(self, inputs: Properties, name: str) -> dict[str, Any]:
        named = {"name": name, **inputs}
        return _merged(dict(self.fixed), self._object(named, ""))

    def problems(self, inputs: Properties, name: str, *, creates: bool = True) -> Iterator[str]:
        """What the API would refuse in a body with the name of the thing."""
        body = self.body(inputs, name)
        yield from problems(self.document, self.schema, body, self.method if creates else "")

    def _object(self, inputs: Mapping[str, Any], where: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in inputs.items():
            path = f"{where}.{name}" if where else name
            default = (
                "" if path in _NOT_SENT else f"{self.inside}.{name}" if self.inside and not where else name
            )
            target = self.moves.get(path, default)
            if target and value is not None:
                made = _merged(made, _placed(target, self._value(value, path)))
        return made

    def _value(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return self._object(value, path)
        if isinstance(value, list):
            return [self._value(item, path) for item in value]
        return value


def _placed(target: str, value: Any) -> dict[str, Any]:
    first, _, rest = target.partition(".")
    if first.endswith("[]"):
        inner = [_placed(rest, item) for item in value] if rest else [value]
        return {first.removesuffix("[]"): inner}
    if rest:
        return {first: _placed(rest, value)}
    if first.endswith("{}"):
        return {first.removesuffix("{}"): [{"key": key, "value": item} for key, item in value.items()]}
    if first.endswith("}"):
        name, _, key = first.removesuffix("}").partition("{")
        return {name: {item[key]: {k: v for k, v in item.items() if k != key} for item in value}}
    return {first: value}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(one[name], other[name]) for name in one.keys() & other.keys() if _maps(name, one, other)
    }
    return {**one, **other, **both}


def _maps(name: str, *each: Mapping[str, Any]) -> bool:
    return all(isinstance(one[name], dict) for one in each)
