"""What is said of a run that failed."""

import pytest

from hybrid_mesh.cli.console import Verbosity, set_verbosity
from hybrid_mesh.cli.engine import Ended
from hybrid_mesh.cli.events import Message
from hybrid_mesh.cli.perform import Outcome, failure, perform
from hybrid_mesh.cli.phases import Work
from tests.cli.engine_events import EAST, STACK, begun, done, failed, message, summary
from tests.cli.fake_pulumi import FakePulumi

LOCKED = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end \
or delete the lock file with `pulumi cancel`.
  s3://bucket/.pulumi/locks/organization/hybrid-mesh/dev/3b.json: created by ann@build-7 (pid 42) at \
2026-11-23T05:00:00Z
"""
CONFLICT = (
    "error: [409] Conflict: Another update is currently in progress.\nTo learn more about possible reasons"
)


@pytest.mark.parametrize(
    ("printed", "who"),
    [
        (LOCKED, "the stack dev: ann@build-7 (pid 42) at 2026-11-23T05:00:00Z."),
        (CONFLICT, "the stack dev (it holds the lock)."),
    ],
)
def test_two_commands_on_one_stack(pulumi: FakePulumi, printed: str, who: str) -> None:
    pulumi.answer("up", code=255, stderr=printed)
    error = failure("up", "dev", perform(pulumi.engine(), "up"), "Fix it.")
    assert error.message == f"Another command works on {who}"
    assert "Wait for it to end" in error.remedy
    assert "`pulumi cancel dev` removes its lock" in error.remedy


def test_errors_are_printed_with_the_resource_and_whole(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "no memory:\n  2 GiB are needed [1 is free]"
    pulumi.answer(
        "up",
        code=255,
        stdout="engine's own lines\n",
        events=[
            begun("create", EAST),
            message("error", text, EAST),
            failed("create", EAST),
            message("error", "stopped", STACK),
        ],
    )
    error = failure("up", "local", perform(pulumi.engine(), "up"), "Fix it.")
    printed = capsys.readouterr().err
    assert f"error: mesh-east-cluster: {text}\n" in printed
    assert "error: stopped\n" in printed
    assert "engine's own lines" not in printed
    assert (error.message, error.remedy) == (
        "`pulumi up` failed with exit code 255; its errors are above.",
        "Fix it.",
    )


def test_without_an_error_of_its_own_the_last_lines_are_printed(
    pulumi: FakePulumi, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.answer("up", code=1, stderr="".join(f"line {number}\n" for number in range(50)))
    failure("up", "local", perform(pulumi.engine(), "up"), "")
    printed = capsys.readouterr().err
    assert "line 49" in printed
    assert "line 10\n" not in printed


def test_verbose_prints_the_engines_lines_once(pulumi: FakePulumi, capfd: pytest.CaptureFixture[str]) -> None:
    set_verbosity(Verbosity.VERBOSE)
    pulumi.answer("up", code=1, stdout="a line of the engine\n")
    outcome = perform(pulumi.engine(), "up")
    failure("up", "local", outcome, "")
    printed = capfd.readouterr()
    assert f"{printed.out}{printed.err}".count("a line of the engine") == 1
    assert "--event-log" not in pulumi.calls()[0]


def test_the_summary_counts_operations(pulumi: FakePulumi) -> None:
    events = [begun("create", EAST), done("create", EAST), summary(create=1, same=4)]
    pulumi.answer("up", events=events)
    outcome = perform(pulumi.engine(), "up")
    assert outcome.ok
    assert outcome.summary == "1 created, 4 unchanged"
    assert Outcome(Ended(0, ""), Work()).summary == "done"


def test_an_error_is_named_once() -> None:
    work = Work()
    for _ in range(2):
        work.feed(Message("error", "the same", EAST), 0.0)
    assert len(work.errors) == 1
