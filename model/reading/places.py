"""Places in a stack file: the value there, and what the configuration's model declares there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from hybrid_mesh.model.config.base import Section

MISSING: Any = None


@dataclass
class Place:
    """A place in a stack file.

    `path` is its keys, joined by dots; `key` the last of them; `value` what the file has there; `choices` the
    keys that are known there, or at a union the types to choose from; `siblings` what the file has beside
    it; `info` the model's description of the key, if any.
    """

    keys: list[str] = field(default_factory=list)
    value: Any = MISSING
    choices: tuple[str, ...] = ()
    siblings: Mapping[Any, Any] = field(default_factory=dict)
    info: FieldInfo | None = None

    @property
    def path(self) -> str:
        return ".".join(self.keys)

    @property
    def key(self) -> str:
        return self.keys[-1] if self.keys else ""


def walk(model: type[BaseModel], raw: object, location: Sequence[str | int]) -> Place:
    """The place that pydantic calls `location`, when `raw` is read as `model`."""
    place = Place(value=raw)
    annotation: Any = model
    for step in location:
        if step == "[key]":
            break
        kind = strip(annotation)
        members = tagged_members(kind)
        if members and str(step) in members:
            annotation = members[str(step)]
            continue
        annotation = _descend(place, kind, step)
    members = tagged_members(strip(annotation))
    if members:
        place.choices = tuple(members)
    return place


def _descend(place: Place, kind: Any, step: str | int) -> Any:
    """Moves `place` one key down and returns what is declared there."""
    place.keys.append(str(step))
    place.siblings = place.value if isinstance(place.value, Mapping) else {}
    place.value = _child(place.value, step)
    place.info = None
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {info.alias or name: info for name, info in kind.model_fields.items()}
        place.choices = tuple(fields)
        place.info = fields.get(str(step))
        return declared(place.info) if place.info is not None else None
    arguments = get_args(kind)
    place.choices = ()
    if get_origin(kind) is dict:
        return arguments[1]
    return arguments[0] if arguments else None


def _child(value: object, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(step, MISSING)
    if isinstance(value, (list, tuple)) and isinstance(step, int) and step < len(value):
        return value[step]
    return MISSING


def declared(info: FieldInfo) -> Any:
    """A field's annotation with its metadata, which pydantic separates."""
    annotation: Any = info.annotation
    if info.discriminator is not None:
        return Annotated[annotation, info.discriminator]
    for metadata in info.metadata:
        annotation = Annotated[annotation, metadata]
    return annotation


@cache
def strip(annotation: Any) -> Any:
    """`annotation` without `| None`. Metadata is kept, as it may distinguish a union's members."""
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not NoneType]
        if len(members) == 1:
            return strip(members[0])
    return _bare(annotation) if not _union_members(annotation) else annotation


@cache
def tagged_members(annotation: Any) -> Mapping[str, type[Section]]:
    """The members of a union by their tags; empty for an annotation that is not a union of sections."""
    found: dict[str, type[Section]] = {}
    for member in _union_members(annotation):
        section = _bare(member)
        tags = [tag.tag for tag in getattr(member, "__metadata__", ()) if isinstance(tag, Tag)]
        if not tags and isinstance(section, type) and issubclass(section, Section):
            tags = [value for name in discriminators(section) for value in _literals(section, name)]
        found |= dict.fromkeys(tags, section)
    return found


@cache
def discriminators(section: type[BaseModel]) -> tuple[str, ...]:
    """Names of the required fields of `section` that hold one fixed word: `type`, `issuer`."""
    return tuple(
        name
        for name, info in section.model_fields.items()
        if info.is_required() and get_origin(info.annotation) is Literal
    )


def _literals(section: type[BaseModel], name: str) -> list[str]:
    return [str(value) for value in get_args(section.model_fields[name].annotation)]


def _union_members(annotation: Any) -> tuple[Any, ...]:
    bare = _bare(annotation)
    if get_origin(bare) not in (Union, UnionType):
        return ()
    members = tuple(member for member in get_args(bare) if member is not NoneType)
    sections = [_bare(member) for member in members]
    if len(members) > 1 and all(isinstance(s, type) and issubclass(s, BaseModel) for s in sections):
        return members
    return ()


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def example(place: Place) -> str:
    """How the missing key of `place` might be written, or nothing."""
    if place.info is None:
        return ""
    if place.info.examples:
        return json.dumps(place.info.examples[0]).strip('"').replace('"', "")
    words = get_args(place.info.annotation) if get_origin(place.info.annotation) is Literal else ()
    return " | ".join(map(str, words))
