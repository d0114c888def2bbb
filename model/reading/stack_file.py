"""Reads `stacks/Pulumi.<stack>.yaml` without an engine, and says of every problem where in the file it is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hybrid_mesh.model.reading.document import read_document
from hybrid_mesh.model.reading.nodes import Node
from hybrid_mesh.model.reading.problems import UNKNOWN_KEY, ConfigurationError, Problem, did_you_mean
from hybrid_mesh.model.reading.sections import MESH_KEY, NAMESPACE, section_problems

MAX_BYTES = 1024 * 1024

_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class StackFile:
    """The section `config` of the stack file `name`, whose `hybrid-mesh:mesh` is a section of keys.

    Secrets are `{secure: …}`, as they are in the file.
    """

    name: str
    root: Node

    @property
    def config(self) -> Mapping[str, Any]:
        config: Mapping[str, Any] = self.root.entries["config"].value
        return config

    @property
    def mesh(self) -> Mapping[str, Any]:
        mesh: Mapping[str, Any] = self.config[MESH_KEY]
        return mesh

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """`problems` with their places in the file, in the order of the file."""
        found = [self._located(problem) for problem in problems]
        return sorted(found, key=lambda problem: (problem.line or 0, problem.column or 0))

    def _located(self, problem: Problem) -> Problem:
        if problem.line is not None:
            return replace(problem, file=self.name)
        config = self.root.entries["config"]
        beside = problem.path.startswith(f"{NAMESPACE}:")
        above = config if beside else config.entries[MESH_KEY]
        node, missing = above.find(problem.path)
        of_key = missing or problem.message == UNKNOWN_KEY
        line, column = (node.key or node.mark) if of_key else node.place
        return replace(problem, file=self.name, line=line, column=column)

    def written(self, keys: Iterable[str]) -> str | None:
        """The value of the mesh at `keys` as it is written, if it is plain text without quotes."""
        node = self.root.at(["config", MESH_KEY, *keys])
        return node.text if node is not None else None


def stack_file(project: Path, stack: str) -> Path:
    """Path of a stack's file in `project` (`stackConfigDir: stacks` of Pulumi.yaml)."""
    return project / "stacks" / f"Pulumi.{stack}.yaml"


def read_stack_file(path: Path) -> Mapping[str, Any]:
    """The value of `hybrid-mesh:mesh` in the stack file at `path`; raises as `load_stack_file` does."""
    return load_stack_file(path).mesh


def find_stack_file(project: Path, stack: str) -> StackFile | None:
    """The file of a stack in `project`, if it is there; raises as `load_stack_file` does."""
    path = stack_file(project, stack)
    return load_stack_file(path) if path.exists() else None


def load_stack_file(path: Path) -> StackFile:
    """The stack file at `path`.

    Raises ConfigurationError with every problem that the file has before its mesh is looked at: it is missing
    or too large, not YAML, read otherwise by Pulumi's engine (`model.reading.document`), or has no mesh.
    """
    name = _display_path(path)
    root, problems = None, []
    try:
        root = read_document(_text(path))
    except ConfigurationError as error:
        problems += [replace(problem, path=_without_prefix(problem.path)) for problem in error.problems]
    else:
        problems += section_problems(root)
    if root is None or problems:
        raise ConfigurationError(replace(problem, file=name) for problem in problems)
    return StackFile(name, root)


def _without_prefix(path: str) -> str:
    """`path` from the mesh down, or from `config` down for what is beside the mesh."""
    return path.removeprefix("config.").removeprefix(f"{MESH_KEY}.")


def _display_path(path: Path) -> str:
    """`path` relative to the current folder where it is below it."""
    absolute = path.absolute()
    folder = Path.cwd()
    return str(absolute.relative_to(folder) if absolute.is_relative_to(folder) else path)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _unreadable("the stack file does not exist", _other_stack(path)) from None
    except OSError as error:
        message = f"the stack file cannot be read: {error.strerror}"
        raise _unreadable(message, "Give the path of a stack file.") from error
    if len(content) > MAX_BYTES:
        remedy = "Move large contents to files that VMs download (`url:`)."
        raise _unreadable(f"the stack file is larger than {MAX_BYTES // 1024} KiB", remedy)
    try:
        return content.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise _unreadable("the stack file is not valid UTF-8 text", "Save it as UTF-8.") from error


def _other_stack(path: Path) -> str:
    """What to do about the missing stack file `path`."""
    stack = _stack_name(path)
    stacks = sorted(name for other in path.parent.glob("Pulumi.*.yaml") if (name := _stack_name(other)))
    if stack is None or not stacks:
        return "Give the path of a stack file."
    return f"{did_you_mean(stack, stacks)} Stacks with a file there: {', '.join(stacks)}.".strip()


def _stack_name(path: Path) -> str | None:
    """The stack that a file of Pulumi's naming belongs to: `Pulumi.dev.yaml` is that of `dev`."""
    found = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", path.name)
    return found[1] if found else None


def _unreadable(message: str, remedy: str) -> ConfigurationError:
    return ConfigurationError([Problem("", "", message, remedy)])
