"""Property values between the engine's protobuf structs and plain Python.

Handlers work with plain dictionaries, lists, strings, numbers and booleans. Two properties of values have no
plain form: secret values are listed by path in `Decoded.secrets`, and values that are unknown in a preview
are the sentinel `UNKNOWN`.

The marks in the protobuf form are those of pulumi/sdk (`go/common/resource/plugin/rpc.go`,
`go/common/resource/sig/sig.go`, `python/lib/pulumi/runtime/rpc.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2

Properties: TypeAlias = dict[str, Any]
"""Property names (in camelCase) to plain values, `UNKNOWN`, or `Secret` (only in results of handlers).
"""

Path: TypeAlias = tuple[str | int, ...]
"""The path of a value: keys of dictionaries and indices of lists, outermost first."""

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 a mark, not a secret
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_MARKS: Final = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown(Enum):
    """The type of `UNKNOWN`: a value that is not known in a preview."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True)
class Secret:
    """A result of a handler that the engine must encrypt in the state and hide in its output."""

    value: Any

    def __repr__(self) -> str:
        return "Secret([secret])"


@dataclass(frozen=True)
class Decoded:
    """Plain properties and the paths in them that were marked secret."""

    value: Properties
    secrets: frozenset[Path]


def decode(struct: struct_pb2.Struct) -> Decoded:
    """The plain form of `struct`. Top-level nulls are dropped, as for the engine they are absent."""
    secrets: set[Path] = set()
    properties = {
        key: plain
        for key, value in struct.fields.items()
        if (plain := _decode(value, (key,), secrets)) is not None
    }
    return Decoded(properties, frozenset(secrets))


def encode(properties: Mapping[str, Any], secrets: Iterable[Path] = ()) -> struct_pb2.Struct:
    """The protobuf form of `properties`. `Secret` values and those at the given paths are marked secret.

    Paths that do not exist are ignored. Raises TypeError for a value without a protobuf form.
    """
    marked = frozenset(secrets)
    return struct_pb2.Struct(
        fields={key: _encode(value, (key,), marked) for key, value in properties.items()}
    )


def contains_unknown(value: object) -> bool:
    """Whether `value` is or contains `UNKNOWN`."""
    if isinstance(value, Secret):
        return contains_unknown(value.value)
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(contains_unknown(item) for item in value)
    return value is UNKNOWN


def secret_strings(decoded: Decoded) -> frozenset[str]:
    """Every text inside a secret value, for `errors.redact`."""
    found: set[str] = set()
    for path in decoded.secrets:
        _collect_strings(_at(decoded.value, path), found)
    return frozenset(found)


def _decode(value: struct_pb2.Value, path: Path, secrets: set[Path]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _decode_struct(value.struct_value, path, secrets)
    if kind == "list_value":
        return [_decode(item, (*path, index), secrets) for index, item in enumerate(value.list_value.values)]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN_MARKS else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _decode_struct(struct: struct_pb2.Struct, path: Path, secrets: set[Path]) -> Any:
    fields = struct.fields
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if signature == _SECRET:
        secrets.add(path)
        return _decode(fields["value"], path, secrets)
    if signature == _OUTPUT:
        if "secret" in fields and fields["secret"].bool_value:
            secrets.add(path)
        return _decode(fields["value"], path, secrets) if "value" in fields else UNKNOWN
    return {key: _decode(item, (*path, key), secrets) for key, item in fields.items()}


def _encode(value: Any, path: Path, secrets: frozenset[Path]) -> struct_pb2.Value:
    if isinstance(value, Secret):
        return _secret(_encode(value.value, path, frozenset()))
    if path in secrets:
        return _secret(_encode(value, path, frozenset()))
    return _encode_plain(value, path, secrets)


def _encode_plain(value: Any, path: Path, secrets: frozenset[Path]) -> struct_pb2.Value:  # noqa: PLR0911 one a type
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=_UNKNOWN_STRING)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        fields = {str(key): _encode(item, (*path, key), secrets) for key, item in value.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    if isinstance(value, list | tuple):
        items = [_encode(item, (*path, index), secrets) for index, item in enumerate(value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    raise TypeError(f"{'.'.join(map(str, path))}: a {type(value).__name__} cannot be a property")


def _secret(value: struct_pb2.Value) -> struct_pb2.Value:
    mark = struct_pb2.Value(string_value=_SECRET)
    return struct_pb2.Value(struct_value=struct_pb2.Struct(fields={_SIGNATURE: mark, "value": value}))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _collect_strings(value: Any, found: set[str]) -> None:
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            _collect_strings(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect_strings(item, found)
