"""The phases in which a mesh is made, and how far each of them is. Pure: the caller has the clock."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from hybrid_mesh.cli.events import (
    Announced,
    Event,
    Message,
    Moment,
    Step,
    Summary,
    name_of,
    type_of,
    types_of,
)

REFRESH = "comparison with what exists"
REMOVAL = "removal of what is no longer declared"
OTHERS = "other resources"

_COMPONENTS = {
    "safeguards": ("HybridMesh",),
    "networks": ("GcpNetwork", "AwsNetwork"),
    "trust": ("MeshTrust", "GoogleCasIssuer", "AwsPrivateCaIssuer"),
    "clusters": (
        "LocalMeshCluster",
        "KubeconfigMeshCluster",
        "GkeMeshCluster",
        "EksMeshCluster",
        "LoadBalancerController",
    ),
    "Istio": ("IstioControlPlane",),
    "gateways": ("EastWestGateway",),
    "peering": ("ReaderToken", "Peering"),
    "VMs": ("WorkloadGroup", "LocalMachines", "GceMachines", "Ec2Machines", "BundleMachines"),
    "ingress": ("Ingress",),
    "demo": ("Demo",),
}
"""Phase -> our components whose children it is made of."""

PHASE_OF = {f"hybridmesh:index:{name}": phase for phase, names in _COMPONENTS.items() for name in names}
ORDER = (REFRESH, *_COMPONENTS, OTHERS, REMOVAL)

_DONE_WORDS = {
    "create": "created",
    "create-replacement": "replaced",
    "update": "updated",
    "delete": "deleted",
    "import": "imported",
    "discard": "forgotten",
}
_NOISE = (
    "using pulumi-language-python from $PATH",
    "using pulumi-resource-kubernetes from $PATH",
    "resource plugin kubernetes is expected to have version",
)
"""Warnings about plug-ins of ours, which the command has named in its first lines."""
_ENDS = {"update failed", "preview failed", "destroy failed", "resource operation failed"}
"""Errors that only say that there was another one."""


@dataclass
class Operation:
    """On one resource, under way; `status` is the last that was reported."""

    urn: str
    operation: str
    begun: float
    status: str = ""


@dataclass
class Phase:
    """`total` is how many resources it has, 0 while that is unknown; times in seconds of the caller's
    clock."""

    total: int = 0
    begun: float | None = None
    ended: float | None = None
    seen: set[str] = field(default_factory=set)
    active: dict[str, Operation] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    failed: bool = False

    @property
    def changes(self) -> str:
        """Such as `8 created, 1 updated`."""
        return ", ".join(f"{count} {word}" for word, count in self.done.items() if count)


class Work:
    """What is known of one run of the engine. `expected` has the URNs of a run that declares nothing, such
    as a destroy."""

    def __init__(self, expected: Iterable[str] = ()) -> None:
        self.phases: dict[str, Phase] = {}
        self.changes: dict[str, int] = {}
        self.errors: list[Message] = []
        self._components: dict[str, str] = {}
        self._notices: list[str] = []
        self._said: set[str] = set()
        self._destroying = False
        for urn in expected:
            self._destroying = True
            self._phase(_phase_of(urn)).total += 1

    def feed(self, event: Event, now: float) -> None:
        match event:
            case Announced():
                self._announce(event)
            case Step():
                self._step(event, now)
            case Message():
                self._message(event)
            case Summary():
                self.changes = dict(event.changes)

    def notices(self) -> list[str]:
        """What the program and the engine had to say since the last call, each line once."""
        said, self._notices = self._notices, []
        return said

    def operations(self) -> list[Operation]:
        """What is under way, the oldest first."""
        found = [each for phase in self.phases.values() for each in phase.active.values()]
        return sorted(found, key=lambda each: each.begun)

    def _announce(self, event: Announced) -> None:
        if phase := PHASE_OF.get(event.type):
            self._components[event.name] = phase
        elif event.custom and not event.type.startswith("pulumi:"):
            parents = [name for name in self._components if event.name.startswith(f"{name}-")]
            phase = self._components[max(parents, key=len)] if parents else OTHERS
            self._phase(phase).total += 1

    def _step(self, step: Step, now: float) -> None:
        if not step.custom or type_of(step.urn).startswith("pulumi:"):
            return
        phase = self._phase(self._label(step))
        if step.moment is Moment.BEGUN:
            phase.active.setdefault(step.urn, Operation(step.urn, step.operation, now))
            if step.operation != "same" and phase.begun is None:
                phase.begun = now
            return
        phase.active.pop(step.urn, None)
        phase.seen.add(step.urn)
        if step.moment is Moment.FAILED:
            phase.failed = True
        elif word := _DONE_WORDS.get(step.operation):
            phase.done[word] += 1
        if step.operation != "same":
            phase.ended = now

    def _label(self, step: Step) -> str:
        if step.operation == "refresh":
            return REFRESH
        if step.operation == "delete" and not self._destroying:
            return REMOVAL
        return _phase_of(step.urn)

    def _message(self, message: Message) -> None:
        if message.passing:
            for phase in self.phases.values():
                if (found := phase.active.get(message.urn)) and message.text:
                    found.status = message.text.splitlines()[-1]
        elif message.severity == "error":
            self._add_error(message)
        elif message.text and not message.text.startswith(_NOISE) and message.text not in self._said:
            self._said.add(message.text)
            about = (
                f"{name_of(message.urn)}: "
                if message.urn and "::pulumi:pulumi:Stack" not in message.urn
                else ""
            )
            mark = "warning: " if message.severity == "warning" else ""
            self._notices.append(f"{mark}{about}{message.text}")

    def _add_error(self, message: Message) -> None:
        if message.text not in _ENDS and message not in self.errors:
            self.errors.append(message)

    def _phase(self, label: str) -> Phase:
        return self.phases.setdefault(label, Phase())


def ordered(phases: Iterable[str]) -> list[str]:
    return sorted(phases, key=ORDER.index)


def _phase_of(urn: str) -> str:
    """That of the innermost of our components which the resource belongs to."""
    found = [PHASE_OF[each] for each in types_of(urn) if each in PHASE_OF]
    return found[-1] if found else OTHERS
