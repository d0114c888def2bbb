"""Examples of each section, taken from the stack files in this folder, which `hybrid-mesh plan` accepts."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hybrid_mesh.model.reference.sections import MESH, ReferenceSection
from hybrid_mesh.model.texts.block_yaml import block_yaml

EXAMPLE_FILES = sorted(Path(__file__).parent.glob("*.yaml"))
_MESH_FILE = Path(__file__).with_name("mesh.yaml")
"""The example of a whole stack file."""


def example(section: ReferenceSection) -> str:
    """The longest example of `section`, as YAML below `hybrid-mesh:mesh`; of the mesh, a stack file."""
    if section.path == MESH:
        return block_yaml(yaml.safe_load(_MESH_FILE.read_text(encoding="utf-8")))
    return block_yaml(max((wrapped for _, wrapped in occurrences(section)), key=_size))


def occurrences(section: ReferenceSection) -> list[tuple[Any, Any]]:
    """Each value of `section` in the files, and the same inside the keys that lead to it."""
    steps = section.path.replace("[]", ".[]").split(".") if section.path != MESH else []
    found = [pair for mesh in _meshes() for pair in _below(mesh, steps)]
    return [pair for pair in found if isinstance(pair[0], Mapping) and _is_variant(pair[0], section)]


@cache
def _meshes() -> list[Any]:
    return [yaml.safe_load(path.read_text(encoding="utf-8"))["config"][MESH] for path in EXAMPLE_FILES]


def _below(value: Any, steps: list[str]) -> Iterator[tuple[Any, Any]]:
    """Each value at `steps` below `value`, and the same inside the keys that lead to it."""
    if not steps:
        yield value, value
        return
    step, *rest = steps
    if isinstance(value, list):
        for entry in value:
            yield from ((found, [wrapped]) for found, wrapped in _below(entry, rest))
    elif isinstance(value, Mapping):
        for key in value if step == "<name>" else [step] if step in value else []:
            yield from ((found, {key: wrapped}) for found, wrapped in _below(value[key], rest))


def _is_variant(value: Any, section: ReferenceSection) -> bool:
    if not section.tag:
        return True
    return section.tag in value if not section.selector else bool(value[section.selector] == section.tag)


def _size(value: Any) -> int:
    return len(block_yaml(value))
