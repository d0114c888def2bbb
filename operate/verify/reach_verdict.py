"""Compares what came of a request of curl with what was expected. Pure."""

from typing import assert_never

from hybrid_mesh.operate.probes.objects import CLIENT_HEADER, CLUSTER_HEADER
from hybrid_mesh.operate.verify.answers import read_client_certificate
from hybrid_mesh.operate.verify.checks import (
    MustFail,
    MustReach,
    MustRedirect,
    MustServe,
    Protocol,
    RequestFailure,
)
from hybrid_mesh.operate.verify.curl import Outcome
from hybrid_mesh.operate.verify.verdict import Verdict

Expectation = MustReach | MustServe | MustRedirect | MustFail

UPSTREAM_HEADER = "x-envoy-upstream-service-time"
GRPC_STATUS, GRPC_MESSAGE = "grpc-status", "grpc-message"
"""The first is in a response that came from beyond the last proxy, unless that is configured to omit it;
Envoy: HTTP header manipulation. gRPC: "PROTOCOL-HTTP2"."""
_OF_PROXIES = frozenset({502, 503, 504})
"""Statuses with which Envoy says that it got no answer (Envoy: response flags UF, UH, UC, UT, DC)."""
_TEXTS_OF_PROXIES = (
    "upstream connect error or disconnect/reset",
    "no healthy upstream",
    "upstream request timeout",
)
"""Beginnings of the bodies of Envoy's own answers (source/common/router/router.cc, `sendLocalReply`)."""
_DENIED = "RBAC: access denied"
_FIRST_ERROR, _FORBIDDEN, _NOT_FOUND = 400, 403, 404
_UNAVAILABLE = "14"
_ALERT = "alert"
_NOT_FTP, _REFUSED, _TIMEOUT, _TLS, _EMPTY, _SENT, _RESET = 8, 7, 28, 35, 52, 55, 56
"""curl's exit codes (libcurl-errors(3))."""
_FAILURES = {
    _REFUSED: RequestFailure.NO_ROUTE,
    _TIMEOUT: RequestFailure.NO_ROUTE,
    _EMPTY: RequestFailure.CLOSED,
    _SENT: RequestFailure.CLOSED,
    _RESET: RequestFailure.CLOSED,
}
"""A closed port is like no route: what is asked for is known to listen."""
_UNRESOLVED = 6
_TRANSIENT = frozenset({_UNRESOLVED, *_FAILURES})


def needs_body(expectation: Expectation, outcome: Outcome) -> bool:
    """Whether the source of the response can only be seen in its body."""
    if not isinstance(expectation, MustServe) or outcome.body is not None:
        return False
    return outcome.status in _OF_PROXIES or outcome.status == _FORBIDDEN


def needs_proxy(expectation: Expectation, outcome: Outcome) -> bool:
    """Whether only the client's sidecar proxy knows if the server accepted the connection: it accepts every
    connection itself, and closes it when the server does not answer within the mesh's `connectTimeout`."""
    of_tcp = isinstance(expectation, MustServe) and expectation.protocol is Protocol.TCP
    return of_tcp and outcome.code == _TIMEOUT and outcome.connected is None


def judge_outcome(expectation: Expectation, outcome: Outcome) -> Verdict:
    match expectation:
        case MustFail():
            return _refused(expectation, outcome)
        case MustReach():
            return _failed(outcome) or _reached(expectation, outcome)
        case MustServe(Protocol.TLS):
            return Verdict(True, "TLS established") if outcome.tls else _served(expectation, outcome)
        case MustServe(Protocol.TCP):
            return _accepted(outcome)
        case MustServe():
            return _failed(outcome) or _served(expectation, outcome)
        case MustRedirect():
            holds = outcome.status == expectation.status
            detail = f"status {outcome.status}" + ("" if holds else f", not {expectation.status}")
            return _failed(outcome) or Verdict(holds, detail, again=not holds)
        case _:
            assert_never(expectation)


def _failed(outcome: Outcome) -> Verdict | None:
    if outcome.status:
        return None
    error = outcome.error or "no response"
    text = error if outcome.code < 0 else f"curl: ({outcome.code}) {error}"
    return Verdict(False, text, again=outcome.code in _TRANSIENT)


def _reached(expectation: MustReach, outcome: Outcome) -> Verdict:
    status = outcome.status
    if status != 200:
        return Verdict(False, f"status {status}", again=status in {_NOT_FOUND, *_OF_PROXIES})
    place = outcome.headers.get(CLUSTER_HEADER, "")
    if place != expectation.cluster:
        return Verdict(False, f"cluster {place or '(none)'} answered", again=True)
    seen = read_client_certificate(outcome.headers.get(CLIENT_HEADER, ""))
    server, caller = seen.get("By", ""), seen.get("URI", "")
    faults = (
        (server != expectation.server, f"it has identity {server or '(none)'}, not {expectation.server}"),
        (caller != expectation.caller, f"it saw caller {caller or '(none)'}, not {expectation.caller}"),
    )
    fault = next((text for wrong, text in faults if wrong), None)
    return Verdict(False, fault) if fault else Verdict(True, "200, with both identities")


def _served(expectation: MustServe, outcome: Outcome) -> Verdict:
    beyond = bool(outcome.headers.get(UPSTREAM_HEADER))
    if not outcome.status:
        text = f"curl: ({outcome.code}) {outcome.error}"
        return Verdict(False, text, again=outcome.code in {*_TRANSIENT, _TLS})
    if verdict := _of_proxy(expectation, outcome, beyond):
        return verdict
    if expectation.protocol is Protocol.GRPC:
        return _served_grpc(outcome, beyond)
    doubt = "" if beyond or outcome.status < _FIRST_ERROR else ", perhaps of a proxy"
    return Verdict(True, f"status {outcome.status}{doubt}")


def _of_proxy(expectation: MustServe, outcome: Outcome, beyond: bool) -> Verdict | None:
    """The verdict on an answer of a proxy: of the caller's or, `beyond` it, of the server's."""
    status, body = outcome.status, outcome.body or ""
    said = f" {status}: {body.strip().splitlines()[0]}" if body.strip() else f" {status}"
    if status == _FORBIDDEN and body.startswith(_DENIED):
        return Verdict(True, "reached; an AuthorizationPolicy does not allow the caller")
    if status == _NOT_FOUND and not beyond:
        return Verdict(False, "a proxy answered with status 404: it knows no such route", again=True)
    if status not in _OF_PROXIES or (beyond and not body.startswith(_TEXTS_OF_PROXIES)):
        return None
    if not beyond:
        return Verdict(False, f"a proxy answered with status{said}", again=True)
    if not expectation.required:
        return Verdict(True, "reached; no application listens there")
    text = f"no application listens: its proxy answered with status{said}"
    return Verdict(False, text, again=True)


def _accepted(outcome: Outcome) -> Verdict:
    """Of a connection on which nothing was sent."""
    if outcome.status or outcome.code == _NOT_FTP:
        return Verdict(True, "the server sent a greeting")
    if outcome.code == _TIMEOUT:
        text = "connection accepted" if outcome.connected else "no server accepted the connection"
        return Verdict(bool(outcome.connected), text, again=not outcome.connected)
    text = outcome.error or "curl printed nothing"
    return Verdict(False, f"curl: ({outcome.code}) {text}", again=outcome.code in _TRANSIENT)


def _served_grpc(outcome: Outcome, beyond: bool) -> Verdict:
    """Envoy says by gRPC's status that it got no answer; by HTTP, the status is 200."""
    code = outcome.headers.get(GRPC_STATUS, "")
    if code == _UNAVAILABLE and not beyond:
        said = outcome.headers.get(GRPC_MESSAGE, "")
        return Verdict(False, f"a proxy answered with gRPC status 14 {said}".rstrip(), again=True)
    return Verdict(True, f"status {outcome.status}" + (f", gRPC status {code}" if code else ""))


def _refused(expectation: MustFail, outcome: Outcome) -> Verdict:
    if outcome.status:
        return Verdict(False, f"got status {outcome.status}, but must be refused", again=True)
    if expectation.identity and outcome.identity != expectation.identity:
        if outcome.identity:
            return Verdict(False, f"it has identity {outcome.identity}, not {expectation.identity}")
        return Verdict(False, f"it showed no identity: curl: ({outcome.code}) {outcome.error}", again=True)
    if (reason := _reason(outcome)) and reason in expectation.reasons:
        shown = " after it showed its identity" if expectation.identity else ""
        return Verdict(True, f"{reason.value}{shown}")
    text = f"curl: ({outcome.code}) {outcome.error}"
    return Verdict(False, f"failed for another reason than expected: {text}", again=True)


def _reason(outcome: Outcome) -> RequestFailure | None:
    if outcome.code in {_TLS, _RESET} and _ALERT in outcome.error:
        return RequestFailure.TLS_ALERT
    if outcome.code == _TLS and ("reset" in outcome.error or "SYSCALL" in outcome.error):
        return RequestFailure.CLOSED
    return _FAILURES.get(outcome.code)
