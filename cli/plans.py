"""The plan of a stack of this checkout, or of a stack file."""

from pathlib import Path

from hybrid_mesh.cli.console import warn
from hybrid_mesh.cli.options import DEFAULT_STACK
from hybrid_mesh.cli.typed import command
from hybrid_mesh.local.paths import ProjectMissingError, project_folder
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.secrets import check_keys, unused_names
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.model.plan.versions import undecided
from hybrid_mesh.model.reading.sections import NAMESPACE
from hybrid_mesh.model.reading.stack_file import StackFile, load_stack_file, stack_file


def stack_plan(stack: str) -> MeshPlan:
    """Raises ConfigurationError with all that is wrong with the stack's file."""
    return file_plan(load_stack_file(stack_file(project_folder(), stack)), stack, stack)


def file_plan(file: StackFile, stack: str, existing: str | None) -> MeshPlan:
    """The plan of `file` as the file of `stack`. Remedies name the Pulumi stack `existing`, if it is known.

    Raises ConfigurationError with all that is wrong with the file.
    """
    plan = plan_from(file.mesh, stack, file=file)
    check_keys(plan, file, existing)
    return plan


def plan_of(stack: str | None, file: Path | None) -> MeshPlan:
    """The plan of a stack's file, or of another file, whose warnings go to standard error.

    Raises ConfigurationError with all that is wrong with the file.
    """
    name = stack or (file.stem.removeprefix("Pulumi.") if file is not None else DEFAULT_STACK)
    source = load_stack_file(file if file is not None else stack_file(project_folder(), name))
    is_stacks = file is None or stack is not None or _is_of_project(file, name)
    mesh = file_plan(source, name, name if is_stacks else None)
    for unused in unused_names(mesh, source.config):
        warn(f"warning: {source.name}: the mesh does not use {NAMESPACE}:{unused}", style="yellow")
    for open_ in mesh.warnings:
        warn(f"warning: {open_}", style="yellow")
    if mesh.warnings:
        warn(f"`{command('up', name)}` refuses the stack until this is changed.", style="yellow")
    for notice in undecided(mesh):
        warn(f"warning: {source.name}: {notice}", style="yellow")
    return mesh


def _is_of_project(file: Path, stack: str) -> bool:
    """Whether it is the file of that stack; a file can be planned outside any project, too."""
    try:
        return file.absolute() == stack_file(project_folder(), stack)
    except ProjectMissingError:
        return False


def is_local(plan: MeshPlan) -> bool:
    """Whether anything of the mesh is in the lab of this host."""
    return "local" in _types(plan)


def is_only_local(plan: MeshPlan) -> bool:
    """Whether all of the mesh is in the lab of this host."""
    return _types(plan) == {"local"}


def _types(plan: MeshPlan) -> set[str]:
    """The types of its clusters and VMs."""
    return {
        *(cluster.config.type for cluster in plan.clusters.values()),
        *(group.config.machines.type for group in plan.groups.values()),
    }
