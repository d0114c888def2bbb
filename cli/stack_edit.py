"""Changes single values of a stack file's text, so that its comments and its order stay."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from hybrid_mesh.cli.errors import WRONG, CommandError
from hybrid_mesh.model.reading.sections import MESH_KEY

Path = tuple[str, ...]
_NUMBER_OR_SWITCH = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false")


def values(text: str) -> dict[Path, Any]:
    """Every scalar and every flow sequence of the mesh in a stack file, by its path."""
    return {path: yaml.safe_load(_source(text, node)) for path, node in _nodes(text)}


def with_value(text: str, path: Path, value: str) -> str:
    """`text` with another value at `path`; for a list, `value` is separated by commas.

    Raises CommandError when the file has no such value.
    """
    nodes = dict(_nodes(text))
    if path not in nodes:
        known = ", ".join(".".join(each) for each in nodes)
        raise CommandError(f"{'.'.join(path)} is not a key of this template.", f"It has: {known}.", WRONG)
    node = nodes[path]
    start, end = node.start_mark.index, node.end_mark.index
    return text[:start] + _written(node, value) + text[end:]


def _written(node: yaml.Node, value: str) -> str:
    """`value` as YAML of the kind that `node` is."""
    if isinstance(node, yaml.SequenceNode):
        return f"[{', '.join(_text(each.strip()) for each in value.split(',') if each.strip())}]"
    is_text = node.tag == "tag:yaml.org,2002:str" or _NUMBER_OR_SWITCH.fullmatch(value) is None
    return _text(value) if is_text else value


def _text(value: str) -> str:
    """A text in a flow collection; in quotes where YAML would read something else."""
    return yaml.safe_dump([value], default_flow_style=True, width=10_000).strip()[1:-1]


def _source(text: str, node: yaml.Node) -> str:
    return text[node.start_mark.index : node.end_mark.index]


def _nodes(text: str) -> Iterator[tuple[Path, yaml.Node]]:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for path, node in _below(root, ()):
        if path[:2] == ("config", MESH_KEY):
            yield path[2:], node


def _below(node: yaml.Node | None, path: Sequence[str]) -> Iterator[tuple[Path, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _below(value, (*path, key.value))
    elif isinstance(node, yaml.ScalarNode) or (isinstance(node, yaml.SequenceNode) and _is_plain(node)):
        yield tuple(path), node


def _is_plain(node: yaml.SequenceNode) -> bool:
    return bool(node.flow_style) and all(isinstance(each, yaml.ScalarNode) for each in node.value)
