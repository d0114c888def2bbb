"""`hybrid-mesh plan --state`: notices for people and scripts, without a secret."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.main import app
from tests.cli.fake_pulumi import FakePulumi
from tests.commands import PROJECT
from tests.docs.shapes import differences, documented

EXPORT = "stack export --stack local"
PENDING = {"deployment": {"resources": [{}], "pending_operations": [{"resource": {"urn": "a::b"}}]}}


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    fake = FakePulumi(tmp_path, sys.executable)
    monkeypatch.setattr(Engine, "find", fake.engine)
    return fake


def test_a_warning_has_its_own_exit_code_and_secrets_are_not_asked_for(pulumi: FakePulumi) -> None:
    pulumi.answer(EXPORT, stdout=json.dumps(PENDING))
    done = CliRunner(env={"COLUMNS": "150"}).invoke(app, ["plan", "--state"])
    assert done.exit_code == 1
    assert "interrupted while it worked on b" in done.stdout
    assert pulumi.calls() == [[*EXPORT.split(), "--non-interactive"]]


def test_its_json_is_documented(pulumi: FakePulumi) -> None:
    pulumi.answer(EXPORT, stdout="{}")
    done = CliRunner().invoke(app, ["plan", "--state", "--json"])
    assert done.exit_code == 0
    rows = documented(PROJECT / "docs" / "json.md", "Notices about the last state")
    assert differences([json.loads(done.stdout)], rows) == []


@pytest.mark.parametrize(
    "answer", [{"stdout": "no JSON"}, {"code": 255, "stderr": "error: no stack named local"}]
)
def test_a_state_that_cannot_be_read_is_one_error(pulumi: FakePulumi, answer: dict[str, object]) -> None:
    pulumi.answer(EXPORT, **answer)
    done = CliRunner().invoke(app, ["plan", "--state"])
    assert done.exit_code == 1
    assert "The state of the stack local cannot be read" in done.stderr
    assert "PULUMI_BACKEND_URL" in done.stderr
