"""Compares the result of a check with the expected one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from hybrid_mesh.operate.verify.answers import Answer, Answers
from hybrid_mesh.operate.verify.checks import MustAnswer, MustFail, RequestFailure, Responder

_TEXTS: tuple[tuple[RequestFailure, tuple[str, ...]], ...] = (
    (RequestFailure.TLS_ALERT, ("remote error: tls:",)),
    (RequestFailure.CLOSED, ("connection reset by peer", "EOF", "broken pipe")),
    (
        RequestFailure.NO_ROUTE,
        (
            "i/o timeout",
            "deadline exceeded",
            "timed out after",
            "Client.Timeout",
            "no route to host",
            "network is unreachable",
        ),
    ),
)
"""Failures as Go's net, net/http and crypto/tls packages report them. Only pods send requests that must
fail."""
_FIRST_SYNC = (
    "no such host",
    "connection refused",
    "connection reset by peer",
    "EOF",
    "i/o timeout",
    "deadline exceeded",
    "timed out after",
    "curl: (6)",
    "curl: (7)",
    "curl: (28)",
    "curl: (52)",
    "curl: (56)",
)
"""Failures of a call while the configuration of proxies and name servers is still spreading. curl's exit
codes: host not resolved, connection failed, timeout, empty reply, connection reset."""


@dataclass(frozen=True)
class Verdict:
    """`detail` is the observation in one line. `again`: it may still change, for example after the first
    sync."""

    holds: bool
    detail: str
    again: bool = False


def judge(expectation: MustAnswer | MustFail, answers: Answers) -> Verdict:
    if isinstance(expectation, MustFail):
        return _judge_refusal(expectation, answers)
    if answers.error:
        return Verdict(False, answers.error, again=any(text in answers.error for text in _FIRST_SYNC))
    return _judge_answers(expectation, answers.answers)


def _judge_refusal(expectation: MustFail, answers: Answers) -> Verdict:
    if not answers.error:
        first = answers.answers[0]
        return Verdict(
            False,
            f"got status {first.status} from {first.hostname or 'a proxy'}, but must be refused",
            again=True,
        )
    reason = next((reason for reason, texts in _TEXTS if any(text in answers.error for text in texts)), None)
    if reason in expectation.reasons:
        return Verdict(True, reason.value)
    return Verdict(False, f"failed for another reason than expected: {answers.error}", again=True)


def _judge_answers(expectation: MustAnswer, answers: tuple[Answer, ...]) -> Verdict:
    responders = {one.hostname: one for one in expectation.responders}
    for answer in answers:
        if fault := _fault(expectation, responders, answer):
            return fault
    if len(answers) < expectation.requests:
        return Verdict(False, f"{len(answers)} of {expectation.requests} requests got a response", again=True)
    members = {responders[answer.hostname].member for answer in answers}
    if missing := sorted(" or ".join(sorted(some)) for some in expectation.everyone if not some & members):
        return Verdict(False, f"no response from {', '.join(missing)}", again=True)
    return Verdict(True, f"200 from {', '.join(sorted(members))}")


def _fault(expectation: MustAnswer, responders: Mapping[str, Responder], answer: Answer) -> Verdict | None:
    if answer.status != 200:
        return Verdict(False, f"status {answer.status}", again=answer.status in {404, 503})
    name = answer.hostname or "an unknown server"
    responder = responders.get(answer.hostname)
    if responder is None:
        return Verdict(False, f"response from {name}, which is not a backend", again=True)
    server, peer, place = _named(answer.server), _named(answer.peer), answer.cluster
    faults = (
        (answer.server != responder.identity, f"has identity {server}, not {responder.identity}"),
        (answer.peer != expectation.caller, f"saw caller {peer}, not {expectation.caller}"),
        (place and place not in responder.places, f"reports cluster {place} instead of {responder.member}"),
    )
    return next((Verdict(False, f"{name} {text}") for wrong, text in faults if wrong), None)


def _named(identity: str) -> str:
    return identity or "(none)"
