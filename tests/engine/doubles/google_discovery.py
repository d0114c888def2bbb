"""Whether Google's APIs take a request body: discovery documents know every field's type, values and form.

The documents are those that `google-api-python-client` ships; nothing else of it is used.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

_DOCUMENTS: Final = "discovery_cache/documents"
_NUMBERS_AS_TEXT: Final = frozenset({"int64", "uint64"})
_INTEGERS: Final = {"int32": range(-(2**31), 2**31), "uint32": range(2**32)}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_OUTPUT_ONLY: Final = ("[Output Only]", "Output only.")
"""How older documents say that a field is read only."""
Schema = Mapping[str, Any]


@cache
def schemas(document: str) -> Mapping[str, Schema]:
    """The schemas of an API such as `compute.beta`, by name."""
    found = importlib.util.find_spec("googleapiclient")
    assert found is not None
    assert found.origin is not None
    text = (Path(found.origin).parent / _DOCUMENTS / f"{document}.json").read_text(encoding="utf-8")
    known: dict[str, Schema] = json.loads(text)["schemas"]
    return known


def problems(
    document: str, schema: str, body: Mapping[str, Any], method: str = "", path: str = "resource"
) -> Iterator[str]:
    """What the API would refuse in `body`, as it words it. `method` (`compute.addresses.insert`) is asked
    for its required fields.
    """
    yield from _Check(schemas(document), method).value({"$ref": schema}, dict(body), path)


class _Check:
    """One body against one document."""

    def __init__(self, known: Mapping[str, Schema], method: str) -> None:
        self._known, self._method = known, method

    def value(self, schema: Schema, value: Any, path: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = {**self._known[schema["$ref"]], **{k: v for k, v in schema.items() if k != "$ref"}}
        kind = schema.get("type", "any")
        if schema.get("readOnly") or schema.get("description", "").startswith(_OUTPUT_ONLY):
            yield f"Invalid value for field '{path}': the field is output only"
        elif kind == "any":
            return
        elif not _is_a(value, kind, schema.get("format", "")):
            yield f"Invalid value at '{path}' ({_format(schema)}), {json.dumps(value)}"
        elif kind == "array":
            for index, item in enumerate(value):
                yield from self.value(schema["items"], item, f"{path}[{index}]")
        elif kind == "object":
            yield from self._object(schema, value, path)
        else:
            yield from _plain(schema, value, path)

    def _object(self, schema: Schema, value: Mapping[str, Any], path: str) -> Iterator[str]:
        fields: Mapping[str, Schema] = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for name, item in value.items():
            described = fields.get(name, others)
            if described is None:
                yield f"Invalid JSON payload received. Unknown name '{name}' at '{path}': Cannot find field."
            else:
                yield from self.value(described, item, f"{path}.{name}")
        for name, described in fields.items():
            required = described.get("annotations", {}).get("required", ())
            if self._method and self._method in required and name not in value:
                yield f"Required field '{path}.{name}' not specified"


def _is_a(value: Any, kind: str, form: str) -> bool:
    """JSON has no numbers of 64 bits, so they are text; the APIs take small ones as numbers too. Pulumi has
    no integers: a whole number is one."""
    if isinstance(value, bool):
        return kind == "boolean"
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, _TYPES[kind]) or (whole and (kind == "integer" or form in _NUMBERS_AS_TEXT))


def _format(schema: Schema) -> str:
    return str(schema.get("format") or schema["type"])


def _plain(schema: Schema, value: Any, path: str) -> Iterator[str]:
    form = schema.get("format", "")
    if "enum" in schema and value not in schema["enum"]:
        yield f"Invalid value for field '{path}': '{value}'. It is not one of {', '.join(schema['enum'])}"
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield f"Invalid value for field '{path}': '{value}'. Must be a match of regex '{schema['pattern']}'"
    if form in _INTEGERS and int(value) not in _INTEGERS[form]:
        yield f"Invalid value at '{path}' ({form}), {value}"
    if form in _NUMBERS_AS_TEXT and isinstance(value, str) and not re.fullmatch(r"-?\d+", value):
        yield f"Invalid value at '{path}' ({form}), \"{value}\""
    if form == "google-duration" and not re.fullmatch(r"-?\d+(\.\d{1,9})?s", value):
        yield f"Invalid value at '{path}' (Duration), Illegal duration format"
