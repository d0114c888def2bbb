"""What a shell completes: names from the stack files and of the running lab. Outside a project, or when the
file is wrong, nothing is completed, silently: the command itself says what is wrong.

Imports are in the functions: `--help` needs none of them.
"""

from collections.abc import Mapping
from typing import Any

import typer


def stacks(incomplete: str) -> list[str]:
    """The stacks that have a file."""
    from hybrid_mesh.local.paths import ProjectMissingError, project_folder  # noqa: PLC0415 - as above

    try:
        files = sorted((project_folder() / "stacks").glob("Pulumi.*.yaml"))
    except ProjectMissingError:
        return []
    return _starting(incomplete, [file.stem.removeprefix("Pulumi.") for file in files])


def clusters(ctx: typer.Context, incomplete: str) -> list[str]:
    """The clusters of the stack that the command line names."""
    return _starting(incomplete, _names(ctx, "clusters"))


def groups(ctx: typer.Context, incomplete: str) -> list[str]:
    """The workload groups of the stack that the command line names."""
    return _starting(incomplete, _names(ctx, "workloadGroups"))


def ends(ctx: typer.Context, incomplete: str) -> list[str]:
    """The clusters, groups and ingresses of the stack that the command line names."""
    sections = ("clusters", "workloadGroups", "ingress")
    return _starting(incomplete, [name for section in sections for name in _names(ctx, section)])


def members(incomplete: str) -> list[str]:
    """The clusters and VMs of the running lab."""
    return _starting(incomplete, [*lab_clusters(""), *machines("")])


def lab_clusters(incomplete: str) -> list[str]:
    """The clusters of the running lab."""
    return _starting(incomplete, [each.name for each in _lab("clusters")])


def machines(incomplete: str) -> list[str]:
    """The VMs of the running lab."""
    return _starting(incomplete, [each.name for each in _lab("machines")])


def _names(ctx: typer.Context, section: str) -> list[str]:
    from hybrid_mesh.local.paths import ProjectMissingError, project_folder  # noqa: PLC0415 - as above
    from hybrid_mesh.model.reading.problems import ConfigurationError  # noqa: PLC0415
    from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file  # noqa: PLC0415

    try:
        mesh = read_stack_file(stack_file(project_folder(), ctx.params.get("stack") or "local"))
    except (ConfigurationError, ProjectMissingError):
        return []
    found = mesh.get(section)
    return [str(name) for name in found] if isinstance(found, Mapping) else []


def _lab(section: str) -> list[Any]:
    from hybrid_mesh.local.lab.client import LabClient  # noqa: PLC0415 - `--help` does not need it
    from hybrid_mesh.local.lab.errors import LabError  # noqa: PLC0415

    try:
        return list(getattr(LabClient.connect(start=False).status(), section))
    except LabError:
        return []


def _starting(incomplete: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
