"""Places of a mesh that a mistake in the form of its file leaves unknown, and what may fill them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from model.config.mesh import MeshConfig
from model.reading.places import strip, walk
from model.reading.problems import nearest

_SECTIONS = {"network": "networks", "cluster": "clusters", "group": "workloadGroups"}
"""The sections whose members others name, by the keys that do."""

REFERRED = tuple(_SECTIONS.values())

Path = tuple[str, ...]

Edit = tuple[tuple[Path, Any], ...]
"""Values by the path at which they are put; None takes away what is there."""


@dataclass(frozen=True)
class Gap:
    """The place `path`, where the file has `value`.

    `kind`: a `value` of the wrong form, or none where one is needed; an unknown `key`; an entry whose `name`
    is none; a section whose `kind` is unknown. `words`: the keys or kinds that are known there.
    """

    path: Path
    kind: Literal["value", "key", "name", "kind"]
    value: Any
    words: tuple[str, ...] = ()
    info: FieldInfo | None = None


def gap_of(details: ErrorDetails, raw: Mapping[str, Any]) -> Gap:
    """The gap that one of pydantic's errors about `raw` is about."""
    place = walk(MeshConfig, raw, details["loc"])
    path = tuple(place.keys)
    if details["type"] in ("union_tag_invalid", "union_tag_not_found"):
        key = str(details.get("ctx", {}).get("discriminator", "type")).strip("'")
        value = place.value.get(key) if isinstance(place.value, Mapping) else None
        return Gap((*path, key), "kind", value, place.siblings)
    if details["loc"][-1:] == ("[key]",):
        return Gap(path, "name", place.value)
    if details["type"] == "extra_forbidden":
        return Gap(path, "key", place.value, place.siblings)
    return Gap(path, "value", place.value, info=place.info)


def deletion(path: Path) -> Edit:
    return ((path, None),)


def fillings(raw: Mapping[str, Any], gap: Gap) -> Iterator[Edit]:
    """What may fill `gap`, the likeliest first; whether it is of the right form is for the model to say."""
    above, key = gap.path[:-1], gap.path[-1] if gap.path else ""
    match gap.kind:
        case "key":
            near = nearest(key, gap.words)
            if near is not None:
                yield ((gap.path, None), ((*above, near), gap.value))
            yield deletion(gap.path)
        case "name":
            yield ((gap.path, None), ((*above, _label(key)), gap.value))
            yield deletion(gap.path)
        case "kind":
            near = nearest(str(gap.value), gap.words)
            yield from (((gap.path, word),) for word in dict.fromkeys([near or gap.words[0], *gap.words]))
            yield from (((above, member),) for member in _neighbours(raw, above))
        case "value":
            yield deletion(gap.path)
            yield from (((gap.path, value),) for value in _different(_values(raw, gap, key)))


def _values(raw: Mapping[str, Any], gap: Gap, key: str) -> Iterator[Any]:
    yield from _put_right(gap.value)
    yield from _names(raw, _SECTIONS.get(key, ""))
    if gap.info is not None:
        yield from gap.info.examples or ()
        yield from _choices(gap.info.annotation)
        yield from _smallest(gap.info.annotation)
        for bound in gap.info.metadata:
            yield from (getattr(bound, side) for side in ("ge", "le") if hasattr(bound, side))
    yield from (value for name, value in _entries(raw) if name == key)
    yield from _neighbours(raw, gap.path)
    scalars = [value for _, value in _entries(raw) if isinstance(value, str | int | float)]
    yield from scalars
    yield {f"x{value}": value for value in scalars if type(value) is int and 0 < value < 65536}


def _neighbours(raw: Mapping[str, Any], path: Path) -> Iterator[Any]:
    """The members beside that at `path`, as they are and as if they were in every other place."""
    if len(path) != 2:
        return
    for name in _names(raw, path[0]):
        member = raw[path[0]][name]
        if not isinstance(member, dict) or str(name) == path[1]:
            continue
        yield member
        for key, section in _SECTIONS.items():
            yield from ({**member, key: other} for other in _names(raw, section) if key in member)


def _names(raw: Mapping[str, Any], section: str) -> list[Any]:
    names = raw.get(section)
    return list(names) if isinstance(names, dict) else []


def _put_right(value: Any) -> Iterator[Any]:
    """What a scalar of the wrong form was probably meant to be."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        yield int(value)
    if isinstance(value, str):
        yield value.lower()
        yield _label(value)
        yield f"/{value}"
        try:
            yield str(IPv4Network(value, strict=False))
        except ValueError:
            yield value.strip()
    elif isinstance(value, int | float):
        yield str(value)
        yield abs(value)


def _label(text: str) -> str:
    """The DNS label that `text` was probably meant to be."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:63].strip("-") or "x"


def _choices(annotation: Any) -> Iterator[Any]:
    bare = strip(annotation)
    if get_origin(bare) is Literal:
        yield from get_args(bare)
    yield from (True, False)


def _smallest(annotation: Any) -> Iterator[dict[str, Any]]:
    """A section of the type `annotation` that has nothing but what it needs."""
    section = strip(annotation)
    if not isinstance(section, type) or not issubclass(section, BaseModel):
        return
    needed = {info.alias or name: info for name, info in section.model_fields.items() if info.is_required()}
    if all(info.examples for info in needed.values()):
        yield {name: (info.examples or [None])[0] for name, info in needed.items()}


def _entries(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every entry of a structure with the last key of its path."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield str(key), entry
            yield from _entries(entry, str(key))
    elif isinstance(value, list):
        for entry in value:
            yield name, entry
            yield from _entries(entry, name)


def _different(values: Iterable[Any]) -> Iterator[Any]:
    seen: set[str] = set()
    for value in values:
        text = repr(value)
        if value is not None and text not in seen:
            seen.add(text)
            yield value
