"""What the pipelines promise: least rights, no stored key, one version of everything."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.commands import PROJECT
from tests.gitops.pipelines import ACTIONS, WORKFLOWS, composite, workflow

PINNED = re.compile(
    r"^\s*(?:- )?uses: (?P<action>[\w.-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40}) # v\d+\.\d+\.\d+$"
)
FILES = sorted(path.relative_to(ACTIONS).as_posix() for path in ACTIONS.rglob("*.yml"))


def _uses() -> Iterator[tuple[str, str]]:
    for name in FILES:
        for line in (ACTIONS / name).read_text().splitlines():
            if re.match(r"\s*(- )?uses:", line):
                yield name, line


def _jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in WORKFLOWS:
        for job, content in workflow(name)["jobs"].items():
            yield name, job, content


def test_every_foreign_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    foreign = [(name, line) for name, line in _uses() if "uses: ./" not in line]
    assert len(foreign) >= 10
    for name, line in foreign:
        assert PINNED.match(line), f"{name}: {line.strip()}"


def test_an_action_has_one_commit_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for _, line in _uses():
        if found := PINNED.match(line):
            pins.setdefault(found["action"], set()).add(found["commit"])
    assert {action: commits for action, commits in pins.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_rights_beyond_those_of_its_jobs(name: str) -> None:
    assert workflow(name)["permissions"] == {}


def test_jobs_have_the_rights_of_their_work_and_no_more() -> None:
    cloud = {"contents": "read", "id-token": "write"}
    assert {(name, job): content["permissions"] for name, job, content in _jobs()} == {
        ("preview.yml", "preview"): cloud,
        ("preview.yml", "comment"): {"pull-requests": "write"},
        ("apply.yml", "staging"): cloud,
        ("apply.yml", "prod"): cloud,
        ("apply-stack.yml", "apply"): cloud,
        ("drift.yml", "drift"): cloud,
        ("drift.yml", "report"): {"issues": "write"},
    }


@pytest.mark.parametrize("name", FILES)
def test_no_key_is_stored(name: str) -> None:
    text = (ACTIONS / name).read_text()
    assert "secrets." not in text
    assert "inherit" not in text
    assert not re.search(r"access[-_]key|credentials_json|ACCESS_TOKEN", text)


def test_previews_and_drift_checks_have_an_identity_other_than_that_which_applies() -> None:
    environments = {
        (name, job): content["environment"] for name, job, content in _jobs() if "environment" in content
    }
    assert environments == {
        ("preview.yml", "preview"): "${{ matrix.stack }}-preview",
        ("drift.yml", "drift"): "${{ matrix.stack }}-preview",
        ("apply-stack.yml", "apply"): "${{ inputs.stack }}",
    }


def test_the_code_of_a_fork_gets_no_identity() -> None:
    condition = workflow("preview.yml")["jobs"]["preview"]["if"]
    assert condition == "github.event.pull_request.head.repo.full_name == github.repository"


def test_production_waits_for_staging_and_an_update_is_not_cut_off() -> None:
    assert workflow("apply.yml")["jobs"]["prod"]["needs"] == "staging"
    assert workflow("apply-stack.yml")["jobs"]["apply"]["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize("name", ["preview.yml", "drift.yml"])
def test_every_environment_that_is_applied_is_previewed_and_watched(name: str) -> None:
    applied = [job["with"]["stack"] for job in workflow("apply.yml")["jobs"].values()]
    (matrix,) = (job["strategy"]["matrix"] for job in workflow(name)["jobs"].values() if "strategy" in job)
    assert matrix["stack"] == applied
    for stack in applied:
        assert (PROJECT / "stacks" / f"Pulumi.{stack}.yaml").exists()


def test_the_pipeline_has_the_pulumi_that_the_program_is_locked_to() -> None:
    locked = re.search(r"^pulumi==(\S+)", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    (version,) = (
        step["with"]["pulumi-version"]
        for step in composite()["runs"]["steps"]
        if "pulumi-version" in step.get("with", {})
    )
    assert locked is not None
    assert version == locked[1]


def test_what_is_shown_of_a_run_holds_no_output_of_the_stack() -> None:
    scripts = [step["run"] for _, _, job in _jobs() for step in job.get("steps", []) if "run" in step]
    engine = [script for script in scripts if re.search(r"\bpulumi (preview|up)\b", script)]
    assert len(engine) == 4
    for script in engine:
        assert "--suppress-outputs" in script
        assert "--non-interactive" in script
