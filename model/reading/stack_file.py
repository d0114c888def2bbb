"""Reads `stacks/Pulumi.<stack>.yaml` without an engine, as strictly as the engine's users would wish."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from hybrid_mesh.model.reading.problems import ConfigurationError, Problem, format_value

MESH_KEY = "hybrid-mesh:mesh"

_MERGE = "tag:yaml.org,2002:merge"
"""The key `<<`, which brings another mapping's entries and may be given several times."""


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader, except that a key written twice in one mapping is an error instead of the last one
    winning."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.duplicates: list[Problem] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first_lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, Hashable) and key in first_lines:
                self.duplicates.append(
                    Problem(
                        path=format_value(key),
                        value=f"line {line}",
                        message=f"duplicate key, first used in line {first_lines[key]}",
                        remedy="Give one of the two another name, or merge them.",
                    )
                )
            elif isinstance(key, Hashable):
                first_lines[key] = line
        return super().construct_mapping(node, deep=deep)


def stack_file(project: Path, stack: str) -> Path:
    """Path of a stack's file in `project` (`stackConfigDir: stacks` of Pulumi.yaml)."""
    return project / "stacks" / f"Pulumi.{stack}.yaml"


def read_stack_file(path: Path) -> Mapping[str, Any]:
    """The value of `hybrid-mesh:mesh` in the stack file at `path`.

    Raises ConfigurationError when the file is missing, is no YAML, has a key twice, or holds no mesh.
    """
    return _mapping(read_config(path), MESH_KEY, path)


def read_config(path: Path) -> Mapping[str, Any]:
    """The section `config` of the stack file at `path`, whose secrets are `{secure: …}`; raises as
    `read_stack_file` does."""
    return _mapping(_load(path), "config", path)


def _load(path: Path) -> object:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            [
                Problem(
                    "",
                    str(path),
                    f"the stack file cannot be read: {error.strerror}",
                    f"Name a stack that has a file in {path.parent}, or give the file's path.",
                )
            ]
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [Problem("", str(path), "the stack file is not valid UTF-8 text", "Save it as UTF-8.")]
        ) from error
    loader = _StrictLoader(text)
    try:
        document = loader.get_single_data()
    except yaml.YAMLError as error:
        raise ConfigurationError([_yaml_problem(path, error)]) from error
    finally:
        loader.dispose()
    if loader.duplicates:
        raise ConfigurationError(loader.duplicates)
    return document


def _yaml_problem(path: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    place = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
    reason = getattr(error, "problem", None) or "it cannot be parsed"
    return Problem("", place, f"not valid YAML: {reason}", "Check the indentation and the quotes there.")


def _mapping(value: object, key: str, path: Path) -> Mapping[str, Any]:
    inner = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(inner, Mapping):
        raise ConfigurationError(
            [
                Problem(
                    key,
                    format_value(inner) if inner is not None else "",
                    f"{path.name} has no section with this name",
                    f"Write the mesh under `config:` → `{MESH_KEY}:`; stacks/Pulumi.local.yaml shows how.",
                )
            ]
        )
    return inner
