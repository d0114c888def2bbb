"""What `doctor --fix` does: data, so that checks only say it and one place does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybrid_mesh.operate.doctor.helm import HelmRelease


@dataclass(frozen=True)
class KubectlStep:
    """`kubectl ARGUMENTS` in a cluster, with `manifest` as its standard input."""

    cluster: str
    arguments: tuple[str, ...]
    manifest: str = ""


@dataclass(frozen=True)
class ApplyStep:
    """Creates an object or sets its declared fields back, as the manager that declared them: Helm for an
    object of `helm`, else Pulumi. So the next `up` finds what it left."""

    cluster: str
    manifest: Mapping[str, Any]
    helm: HelmRelease | None = None


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
