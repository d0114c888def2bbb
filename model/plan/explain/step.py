"""One step of the hand-run list, and how its commands are written for a shell."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.model.texts.block_yaml import block_yaml


@dataclass(frozen=True)
class Step:
    """`commands` are for a POSIX shell, in order. `where` says what they are about: a cluster, a VM or the
    certificates. `resource` is the name of the planned object that they stand for, without the mesh, if it is
    one object of a cluster."""

    where: str
    title: str
    commands: tuple[str, ...]
    resource: str | None = None


def on(machine: str, command: str) -> str:
    """`command`, a line of shell, run as root on a VM."""
    return f"ssh {machine} sudo sh -c {shlex.quote(shlex.quote(command))}"


def with_input(command: str, document: Mapping[str, Any]) -> str:
    """`command` with a YAML document on its standard input."""
    text = block_yaml(document)
    end = "EOF"
    while end in text.splitlines():
        end += "_"
    return f"{command} <<'{end}'\n{text}{end}"
