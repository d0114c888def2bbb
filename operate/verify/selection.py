"""Which checks are made: those between the members that the command line names."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.verify.checks import AnyCheck, Gap

_Check = TypeVar("_Check", bound=AnyCheck)

OUTSIDE = "outside"


@dataclass(frozen=True)
class Selection:
    """The names of sources and destinations; empty for all. A name stands for every member that has it, or
    with its kind before it (`cluster east`) for that one."""

    sources: frozenset[str] = frozenset()
    destinations: frozenset[str] = frozenset()

    @property
    def needs_probes(self) -> bool:
        """Whether something else than this host may send requests."""
        return self.sources != {OUTSIDE}

    def checks(self, checks: Iterable[_Check]) -> list[_Check]:
        return [
            check
            for check in checks
            if _named(self.sources, check.origin) and _named(self.destinations, check.target)
        ]

    def gaps(self, gaps: Iterable[Gap]) -> list[Gap]:
        """Those of selected members."""
        named = self.sources | self.destinations
        return [gap for gap in gaps if not named or not gap.about or _named(named, gap.about)]

    def unknown(self, plan: MeshPlan) -> dict[str, list[str]]:
        """Names that no member has, each with the names that there are."""
        origins, targets = source_names(plan), destination_names(plan)
        found = {name: origins for name in sorted(self.sources) if not _is_known(name, origins)}
        return found | {name: targets for name in sorted(self.destinations) if not _is_known(name, targets)}


EVERYTHING = Selection()


def source_names(plan: MeshPlan) -> list[str]:
    """What `--from` may name, with its kind."""
    return [*_members(plan), OUTSIDE]


def destination_names(plan: MeshPlan) -> list[str]:
    """What `--to` may name, with its kind."""
    return [*_members(plan), *(f"ingress {name}" for name in plan.ingresses)]


def _members(plan: MeshPlan) -> list[str]:
    vms = [machine.name for group in plan.groups.values() for machine in group.machines]
    return [
        *(f"cluster {name}" for name in plan.clusters),
        *(f"group {name}" for name in plan.groups),
        *(f"VM {name}" for name in vms),
    ]


def _is_known(name: str, members: Iterable[str]) -> bool:
    return any(_means(name, member) for member in members)


def _named(names: frozenset[str], members: Iterable[str]) -> bool:
    return not names or any(_means(name, member) for name in names for member in members)


def _means(name: str, member: str) -> bool:
    return name in (member, member.rpartition(" ")[2])
