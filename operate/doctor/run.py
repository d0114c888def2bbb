"""Collects the evidence of a mesh and runs all checks on it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan
from hybrid_mesh.operate.doctor.checks import CHECKS
from hybrid_mesh.operate.doctor.checks.drift import CHANGED
from hybrid_mesh.operate.doctor.clusters import collect_cluster
from hybrid_mesh.operate.doctor.dating import with_time
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence, Unreachable
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.members import collect_machines, collect_proxies, proxies_beyond
from hybrid_mesh.operate.shell import Shell

HEALTHY, WARNINGS, BROKEN = 0, 1, 2
UNFINISHED = frozenset(
    {
        CHANGED,
        "object-missing",
        "release-missing",
        "release-unfinished",
        "istiod-version",
        "package-differs",
        "peer-missing",
        "vm-not-running",
        "vm-outdated",
        "vms-missing",
    }
)
"""Checks whose findings an update that runs may be about to resolve."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found, the worst first, and what was not looked at, with the reason. `seconds` is how long it
    took."""

    findings: tuple[Finding, ...]
    unseen: tuple[tuple[str, str], ...]
    taken: datetime
    seconds: float

    @property
    def code(self) -> int:
        """0: nothing was found; 1: warnings only; 2: something is broken."""
        if not self.findings:
            return HEALTHY
        broken = any(each.severity is Severity.BROKEN for each in self.findings)
        return BROKEN if broken else WARNINGS


def examine(plan: MeshPlan, shell: Shell, progress: Callable[[str], None] = lambda _: None) -> Diagnosis:
    """Looks at the mesh of `plan` through `shell`. Changes nothing."""
    started = time.monotonic()
    progress("looking at clusters and VMs")
    evidence = collect(plan, shell)
    found = diagnose(plan, evidence)
    dated = tuple(with_time(each, shell) for each in found.findings)
    return replace(found, findings=dated, seconds=time.monotonic() - started)


def collect(plan: MeshPlan, shell: Shell) -> Evidence:
    """All evidence, collected side by side."""
    active = {name: each for name, each in plan.clusters.items() if each.active}
    with ThreadPoolExecutor(max_workers=16) as pool:
        clusters = {name: pool.submit(_cluster, each, shell, len(active)) for name, each in active.items()}
        machines, closed = pool.submit(collect_machines, plan, shell).result()
        return Evidence(
            taken=datetime.now(UTC),
            clusters={name: future.result() for name, future in clusters.items()},
            machines=machines,
            closed=closed,
        )


def _cluster(cluster: ClusterPlan, shell: Shell, clusters: int) -> ClusterEvidence | Unreachable:
    """A cluster, and then what the proxies of its pods serve."""
    found = collect_cluster(cluster, shell)
    if isinstance(found, Unreachable):
        return found
    return replace(found, proxies=collect_proxies(cluster.name, found, shell, clusters))


def diagnose(plan: MeshPlan, evidence: Evidence) -> Diagnosis:
    """What the checks say of `evidence`. Pure. Of an object with a more special finding it is not said that
    it was changed."""
    said = [finding for check in CHECKS for finding in check(plan, evidence)]
    special = {each.subject for each in said if each.check != CHANGED}
    found = [each for each in said if each.check != CHANGED or each.subject not in special]
    order = [Severity.BROKEN, Severity.WARNING]
    found.sort(key=lambda each: order.index(each.severity))
    return Diagnosis(tuple(found), tuple(_unseen(plan, evidence)), evidence.taken, 0.0)


def during_update(diagnosis: Diagnosis, began: datetime | None) -> Diagnosis:
    """Without what a run of `up` that began then, if any, may not have reached yet."""
    if began is None:
        return diagnosis
    left = tuple(each for each in diagnosis.findings if each.check not in UNFINISHED)
    reason = f"an update runs since {began:%H:%M:%S} UTC: what it may not have reached yet is not judged"
    return replace(diagnosis, findings=left, unseen=(*diagnosis.unseen, ("stack", reason)))


def _unseen(plan: MeshPlan, evidence: Evidence) -> list[tuple[str, str]]:
    idle = [(f"cluster {name}", "quarantined") for name, each in plan.clusters.items() if not each.active]
    unread = [
        (f"cluster {name}", f"{what} cannot be read: {reason}")
        for name, each in evidence.answering()
        for what, reason in each.unread.items()
    ]
    beyond = [
        (f"cluster {name}", f"{more} of its proxies were not asked, as there are many")
        for name, each in evidence.answering()
        if (more := proxies_beyond(each))
    ]
    silent = [
        (f"pod {pod} of {name}", f"its proxy does not answer: {proxy}")
        for name, each in evidence.answering()
        for pod, proxy in each.proxies.items()
        if isinstance(proxy, str)
    ]
    closed = [(f"group {name}", each.reason) for name, each in evidence.closed.items()]
    return [*idle, *unread, *beyond, *silent, *closed]
