"""What `doctor --fix` does: data, so that checks only say it and one place does it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hybrid_mesh.operate.doctor.helm import HelmRelease
from hybrid_mesh.operate.shell import CommandResult, NotReachableError, Shell

SECONDS: Final = 15.0
"""For one step."""
HELM_MANAGER: Final = "pulumi-resource-kubernetes"
"""The manager of fields that Helm sets as a part of Pulumi's plug-in: Helm names it after its program."""


@dataclass(frozen=True)
class KubectlStep:
    """`kubectl ARGUMENTS` in a cluster, with `manifest` as its standard input."""

    cluster: str
    arguments: tuple[str, ...]
    manifest: str = ""


@dataclass(frozen=True)
class ApplyStep:
    """Creates an object or sets its declared fields back. `owner` is the Helm release that it is of, or the
    name of its resource in the stack; it stays the manager of the fields, so that the next `up` has nothing
    to take over."""

    cluster: str
    manifest: Mapping[str, Any]
    owner: HelmRelease | str


@dataclass(frozen=True)
class MachineStep:
    """A command in a VM, as root."""

    group: str
    machine: str
    command: tuple[str, ...]


Step = KubectlStep | ApplyStep | MachineStep


@dataclass(frozen=True)
class Repair:
    """`question` is what is asked before, such as `Restart the agent of VM legacy-0?`. The steps may be
    repeated without harm."""

    question: str
    steps: tuple[Step, ...]


class RepairError(Exception):
    """A step failed; the text says why, without secrets."""


ManagerOf = Callable[[str], str | None]
"""Name of a resource, without the mesh's -> the manager of its object's fields in the stack's state."""


def perform(repair: Repair, shell: Shell, manager_of: ManagerOf) -> None:
    """Does all steps of `repair`. Raises RepairError at the first that fails."""
    for step in repair.steps:
        try:
            done = _perform(step, shell, manager_of)
        except NotReachableError as error:
            raise RepairError(str(error)) from None
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["it said nothing"]
            raise RepairError(said[-1].removeprefix("error: "))


def _perform(step: Step, shell: Shell, manager_of: ManagerOf) -> CommandResult:
    match step:
        case KubectlStep():
            return shell.kubectl(step.cluster, step.arguments, step.manifest, SECONDS)
        case MachineStep():
            machine = next((one for one in shell.machines(step.group) if one.name == step.machine), None)
            if machine is None:
                raise RepairError(f"VM {step.machine} does not run")
            return shell.run_in_machine(machine, step.command, SECONDS)
        case ApplyStep():
            manager, manifest = _managed(step, manager_of)
            apply = ("apply", "--server-side", "--force-conflicts", f"--field-manager={manager}")
            return shell.kubectl(step.cluster, (*apply, "--filename=-"), json.dumps(manifest), SECONDS)


def _managed(step: ApplyStep, manager_of: ManagerOf) -> tuple[str, Mapping[str, Any]]:
    """The manager of the fields, and the object as that manager makes it."""
    if isinstance(step.owner, str):
        manager = manager_of(step.owner)
        if manager is None:
            raise RepairError("the stack's state does not have it: run `hybrid-mesh up`")
        return manager, step.manifest
    metadata = step.manifest["metadata"]
    labels = {**(metadata.get("labels") or {}), "app.kubernetes.io/managed-by": "Helm"}
    annotations = {
        **(metadata.get("annotations") or {}),
        "meta.helm.sh/release-name": step.owner.name,
        "meta.helm.sh/release-namespace": step.owner.namespace,
    }
    made = {**step.manifest, "metadata": {**metadata, "labels": labels, "annotations": annotations}}
    return HELM_MANAGER, made
