"""Looks at a mesh and makes all its checks at once, each until it holds or its time is up."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.shell import CommandResult, Machine, NotProbedError, NotReachableError, Pod, Shell
from hybrid_mesh.operate.verify.checks import Check, Gap
from hybrid_mesh.operate.verify.clients import read_result
from hybrid_mesh.operate.verify.planning import plan_checks
from hybrid_mesh.operate.verify.site import observe
from hybrid_mesh.operate.verify.verdict import Verdict, judge

FIRST_SYNC_SECONDS = 10.0
"""How long one check is repeated while its failure is one of a mesh that is still coming together."""
PROBE_SECONDS = 8.0
PAUSE_SECONDS = 0.3
WORKERS = 24
ROUNDS_OF_A_FAULT = 3
"""How often the whole is checked when its faults are none that pass by themselves."""

_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True)
class Result:
    """A check that was made: the last try's verdict and length in seconds, and how many tries there were."""

    check: Check
    verdict: Verdict
    tries: int
    seconds: float


@dataclass(frozen=True)
class Report:
    """All that `verify` found; `seconds` is how long it took."""

    results: tuple[Result, ...]
    gaps: tuple[Gap, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether something was checked, all of it holds, and nothing is missing that should have been
        checked."""
        complete = bool(self.results) and all(gap.by_design for gap in self.gaps)
        return complete and all(result.verdict.holds for result in self.results)

    @property
    def may_change(self) -> bool:
        """Whether something of what is wrong may come right by itself."""
        missing = any(not gap.by_design for gap in self.gaps)
        return missing or any(not r.verdict.holds and r.verdict.again for r in self.results)

    @property
    def first_fault(self) -> str:
        """One line about one thing that is wrong; empty when all holds."""
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

    A mesh that has just been started may not have all its members yet: for `patience` seconds the whole is
    looked at and checked anew until it holds, or until its faults are no longer those of a start. `slowness`
    multiplies every time limit, for a slow host. Raises
    ValueError when the plan declares no demo, which is what is probed.
    """
    demo = plan.demo
    if demo is None:
        raise ValueError("the mesh declares no `demo`, so there is nothing to send requests to")
    started = time.monotonic()

    settled = 0

    def attempt(number: int) -> Report:
        if number == 1:
            progress("looking at pods, VMs and ingresses")
        checks, gaps = plan_checks(plan, demo, observe(plan, demo, shell), slowness)
        if number == 1:
            progress(f"making {len(checks)} checks")
        return Report(run_checks(checks, shell, first_sync * slowness), gaps, time.monotonic() - started)

    def done(report: Report) -> bool:
        nonlocal settled
        settled = 0 if report.may_change else settled + 1
        if not report.holds:
            progress(f"not yet as it must be: {report.first_fault}")
        return report.holds or settled >= ROUNDS_OF_A_FAULT

    return _retry(attempt, done, patience * slowness, pause=1.0)


def run_checks(
    checks: Sequence[Check], shell: Shell, first_sync: float = FIRST_SYNC_SECONDS
) -> tuple[Result, ...]:
    """Makes all checks in parallel; the results are in the order of the checks."""
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        return tuple(pool.map(lambda check: _make(check, shell, first_sync), checks))


def _make(check: Check, shell: Shell, first_sync: float) -> Result:
    def attempt(number: int) -> Result:
        started = time.monotonic()
        verdict = _probe(check, shell)
        return Result(check, verdict, number, time.monotonic() - started)

    return _retry(attempt, lambda result: not result.verdict.again, first_sync, PAUSE_SECONDS)


def _probe(check: Check, shell: Shell) -> Verdict:
    try:
        result = _run(check, shell)
    except NotProbedError as reason:
        return Verdict(False, f"not probed: {reason}")
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
    """Calls `attempt` with 1, 2, … until `done` says so of the outcome or `seconds` have passed; the last
    outcome."""
    deadline = time.monotonic() + seconds
    tries = 1
    outcome = attempt(tries)
    while not done(outcome) and time.monotonic() + pause < deadline:
        time.sleep(pause)
        tries += 1
        outcome = attempt(tries)
    return outcome
