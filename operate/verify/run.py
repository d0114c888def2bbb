"""Finds the members of a mesh, lets them call each other, and retries until the mesh has settled."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.probes.pods import ProbePods
from hybrid_mesh.operate.shell import Registration, Shell
from hybrid_mesh.operate.verify.checks import Gap, RegistrationCheck
from hybrid_mesh.operate.verify.execute import FIRST_SYNC_SECONDS, Result, retry, run_checks
from hybrid_mesh.operate.verify.planning import plan_checks
from hybrid_mesh.operate.verify.reach import Reach
from hybrid_mesh.operate.verify.registrations import judge_registrations, plan_registrations
from hybrid_mesh.operate.verify.selection import EVERYTHING, Selection
from hybrid_mesh.operate.verify.site import observe, unreachable

ROUNDS_OF_A_FAULT = 3
"""Number of rounds in which only permanent failures remain, after which `verify` gives up."""


@dataclass(frozen=True)
class Report:
    """All results of `verify`, and its duration in seconds."""

    results: tuple[Result, ...]
    gaps: tuple[Gap, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether there was at least one check, all checks passed, and none is missing."""
        complete = bool(self.results) and all(gap.by_design for gap in self.gaps)
        return complete and all(result.verdict.holds for result in self.results)

    @property
    def may_change(self) -> bool:
        """Whether a failure may still resolve automatically."""
        missing = any(not gap.by_design for gap in self.gaps)
        return missing or any(not r.verdict.holds and r.verdict.again for r in self.results)

    @property
    def first_fault(self) -> str:
        """The first failure in one line; empty if all checks passed."""
        missing = (f"{gap.subject}: {gap.reason}" for gap in self.gaps if not gap.by_design)
        failed = (f"{r.check.subject}: {r.verdict.detail}" for r in self.results if not r.verdict.holds)
        return next(missing, None) or next(failed, "")


def verify(
    plan: MeshPlan,
    shell: Shell,
    probes: ProbePods,
    *,
    patience: float = 0.0,
    first_sync: float = FIRST_SYNC_SECONDS,
    slowness: float = 1.0,
    selection: Selection = EVERYTHING,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Checks the mesh of `plan` through `shell`, with the `probes` as clients and servers in its clusters.

    A mesh that has just started may not have all its members yet. All checks are therefore retried for up to
    `patience` seconds, until they pass or only permanent failures remain. `slowness` multiplies every time
    limit, for a slow host. Only the checks of `selection` are made.
    """
    started = time.monotonic()
    settled = 0

    def attempt(number: int) -> Report:
        tell = progress if number == 1 else lambda _: None
        found = _Round(plan, shell, probes, slowness=slowness, selection=selection, progress=tell)
        results = found.run(first_sync * slowness)
        return Report(results, tuple(found.gaps), time.monotonic() - started)

    def done(report: Report) -> bool:
        nonlocal settled
        settled = 0 if report.may_change else settled + 1
        if not report.holds:
            progress(f"still waiting: {report.first_fault}")
        return report.holds or settled >= ROUNDS_OF_A_FAULT

    return retry(attempt, done, patience * slowness, pause=1.0)


class _Round:
    """One look at the whole mesh. The checks that need no probe pods run while these are starting."""

    def __init__(
        self,
        plan: MeshPlan,
        shell: Shell,
        probes: ProbePods,
        *,
        slowness: float,
        selection: Selection,
        progress: Callable[[str], None],
    ) -> None:
        self._plan, self._shell, self._probes = plan, shell, probes
        self._slowness, self._selection, self._progress = slowness, selection, progress
        self.gaps: list[Gap] = []

    def run(self, first_sync: float) -> tuple[Result, ...]:
        self._progress("starting probe pods; finding pods, VMs and ingresses")
        with ThreadPoolExecutor(max_workers=1) as side:
            starting = side.submit(self._probes.ensure) if self._selection.needs_probes else None
            try:
                absent = unreachable(self._plan, self._shell)
                site = observe(self._plan, self._shell, absent)
                registrations, idle = plan_registrations(self._plan, absent)
                checks, gaps = plan_checks(self._plan, site, self._slowness)
                known = _registered(self._selection.checks(registrations), site.registered)
                done = {result.check for result in known}
                rest = self._selection.checks([each for each in registrations if each not in done])
                early = run_checks([*rest, *self._selection.checks(checks)], self._shell, first_sync)
                if starting is not None:
                    starting.result()
            except BaseException:
                self._probes.abandon()
                raise
        found = self._probes.found
        probes = {name: found[name] for name in self._plan.clusters if name in found and name not in absent}
        reach = Reach(self._plan, probes, site.machines, site.registered, self._slowness)
        second = self._selection.checks(reach.checks())
        self._progress(f"running {len(second)} more checks from probe pods and VMs")
        late = run_checks(second, self._shell, first_sync)
        missing = [
            Gap(f"cluster {name}", reason, by_design=False, about=frozenset({f"cluster {name}"}))
            for name, reason in absent.items()
        ]
        missing += [
            Gap(f"probe pods of {name}", reason, by_design=False, about=frozenset({f"cluster {name}"}))
            for name, reason in self._probes.failures.items()
            if name not in absent
        ]
        self.gaps = self._selection.gaps([*missing, *gaps, *reach.gaps, *idle])
        return (*known, *early, *late)


def _registered(
    checks: Iterable[RegistrationCheck], registered: Mapping[str, Sequence[Registration]]
) -> list[Result]:
    """The results of checks that pass by what was found a moment ago. Others may still change."""
    found = ((check, registered.get(check.expectation.group)) for check in checks)
    judged = ((check, judge_registrations(check.expectation, vms)) for check, vms in found if vms is not None)
    return [Result(check, verdict, 1, 0.0) for check, verdict in judged if verdict.holds]
