"""Finds the members of a mesh and runs all checks in parallel, each until it passes or times out."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.shell import CommandResult, Machine, NotProbedError, NotReachableError, Pod, Shell
from hybrid_mesh.operate.verify.checks import Check, Gap, RegistrationCheck
from hybrid_mesh.operate.verify.clients import read_result
from hybrid_mesh.operate.verify.planning import plan_checks
from hybrid_mesh.operate.verify.registrations import judge_registrations, plan_registrations
from hybrid_mesh.operate.verify.site import observe
from hybrid_mesh.operate.verify.verdict import Verdict, judge

FIRST_SYNC_SECONDS = 10.0
"""How long a check is retried while its failure is typical of a mesh that is still starting."""
PROBE_SECONDS = 8.0
PAUSE_SECONDS = 0.3
WORKERS = 24
ROUNDS_OF_A_FAULT = 3
"""Number of rounds in which only permanent failures remain, after which `verify` gives up."""

_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True)
class Result:
    """The result of a check: verdict and duration (seconds) of the last try, and the number of tries."""

    check: Check | RegistrationCheck
    verdict: Verdict
    tries: int
    seconds: float


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
    *,
    patience: float = 0.0,
    first_sync: float = FIRST_SYNC_SECONDS,
    slowness: float = 1.0,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Checks the mesh of `plan` through `shell`.

    A mesh that has just started may not have all its members yet. All checks are therefore retried for up to
    `patience` seconds, until they pass or only permanent failures remain. `slowness` multiplies every time
    limit, for a slow host. Without a demo, to which the requests are sent, only the registrations of VMs are
    checked.
    """
    started = time.monotonic()
    settled = 0

    def attempt(number: int) -> Report:
        if number == 1 and plan.demo is not None:
            progress("finding pods, VMs and ingresses")
        checks, gaps = _everything(plan, shell, slowness)
        if number == 1:
            progress(f"running {len(checks)} checks")
        return Report(run_checks(checks, shell, first_sync * slowness), gaps, time.monotonic() - started)

    def done(report: Report) -> bool:
        nonlocal settled
        settled = 0 if report.may_change else settled + 1
        if not report.holds:
            progress(f"still waiting: {report.first_fault}")
        return report.holds or settled >= ROUNDS_OF_A_FAULT

    return _retry(attempt, done, patience * slowness, pause=1.0)


def _everything(
    plan: MeshPlan, shell: Shell, slowness: float
) -> tuple[tuple[Check | RegistrationCheck, ...], tuple[Gap, ...]]:
    registrations, idle = plan_registrations(plan)
    if plan.demo is None:
        silent = Gap("requests between members", "the stack has no `demo` to send them to", by_design=True)
        return registrations, (silent, *idle)
    checks, gaps = plan_checks(plan, plan.demo, observe(plan, plan.demo, shell), slowness)
    return (*registrations, *checks), (*gaps, *idle)


def run_checks(
    checks: Sequence[Check | RegistrationCheck], shell: Shell, first_sync: float = FIRST_SYNC_SECONDS
) -> tuple[Result, ...]:
    """Runs all checks in parallel. The results are in the order of the checks."""
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        return tuple(pool.map(lambda check: _make(check, shell, first_sync), checks))


def _make(check: Check | RegistrationCheck, shell: Shell, first_sync: float) -> Result:
    def attempt(number: int) -> Result:
        started = time.monotonic()
        verdict = _probe(check, shell)
        return Result(check, verdict, number, time.monotonic() - started)

    return _retry(attempt, lambda result: not result.verdict.again, first_sync, PAUSE_SECONDS)


def _probe(check: Check | RegistrationCheck, shell: Shell) -> Verdict:
    try:
        if isinstance(check, RegistrationCheck):
            return judge_registrations(check.expectation, shell.registrations(check.expectation.group))
        result = _run(check, shell)
    except NotProbedError as reason:
        return Verdict(False, f"not checked: {reason}")
    except NotReachableError as reason:
        return Verdict(False, str(reason), again=True)
    return judge(check.expectation, read_result(check.source, result))


def _run(check: Check, shell: Shell) -> CommandResult:
    match check.source:
        case Pod():
            return shell.run_in_pod(check.source, check.command, PROBE_SECONDS)
        case Machine():
            return shell.run_in_machine(check.source, check.command, PROBE_SECONDS)
        case _:
            return shell.run_outside(check.command, PROBE_SECONDS)


def _retry(
    attempt: Callable[[int], _Outcome], done: Callable[[_Outcome], bool], seconds: float, pause: float
) -> _Outcome:
    """Calls `attempt` with 1, 2, … until `done` accepts the outcome or `seconds` have passed. Returns the
    last outcome."""
    deadline = time.monotonic() + seconds
    tries = 1
    outcome = attempt(tries)
    while not done(outcome) and time.monotonic() + pause < deadline:
        time.sleep(pause)
        tries += 1
        outcome = attempt(tries)
    return outcome
