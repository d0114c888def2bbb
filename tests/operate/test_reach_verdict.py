"""Which answers prove that an application, a probe or a refusal is there."""

import pytest

from hybrid_mesh.operate.verify.checks import (
    MustFail,
    MustReach,
    MustRedirect,
    MustServe,
    Protocol,
    RequestFailure,
)
from hybrid_mesh.operate.verify.curl import Outcome
from hybrid_mesh.operate.verify.reach_verdict import judge_outcome, needs_body

UPSTREAM = {"x-envoy-upstream-service-time": "2"}
CLOSED = frozenset({RequestFailure.CLOSED, RequestFailure.TLS_ALERT})
SERVER, CALLER = "spiffe://d/ns/p/sa/probe", "spiffe://d/ns/demo/sa/legacy"


def seen(server: str = SERVER, caller: str = CALLER) -> dict[str, str]:
    return {"x-hybrid-mesh-cluster": "east", "x-hybrid-mesh-client": f'By={server};Subject="";URI={caller}'}


@pytest.mark.parametrize(
    ("outcome", "holds", "detail", "again"),
    [
        (Outcome(0, 200, "", UPSTREAM), True, "status 200", False),
        (Outcome(0, 200, ""), True, "status 200", False),
        (Outcome(0, 404, "", UPSTREAM), True, "status 404", False),
        (Outcome(0, 404, ""), False, "a proxy answered with status 404: it knows no such route", True),
        (Outcome(0, 401, ""), True, "status 401, perhaps of a proxy", False),
        (Outcome(0, 503, "", UPSTREAM, body="maintenance"), True, "status 503", False),
        (
            Outcome(0, 503, "", body="no healthy upstream"),
            False,
            "a proxy answered with status 503: no",
            True,
        ),
        (
            Outcome(
                0, 503, "", UPSTREAM, body="upstream connect error or disconnect/reset before headers. x"
            ),
            False,
            "no application listens: its proxy answered with status 503: upstream connect error",
            True,
        ),
        (Outcome(0, 503, "", body=""), False, "a proxy answered with status 503", True),
        (Outcome(0, 403, "", UPSTREAM, body="RBAC: access denied"), True, "reached; an Authorization", False),
        (Outcome(0, 403, "", UPSTREAM, body="members only"), True, "status 403", False),
        (Outcome(6, 0, "Could not resolve host: x"), False, "curl: (6) Could not resolve host: x", True),
        (Outcome(1, 0, "Unsupported protocol"), False, "curl: (1) Unsupported protocol", False),
        (Outcome(-1, 0, "curl printed nothing"), False, "curl printed nothing", False),
    ],
)
def test_what_proves_that_an_application_answers(
    outcome: Outcome, holds: bool, detail: str, again: bool
) -> None:
    verdict = judge_outcome(MustServe(Protocol.HTTP), outcome)
    assert (verdict.holds, verdict.again) == (holds, again)
    assert verdict.detail.startswith(detail)


def test_where_no_application_was_installed_none_need_listen() -> None:
    text = (
        "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"
    )
    serve = MustServe(Protocol.HTTP, required=False)
    assert judge_outcome(serve, Outcome(0, 503, "", UPSTREAM, body=text)).holds
    assert not judge_outcome(serve, Outcome(0, 503, "", body=text)).holds


@pytest.mark.parametrize(
    ("outcome", "holds", "detail"),
    [
        (Outcome(0, 200, "", {**UPSTREAM, "grpc-status": "12"}), True, "status 200, gRPC status 12"),
        (Outcome(0, 200, "", UPSTREAM), True, "status 200"),
        (
            Outcome(0, 200, "", {"grpc-status": "14", "grpc-message": "no healthy upstream"}),
            False,
            "a proxy answered with gRPC status 14 no healthy upstream",
        ),
        (Outcome(0, 200, "", {**UPSTREAM, "grpc-status": "14"}), True, "status 200, gRPC status 14"),
    ],
)
def test_grpc_says_by_its_own_status_that_nobody_answers(outcome: Outcome, holds: bool, detail: str) -> None:
    verdict = judge_outcome(MustServe(Protocol.GRPC), outcome)
    assert (verdict.holds, verdict.detail) == (holds, detail)


def test_tls_is_enough_where_another_protocol_is_inside() -> None:
    assert judge_outcome(MustServe(Protocol.TLS), Outcome(52, 0, "Empty reply", tls=True)).holds
    assert not judge_outcome(MustServe(Protocol.TLS), Outcome(35, 0, "wrong version number")).holds


def test_a_body_is_asked_for_where_it_decides() -> None:
    serve = MustServe(Protocol.HTTP)
    assert needs_body(serve, Outcome(0, 503, "", UPSTREAM))
    assert needs_body(serve, Outcome(0, 403, ""))
    assert not needs_body(serve, Outcome(0, 503, "", body=""))
    assert not needs_body(serve, Outcome(0, 404, ""))
    assert not needs_body(MustFail(CLOSED), Outcome(0, 503, ""))


@pytest.mark.parametrize(
    ("outcome", "holds", "detail"),
    [
        (Outcome(0, 200, "", seen()), True, "200, with both identities"),
        (Outcome(0, 200, "", seen(server="")), False, f"it has identity (none), not {SERVER}"),
        (Outcome(0, 200, "", seen(caller="spiffe://x")), False, f"it saw caller spiffe://x, not {CALLER}"),
        (Outcome(0, 200, ""), False, "cluster (none) answered"),
        (Outcome(0, 503, "", seen()), False, "status 503"),
    ],
)
def test_a_probe_answers_with_both_identities(outcome: Outcome, holds: bool, detail: str) -> None:
    verdict = judge_outcome(MustReach("east", SERVER, CALLER), outcome)
    assert (verdict.holds, verdict.detail) == (holds, detail)


ALERT = "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0"


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome(56, 0, "Recv failure: Connection reset by peer"), RequestFailure.CLOSED),
        (Outcome(52, 0, "Empty reply from server"), RequestFailure.CLOSED),
        (Outcome(55, 0, "Send failure: Broken pipe"), RequestFailure.CLOSED),
        (Outcome(35, 0, "OpenSSL SSL_connect: Connection reset by peer"), RequestFailure.CLOSED),
        (Outcome(35, 0, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL"), RequestFailure.CLOSED),
        (Outcome(56, 0, ALERT, identity=SERVER), RequestFailure.TLS_ALERT),
        (Outcome(28, 0, "Connection timed out after 1001 milliseconds"), RequestFailure.NO_ROUTE),
        (Outcome(7, 0, "Failed to connect"), RequestFailure.NO_ROUTE),
    ],
)
def test_a_refusal_must_be_of_the_right_kind(outcome: Outcome, reason: RequestFailure) -> None:
    assert judge_outcome(MustFail(frozenset({reason})), outcome).holds
    others = frozenset(RequestFailure) - {reason}
    assert not judge_outcome(MustFail(others), outcome).holds


@pytest.mark.parametrize(
    ("outcome", "detail"),
    [
        (Outcome(0, 200, ""), "got status 200, but must be refused"),
        (Outcome(35, 0, "wrong version number"), "it showed no identity: curl: (35) wrong version number"),
        (Outcome(56, 0, ALERT, identity=CALLER), f"it has identity {CALLER}, not {SERVER}"),
        (Outcome(-1, 0, "curl printed nothing"), "it showed no identity: curl: (-1) curl printed nothing"),
    ],
)
def test_a_server_must_show_its_identity_before_it_refuses(outcome: Outcome, detail: str) -> None:
    verdict = judge_outcome(MustFail(CLOSED, SERVER), outcome)
    assert (verdict.holds, verdict.detail) == (False, detail)


def test_a_redirect_has_its_status() -> None:
    assert judge_outcome(MustRedirect(301), Outcome(0, 301, "")).holds
    assert judge_outcome(MustRedirect(301), Outcome(0, 200, "")).detail == "status 200, not 301"
