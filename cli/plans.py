"""The plan of a stack of this checkout."""

from hybrid_mesh.local.paths import project_folder
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.secrets import check_keys
from hybrid_mesh.model.plan.types import MeshPlan
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
