"""Values and botocore's models of the AWS APIs: from a program's inputs to a request, and what a request may
not hold.

botocore itself checks types, required members and minimums only. The services check the rest of their models:
maximums, enums and patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

Shape: TypeAlias = Any
"""A `botocore.model.Shape`; botocore has no types, and is imported at the first request only."""
_WORDS: Final = str.maketrans("", "", "_-")
_PYTHON_OF: Final = {
    r"\p{L}\p{Z}\p{N}": r"\w\s",
    r"\uD800\uDC00-\uDBFF\uDFFF": "\U00010000-\U0010ffff",
}
"""Parts of the models' patterns, which are Java's, in Python's form."""


class UnsentInputError(AssertionError):
    """The double does not know in which member of a request the provider sends an input."""


def to_request(shape: Shape, value: Any, renamed: Mapping[str, str], path: str = "") -> Any:
    """`value`, in a program's form, as a member of a request that has the form of `shape`.

    Members are found by name, ignoring case and a plural; `renamed` has those whose names differ. One object
    where the API has a list is a list of one: the provider's schema makes it one block.
    """
    if shape.type_name == "structure":
        return {
            name: to_request(shape.members[name], item, renamed, f"{path}.{key}".lstrip("."))
            for key, item in value.items()
            if item is not None
            for name in [_member(shape, key, renamed, path)]
        }
    if shape.type_name == "list":
        if _is_tags(shape.member) and isinstance(value, dict):
            value = [{"Key": key, "Value": text} for key, text in value.items()]
        items = value if isinstance(value, list) else [value]
        return [
            to_request(shape.member, item, renamed, f"{path}[{number}]") for number, item in enumerate(items)
        ]
    if shape.type_name == "map":
        return {key: to_request(shape.value, item, renamed, f"{path}.{key}") for key, item in value.items()}
    return _scalar(shape, value)


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """What of `value` the service refuses although botocore sends it."""
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from violations(shape.members[name], item, f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        yield from _too_long(shape, len(value), path)
        for number, item in enumerate(value):
            yield from violations(shape.member, item, f"{path}[{number}]")
    elif shape.type_name == "map":
        yield from _too_long(shape, len(value), path)
        for key, item in value.items():
            yield from violations(shape.key, key, f"the key {key} of {path}")
            yield from violations(shape.value, item, f"{path}.{key}")
    else:
        yield from _scalar_violations(shape, value, path)


def _is_tags(shape: Shape) -> bool:
    """Whether a list of these is a map of tags for the provider."""
    return shape.type_name == "structure" and set(shape.members) == {"Key", "Value"}


def _member(shape: Shape, key: str, renamed: Mapping[str, str], path: str) -> str:
    if key in renamed and renamed[key] in shape.members:
        return renamed[key]
    wanted = key.translate(_WORDS).lower()
    for name in shape.members:
        if name.lower() in (wanted, f"{wanted}s", wanted.removesuffix("s")):
            return str(name)
    raise UnsentInputError(f"{shape.name} has no member for the input {path}.{key}".replace(" .", " "))


def _scalar(shape: Shape, value: Any) -> Any:
    if shape.type_name == "boolean" and value in ("true", "false"):
        return value == "true"
    if (
        shape.type_name in ("integer", "long")
        and isinstance(value, str | float)
        and float(value).is_integer()
    ):
        return int(value)
    if shape.type_name in ("double", "float") and isinstance(value, int):
        return float(value)
    if shape.type_name == "blob" and isinstance(value, str):
        return value.encode()
    return value


def _scalar_violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum", [])
    if allowed and value not in allowed:
        yield f"{path} {value!r} is not one of {', '.join(allowed)}"
    if isinstance(value, str | bytes):
        yield from _too_long(shape, len(value), path)
    elif "max" in shape.metadata and value > shape.metadata["max"]:
        yield f"{path} must have value less than or equal to {shape.metadata['max']} (got {value})"
    pattern = _pattern(str(shape.metadata.get("pattern", "")))
    if pattern and isinstance(value, str) and not pattern.fullmatch(value):
        yield f"{path} {value!r} must satisfy the pattern {pattern.pattern}"


def _too_long(shape: Shape, length: int, path: str) -> Iterator[str]:
    longest = shape.metadata.get("max")
    if longest is not None and length > longest:
        yield f"{path} must have length less than or equal to {longest} (got {length})"


@cache
def _pattern(java: str) -> re.Pattern[str] | None:
    for theirs, ours in _PYTHON_OF.items():
        java = java.replace(theirs, ours)
    return re.compile(java.strip("^$")) if java else None
