import pytest

from hybrid_mesh.operate.verify.answers import Answer, Answers
from hybrid_mesh.operate.verify.checks import MustAnswer, MustFail, RequestFailure, Responder
from hybrid_mesh.operate.verify.verdict import judge

EAST = Responder("echo-e", "cluster east", "spiffe://d/ns/demo/sa/echo", frozenset({"east"}), "n-east")
WEST = Responder("echo-w", "cluster west", "spiffe://d/ns/demo/sa/echo", frozenset({"west"}), "n-west")
CALLER = "spiffe://d/ns/demo/sa/legacy"
EXPECTED = MustAnswer(
    (EAST, WEST), CALLER, frozenset({frozenset({"cluster east"}), frozenset({"cluster west"})}), requests=2
)


def answer(responder: Responder, **changes: object) -> Answer:
    fields: dict[str, object] = {
        "status": 200,
        "hostname": responder.hostname,
        "cluster": next(iter(responder.places)),
        "peer": CALLER,
        "server": responder.identity,
    }
    return Answer(**(fields | changes))  # type: ignore[arg-type]


def answered(*found: Answer) -> Answers:
    return Answers(found, "")


def test_all_as_expected_holds() -> None:
    verdict = judge(EXPECTED, answered(answer(EAST), answer(WEST)))
    assert verdict.holds
    assert verdict.detail == "200 from cluster east, cluster west"


@pytest.mark.parametrize(
    ("changes", "detail", "again"),
    [
        ({"status": 403}, "status 403", False),
        ({"status": 500}, "status 500", False),
        ({"status": 503}, "status 503", True),
        ({"hostname": "stranger"}, "response from stranger, which is not a backend", True),
        (
            {"server": "spiffe://d/ns/demo/sa/other"},
            "echo-w has identity spiffe://d/ns/demo/sa/other, not",
            False,
        ),
        ({"server": ""}, "echo-w has identity (none)", False),
        (
            {"peer": "spiffe://d/ns/demo/sa/echo"},
            "echo-w saw caller spiffe://d/ns/demo/sa/echo, not",
            False,
        ),
        ({"peer": "spiffe://other/ns/demo/sa/legacy"}, "saw caller spiffe://other", False),
        ({"peer": ""}, "echo-w saw caller (none)", False),
        ({"cluster": "east"}, "echo-w reports cluster east instead of cluster west", False),
    ],
)
def test_one_wrong_answer_among_right_ones_fails(
    changes: dict[str, object], detail: str, again: bool
) -> None:
    verdict = judge(EXPECTED, answered(answer(EAST), answer(WEST, **changes)))
    assert not verdict.holds
    assert detail in verdict.detail
    assert verdict.again is again


def test_a_silent_cluster_fails_and_is_named() -> None:
    verdict = judge(EXPECTED, answered(answer(EAST), answer(EAST)))
    assert not verdict.holds
    assert verdict.detail == "no response from cluster west"
    assert verdict.again


def test_fewer_answers_than_requests_fail() -> None:
    expected = MustAnswer((EAST,), CALLER, frozenset({frozenset({"cluster east"})}), requests=2)
    assert not judge(expected, answered(answer(EAST))).holds


@pytest.mark.parametrize(
    ("error", "again"),
    [
        ("lookup echo: no such host", True),
        ("unknown flag: -x", False),
        ("curl: (6) Could not resolve host: echo", True),
        ("curl: (56) Recv failure: Connection reset by peer", True),
        ("curl: (3) URL using bad/illegal format", False),
    ],
)
def test_a_failed_call_fails(error: str, again: bool) -> None:
    verdict = judge(EXPECTED, Answers((), error))
    assert (verdict.holds, verdict.detail, verdict.again) == (False, error, again)


@pytest.mark.parametrize(
    ("error", "way"),
    [
        ("read tcp 1->2: read: connection reset by peer", RequestFailure.CLOSED),
        ('Get "http:/": EOF', RequestFailure.CLOSED),
        ("remote error: tls: certificate required", RequestFailure.TLS_ALERT),
        ("dial tcp 10.20.4.7:8080: i/o timeout", RequestFailure.NO_ROUTE),
        ("dial tcp 10.20.4.7:8080: connect: no route to host", RequestFailure.NO_ROUTE),
        ("dial tcp 10.20.4.7:8080: connect: network is unreachable", RequestFailure.NO_ROUTE),
        (
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            RequestFailure.NO_ROUTE,
        ),
    ],
)
def test_a_refusal_holds_only_in_the_way_that_it_must(error: str, way: RequestFailure) -> None:
    assert judge(MustFail(frozenset({way})), Answers((), error)).holds
    others = frozenset(set(RequestFailure) - {way})
    assert not judge(MustFail(others), Answers((), error)).holds


def test_being_answered_where_it_must_fail_fails() -> None:
    verdict = judge(MustFail(frozenset(RequestFailure)), answered(answer(EAST)))
    assert not verdict.holds
    assert "got status 200 from echo-e" in verdict.detail


def test_a_missing_program_is_not_a_refusal() -> None:
    assert not judge(
        MustFail(frozenset(RequestFailure)), Answers((), "the echo client printed no response")
    ).holds
