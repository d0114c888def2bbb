"""The pipelines' commands where Pulumi answers as it pleases."""

import os
from pathlib import Path

import pytest

from tests.gitops.runner import Runner

_PULUMI = """#!/bin/sh
echo "asked: $*"
exit {code}
"""


_NOTICES = """#!/bin/sh
echo "noted: $*"
exit {code}
"""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    runner = Runner(tmp_path, os.environ)
    runner.program("hybrid-mesh", _NOTICES.format(code=0))
    return runner


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0, "no drift"),
        (7, "drift: the stack is not as declared"),
        (3, "the check itself failed with exit code 3"),
    ],
)
def test_a_check_distinguishes_drift_from_its_own_failure(runner: Runner, code: int, verdict: str) -> None:
    runner.program("pulumi", _PULUMI.format(code=code))
    (check,) = runner.job("drift.yml", "drift")
    assert check.code == code
    assert f"### local: {verdict}\n" in runner.summary.read_text()
    assert "asked: preview --stack local --refresh --expect-no-changes" in check.output


def test_a_warning_about_the_state_fails_a_check_that_finds_no_drift(runner: Runner) -> None:
    runner.program("pulumi", _PULUMI.format(code=0))
    runner.program("hybrid-mesh", _NOTICES.format(code=1))
    (check,) = runner.job("drift.yml", "drift")
    assert check.code == 1
    summary = runner.summary.read_text()
    assert "### local: no drift, but the notices have a warning\n" in summary
    assert "noted: plan --stack local --state\n" in summary


def test_an_open_issue_is_continued(runner: Runner) -> None:
    runner.program("gh", '#!/bin/sh\necho "$@" >> "$GH_CALLS/arguments"\n[ "$2" != list ] || echo 12\n')
    (report,) = runner.job("drift.yml", "report")
    assert report.code == 0, report.output
    assert runner.arguments()[1].startswith("issue comment 12 --body-file")


def test_a_preview_that_fails_fails_the_job_and_is_still_shown(runner: Runner) -> None:
    runner.program("pulumi", _PULUMI.format(code=4))
    (preview,) = runner.job("preview.yml", "preview")
    assert preview.code == 4
    (comment,) = runner.job("preview.yml", "comment")
    assert comment.code == 0, comment.output
    assert "asked: preview --stack local" in runner.body()


def test_a_comment_holds_what_github_takes(runner: Runner) -> None:
    """A comment has 65,536 characters at most; two stacks are previewed."""
    for stack in ("staging", "prod"):
        (runner.temporary / f"{stack}.txt").write_text("x" * 100_000 + "the end")
    (comment,) = runner.job("preview.yml", "comment")
    assert comment.code == 0, comment.output
    assert len(runner.body()) < 65_536
    assert runner.body().count("the end") == 2


def test_nothing_is_applied_twice_after_a_failure(runner: Runner) -> None:
    runner.program("pulumi", _PULUMI.format(code=1))
    assert [result.step.name for result in runner.job("apply-stack.yml", "apply")] == ["Apply"]
