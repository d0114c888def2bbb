"""The sections of the configuration, in the order of the reference.

A section whose keys depend on a `type` (or `issuer`) comes once with the keys that all its variants share,
and then once for each variant with the keys of that variant alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hybrid_mesh.model.config.base import Section
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.places import declared, discriminators, strip, tagged_members

MESH = "hybrid-mesh:mesh"
"""The path of the whole mesh."""


@dataclass(frozen=True)
class ReferenceSection:
    """One section of the reference.

    `path`: its keys, joined by dots; `<name>` stands for a name and `[]` for an entry of a list. `tag`: the
    variant that it describes, if any. `selector`: the key that selects a variant; empty where the keys that
    are set do. `model`: the class that declares its keys; for a section with variants, that of the first.
    `keys`: its keys, with the names of their fields in `model`. `variants`: the class of each variant.
    """

    path: str
    description: str
    model: type[BaseModel]
    keys: Mapping[str, str]
    tag: str = ""
    selector: str = ""
    variants: Mapping[str, type[Section]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As `model.reference.rules` names it."""
        return f"{self.path}@{self.tag}" if self.tag else self.path

    @property
    def key(self) -> str:
        """The last key of its path: `clusters` for `clusters.<name>`. It is the last two, `clusters.istio`,
        if the mesh itself has a key of that name."""
        keys: list[str] = re.findall(r"[A-Za-z]+", self.path.replace("<name>", ""))
        return ".".join(keys[-2:]) if len(keys) > 1 and keys[-1] in _of_the_mesh() else keys[-1]

    @property
    def title(self) -> str:
        """Its heading, in Markdown."""
        if not self.tag:
            return f"`{self.path}`"
        return (
            f"`{self.path}`, `{self.selector}: {self.tag}`" if self.selector else f"`{self.path}`, {self.tag}"
        )

    @property
    def anchor(self) -> str:
        """The part of a link to it after `#`, as GitHub makes it."""
        kept = "".join(c for c in self.title.lower() if c.isalnum() or c in " -_")
        return kept.replace(" ", "-")


def _of_the_mesh() -> set[str]:
    return set(_keys(MeshConfig))


def all_sections() -> list[ReferenceSection]:
    """Every section, each once."""
    return list({section.name: section for section in _section(MeshConfig, MESH)}.values())


def sentence(text: str | None) -> str:
    """`text` on one line."""
    return " ".join((text or "").split())


def _section(model: type[BaseModel], path: str) -> Iterator[ReferenceSection]:
    keys = _keys(model)
    yield ReferenceSection(path, sentence(model.__doc__), model, keys)
    yield from _below(model, keys, path)


def _variants(
    variants: Mapping[str, type[Section]], path: str, description: str
) -> Iterator[ReferenceSection]:
    first = next(iter(variants.values()))
    selector = next(iter(discriminators(first)), "")
    common = _common_keys(list(variants.values()))
    selected = {selector: selector} if selector else {}
    yield ReferenceSection(
        path, description, first, selected | common, selector=selector, variants=dict(variants)
    )
    inside = list(_below(first, common, path))
    for tag, model in variants.items():
        own = {key: name for key, name in _keys(model).items() if key not in {selector, *common}}
        yield ReferenceSection(path, sentence(model.__doc__), model, own, tag=tag, selector=selector)
        inside += _below(model, own, path)
    yield from inside


def _keys(model: type[BaseModel]) -> dict[str, str]:
    return {info.alias or name: name for name, info in model.model_fields.items()}


def _common_keys(models: list[type[Section]]) -> dict[str, str]:
    """The keys that all of `models` declare alike."""
    first, *others = models
    return {
        key: name
        for key, name in _keys(first).items()
        if all(
            name in o.model_fields and _alike(first.model_fields[name], o.model_fields[name]) for o in others
        )
    }


def _alike(one: FieldInfo, other: FieldInfo) -> bool:
    return (one.annotation, one.description) == (other.annotation, other.description)


def _below(model: type[BaseModel], keys: Mapping[str, str], path: str) -> Iterator[ReferenceSection]:
    for key, name in keys.items():
        info = model.model_fields[name]
        inner = key if path == MESH else f"{path}.{key}"
        yield from _inside(declared(info), inner, sentence(info.description))


def _inside(annotation: Any, path: str, description: str) -> Iterator[ReferenceSection]:
    kind = strip(annotation)
    variants = tagged_members(kind)
    if variants:
        yield from _variants(variants, path, description)
        return
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        yield from _section(bare, path)
    elif get_origin(bare) is dict:
        yield from _inside(get_args(bare)[1], f"{path}.<name>", description)
    elif get_origin(bare) is tuple:
        yield from _inside(get_args(bare)[0], f"{path}[]", description)
