"""Partial configurations: what can be read of a mesh whose file has mistakes.

Fields and members that a mistake makes unknown raise UnreadableError on access. So what is computed from a
partial mesh without that exception is true for any value of the unreadable parts.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn, cast, get_args, get_origin

from pydantic import TypeAdapter

from hybrid_mesh.model.config.base import DNS_LABEL_PATTERN, Section, UnreadableError
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.places import declared, discriminators, strip, tagged_members

Path = tuple[str, ...]
"""Keys of the file, from the mesh's top down."""


class UnreadableMember:
    """Stands for a network, cluster, group or ingress of which only the name can be read."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise UnreadableError(name)

    def __bool__(self) -> bool:
        raise UnreadableError


class _PartlyNamed(dict[str, Any]):
    """Members some of whose names are unreadable: whether there is one of another name is unknown."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self[str(name)]

    def __missing__(self, name: str) -> NoReturn:
        raise UnreadableError(name)

    def get(self, name: str, default: Any = None) -> Any:
        del default
        return self[name]


_UNREADABLE: Any = UnreadableMember()


@dataclass(frozen=True)
class _Mistakes:
    """`at`: the paths of mistakes; `around`: the same and every path above one of them."""

    at: frozenset[Path]
    around: frozenset[Path]


def partial_mesh(raw: object, mistakes: Collection[Path]) -> MeshConfig:
    """What can be read of the mesh `raw`, given the paths of all `mistakes` in its form."""
    around = {path[:length] for path in mistakes for length in range(len(path) + 1)}
    return cast(
        "MeshConfig", _partial_section(MeshConfig, raw, (), _Mistakes(frozenset(mistakes), frozenset(around)))
    )


def without(mesh: MeshConfig, paths: Iterable[Path]) -> MeshConfig:
    """A copy of `mesh` in which the values at `paths` are unreadable; of a list, all entries are."""
    return cast("MeshConfig", _without(mesh, list(paths)))


def _partial_section(model: type[Section], raw: object, path: Path, mistakes: _Mistakes) -> Section:
    given: Mapping[Any, Any] = raw if isinstance(raw, Mapping) else {}
    keys = {name: info.alias or name for name, info in model.model_fields.items()}
    values = {
        name: _partial_field(model, name, given[key], (*path, key), mistakes)
        for name, key in keys.items()
        if key in given and path not in mistakes.at
    }
    unreadable = {
        name
        for name, key in keys.items()
        if path in mistakes.at or (*path, key) in mistakes.at or values.get(name) is _UNREADABLE
    }
    section = model.model_construct({*values, *unreadable}, **values)
    for name in unreadable:
        section.__dict__.pop(name, None)
    return section


def _partial_field(model: type[Section], name: str, raw: Any, path: Path, mistakes: _Mistakes) -> Any:
    """The value of a field of `model`, validated where it has no mistakes."""
    if path not in mistakes.around:
        return _adapter(model, name).validate_python(raw, by_alias=True, by_name=False)
    annotation = strip(declared(model.model_fields[name]))
    if path in mistakes.at or get_origin(annotation) is not dict:
        return _partial_value(annotation, raw, path, mistakes)
    kind = get_args(annotation)[1]
    if not _holds_sections(kind):
        return _UNREADABLE
    wrong = {str(key): member for key, member in raw.items() if (*path, str(key)) in mistakes.around}
    whole = {key: member for key, member in raw.items() if str(key) not in wrong}
    members = _adapter(model, name).validate_python(whole, by_alias=True, by_name=False) if whole else {}
    members |= {key: _partial_value(kind, member, (*path, key), mistakes) for key, member in wrong.items()}
    named = all(isinstance(key, str) and re.fullmatch(DNS_LABEL_PATTERN, key) for key in raw)
    return members if named else _PartlyNamed(members)


def _partial_value(annotation: Any, raw: Any, path: Path, mistakes: _Mistakes) -> Any:
    """The section `raw` with the mistakes in it; of any other value nothing can be read."""
    kind = None if path in mistakes.at else _kind_of(annotation, raw)
    return _partial_section(kind, raw, path, mistakes) if kind is not None else _UNREADABLE


def _kind_of(annotation: Any, raw: Any) -> type[Section] | None:
    """The class of section that `raw` is, of those that `annotation` allows."""
    bare = strip(annotation)
    for tag, kind in tagged_members(bare).items():
        if isinstance(raw, Mapping) and any(raw.get(key) == tag for key in discriminators(kind)):
            return kind
    return bare if isinstance(bare, type) and issubclass(bare, Section) else None


def _holds_sections(annotation: Any) -> bool:
    return bool(tagged_members(strip(annotation))) or _kind_of(annotation, None) is not None


@cache
def _adapter(model: type[Section], name: str) -> TypeAdapter[Any]:
    return TypeAdapter(declared(model.model_fields[name]))


def _without(section: Any, paths: Sequence[Path]) -> Any:
    """A copy of `section` in which the fields or members at `paths` are unreadable."""
    below: dict[str, list[Path]] = {}
    for key, *rest in paths:
        below.setdefault(key, []).append(tuple(rest))
    if isinstance(section, dict):
        changed = {key: _changed_value(section[key], of_key) for key, of_key in below.items()}
        return type(section)({**section, **changed})
    names = {info.alias or name: name for name, info in type(section).model_fields.items()}
    copied = section.model_copy()
    for key, of_key in below.items():
        value = _changed_value(copied.__dict__.pop(names[key]), of_key)
        if value is not _UNREADABLE:
            copied.__dict__[names[key]] = value
    return copied


def _changed_value(value: Any, paths: Sequence[Path]) -> Any:
    """`value` without `paths`, which may be its own; of a list nothing can be read then."""
    whole = () in paths or not isinstance(value, (dict, Section))
    return _UNREADABLE if whole else _without(value, paths)
