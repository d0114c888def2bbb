"""Runs checks in parallel, each until it passes, fails for good or runs out of time."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlsplit

from hybrid_mesh.operate.probes.pods import PROXY
from hybrid_mesh.operate.shell import CommandResult, Machine, NotProbedError, NotReachableError, Pod, Shell
from hybrid_mesh.operate.verify import curl
from hybrid_mesh.operate.verify.checks import (
    AnyCheck,
    Check,
    Outside,
    RegistrationCheck,
    RequestCheck,
    Source,
)
from hybrid_mesh.operate.verify.clients import read_result
from hybrid_mesh.operate.verify.reach_verdict import judge_outcome, needs_body, needs_proxy
from hybrid_mesh.operate.verify.registrations import judge_registrations
from hybrid_mesh.operate.verify.verdict import Verdict, judge

FIRST_SYNC_SECONDS = 6.0
"""How long a check is retried while its failure is typical of a mesh that is still starting."""
PROBE_SECONDS = 5.0
PAUSE_SECONDS = 0.3
WORKERS = 24

_Outcome = TypeVar("_Outcome")


_Job = list[tuple[int, AnyCheck]]
"""Checks that are tried together, with their places in the report."""


@dataclass(frozen=True)
class Result:
    """The result of a check: verdict and duration (seconds) of the last try, and the number of tries."""

    check: AnyCheck
    verdict: Verdict
    tries: int
    seconds: float


def run_checks(
    checks: Sequence[AnyCheck], shell: Shell, first_sync: float = FIRST_SYNC_SECONDS
) -> tuple[Result, ...]:
    """Runs all checks in parallel. The results are in the order of the checks."""
    jobs: list[_Job] = []
    of_source: dict[Source, _Job] = {}
    for numbered in enumerate(checks):
        check = numbered[1]
        if isinstance(check, RequestCheck) and not isinstance(check.source, Outside):
            of_source.setdefault(check.source, []).append(numbered)
        else:
            jobs.append([numbered])
    size = curl.MOST_AT_ONCE
    jobs += [every[at : at + size] for every in of_source.values() for at in range(0, len(every), size)]
    found: dict[int, Result] = {}
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        for results in pool.map(lambda job: _run_job(job, shell, first_sync), jobs):
            found |= results
    return tuple(found[number] for number in range(len(checks)))


def _run_job(job: _Job, shell: Shell, first_sync: float) -> dict[int, Result]:
    """The results of checks of one source, which are tried together, and again those that may change."""
    done: dict[int, Result] = {}

    def attempt(tries: int) -> dict[int, Result]:
        again = [(number, check) for number, check in job if number not in done or done[number].verdict.again]
        started = time.monotonic()
        verdicts = _verdicts([check for _, check in again], shell)
        seconds = time.monotonic() - started
        for (number, check), verdict in zip(again, verdicts, strict=True):
            done[number] = Result(check, verdict, tries, seconds)
        return done

    def settled(results: dict[int, Result]) -> bool:
        return not any(result.verdict.again for result in results.values())

    return retry(attempt, settled, first_sync, PAUSE_SECONDS)


def _verdicts(checks: Sequence[AnyCheck], shell: Shell) -> list[Verdict]:
    """All of one source. A source that cannot be reached says so once for each check."""
    try:
        match checks[0]:
            case RegistrationCheck() as check:
                return [judge_registrations(check.expectation, shell.registrations(check.expectation.group))]
            case Check() as check:
                return [
                    judge(
                        check.expectation, read_result(check.source, _run(check.source, check.command, shell))
                    )
                ]
            case RequestCheck():
                return _requested([check for check in checks if isinstance(check, RequestCheck)], shell)
    except NotProbedError as reason:
        return [Verdict(False, f"not checked: {reason}")] * len(checks)
    except NotReachableError as reason:
        return [Verdict(False, str(reason), again=True)] * len(checks)


def _requested(checks: Sequence[RequestCheck], shell: Shell) -> list[Verdict]:
    source, requests = checks[0].source, [check.request for check in checks]
    if len(checks) == 1:
        outcomes = [_one(source, requests[0], shell)]
    else:
        done = _run(source, curl.many(requests), shell)
        outcomes = curl.read_many(requests, done.stdout, done.stderr)
    verdicts = []
    for check, outcome in zip(checks, outcomes, strict=True):
        whole = outcome
        if needs_body(check.expectation, outcome):
            whole = _one(source, check.request, shell)
        elif isinstance(source, Pod) and needs_proxy(check.expectation, outcome):
            whole = replace(outcome, connected=_is_connected(source, check.request, shell))
        verdicts.append(judge_outcome(check.expectation, whole))
    return verdicts


def _is_connected(pod: Pod, request: curl.Request, shell: Shell) -> bool:
    """Whether the sidecar proxy of `pod` has reached a server of the request's host and port since it
    started. Envoy counts a TCP connection as a request of its host when it is established (`rq_total` of
    /clusters; `attachStreamToClient` in source/common/conn_pool/conn_pool_base.cc)."""
    where = urlsplit(request.url)
    command = ("pilot-agent", "request", "GET", "clusters")
    done = shell.run_in_pod(replace(pod, container=PROXY), command, PROBE_SECONDS)
    prefix = f"outbound|{where.port}||{where.hostname}::"
    counts = (
        line.rpartition("::rq_total::")[2] for line in done.stdout.splitlines() if line.startswith(prefix)
    )
    return any(count.isdigit() and int(count) > 0 for count in counts)


def _one(source: Source, request: curl.Request, shell: Shell) -> curl.Outcome:
    if request.certificates and not isinstance(source, Outside):
        done = _run(source, curl.many([request]), shell)
        return curl.read_many([request], done.stdout, done.stderr)[0]
    done = _run(source, curl.one(request), shell)
    return curl.read_one(done.stdout, done.stderr)


def _run(source: Source, command: Sequence[str], shell: Shell) -> CommandResult:
    match source:
        case Pod():
            return shell.run_in_pod(source, command, PROBE_SECONDS)
        case Machine():
            return shell.run_in_machine(source, command, PROBE_SECONDS)
        case Outside():
            return shell.run_outside(command, PROBE_SECONDS)


def retry(
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
