"""Refuses misspelt fields and wrong types, by the server's own OpenAPI v3 description."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from plugins.framework.differences import property_path
from plugins.framework.errors import CheckFailure
from plugins.framework.values import UNKNOWN, Path, Properties
from plugins.kubernetes_standin.kinds import Kind

Schema = Mapping[str, Any]

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (Mapping,),
}
_REFERENCE: Final = "#/components/schemas/"
_UNCHECKED: Final = frozenset({"apiVersion", "kind", "status"})


def failures(document: Schema, kind: Kind, inputs: Properties) -> list[CheckFailure]:
    """What is wrong with `inputs`; nothing for a kind that `document` (of its group and version) does
    not describe.
    """
    schemas = document.get("components", {}).get("schemas", {})
    schema = _of_kind(schemas, kind)
    if schema is None:
        return []
    checked = {
        key: value for key, value in inputs.items() if key not in _UNCHECKED and not key.startswith("__")
    }
    found = _Checker(schemas).check(
        schema, {**checked, "apiVersion": kind.api_version, "kind": kind.name}, ()
    )
    return [CheckFailure(property_path(path), reason) for path, reason in found]


def _of_kind(schemas: Mapping[str, Schema], kind: Kind) -> Schema | None:
    version = kind.api_version.rpartition("/")[2]
    wanted = {"group": kind.group, "kind": kind.name, "version": version}
    for schema in schemas.values():
        if wanted in schema.get("x-kubernetes-group-version-kind", []):
            return schema
    return None


class _Checker:
    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def check(self, schema: Schema, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
        """Pairs of a place and what is wrong there."""
        schema = self._resolved(schema)
        if value is UNKNOWN or value is None:
            return
        wrong = self._wrong_type(schema, value)
        if wrong:
            yield path, wrong
        elif isinstance(value, Mapping):
            yield from self._check_object(schema, value, path)
        elif isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                yield from self.check(schema["items"], item, (*path, index))

    def _check_object(
        self, schema: Schema, value: Mapping[str, Any], path: Path
    ) -> Iterator[tuple[Path, str]]:
        known: Mapping[str, Schema] = schema.get("properties", {})
        others = schema.get("additionalProperties")
        open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or others is True or not known
        for key, item in value.items():
            if key in known:
                yield from self.check(known[key], item, (*path, key))
            elif isinstance(others, Mapping):
                yield from self.check(others, item, (*path, key))
            elif not open_ended:
                yield (*path, key), f"unknown field{_suggestion(key, known)}"
        for key in schema.get("required", []):
            if key not in value:
                yield (*path, key), "required field is missing"

    def _resolved(self, schema: Schema) -> Schema:
        while True:
            if "$ref" in schema:
                schema = self._schemas.get(schema["$ref"].removeprefix(_REFERENCE), {})
            elif len(schema.get("allOf", [])) == 1:
                schema = schema["allOf"][0]
            else:
                return schema

    @staticmethod
    def _wrong_type(schema: Schema, value: Any) -> str:
        wanted = schema.get("type")
        if wanted not in _TYPES or schema.get("x-kubernetes-int-or-string") or "oneOf" in schema:
            return ""
        fits = isinstance(value, _TYPES[wanted]) and not (isinstance(value, bool) and wanted != "boolean")
        article = "an" if wanted[0] in "aio" else "a"
        return "" if fits else f"must be {article} {wanted}, not {type(value).__name__}"


def _suggestion(key: str, known: Mapping[str, Schema]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
