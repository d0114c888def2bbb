"""What a stack was last brought up with, from recorded answers of `pulumi stack history`."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.cli.deployed import Deployed, deployed
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.model.reading.stack_file import load_stack_file
from tests.cli.fake_pulumi import FakePulumi
from tests.commands import PROJECT

HISTORY = "stack history --json"
_FILE = load_stack_file(PROJECT / "stacks" / "Pulumi.local.yaml")


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    fake = FakePulumi(tmp_path, sys.executable)
    monkeypatch.setattr(Engine, "find", fake.engine)
    return fake


def _update(kind: str = "update", result: str = "succeeded", mesh: Any = _FILE.mesh) -> dict[str, Any]:
    value = {"value": json.dumps(mesh), "secret": False, "objectValue": mesh}
    return {"version": 0, "kind": kind, "result": result, "config": {"hybrid-mesh:mesh": value}}


def _read(pulumi: FakePulumi, *updates: dict[str, Any]) -> Deployed:
    pulumi.answer(HISTORY, stdout=json.dumps(updates))
    return deployed("local")


def test_the_newest_update_counts_and_no_secret_is_asked_for(pulumi: FakePulumi) -> None:
    older = json.loads(json.dumps(_FILE.mesh)) | {"id": "before"}
    found = _read(pulumi, _update("refresh", mesh={}), _update(), _update(mesh=older))
    assert found.plan is not None
    assert (found.plan.mesh_id, found.complete) == (_FILE.mesh["id"], True)
    assert "--show-secrets" not in pulumi.calls()[0]


def test_an_update_that_failed_is_not_complete(pulumi: FakePulumi) -> None:
    found = _read(pulumi, _update(result="failed"), _update())
    assert found.plan is not None
    assert not found.complete


def test_a_destroy_that_failed_leaves_some_of_it(pulumi: FakePulumi) -> None:
    found = _read(pulumi, _update("destroy", "failed"), _update())
    assert found.plan is not None
    assert not found.complete


@pytest.mark.parametrize("updates", [[], [_update("destroy"), _update()], [_update("refresh")]])
def test_nothing_is_deployed_before_the_first_update_and_after_a_destroy(
    pulumi: FakePulumi, updates: list[dict[str, Any]]
) -> None:
    assert _read(pulumi, *updates) == Deployed(None)


def test_a_new_stack_has_an_empty_history(pulumi: FakePulumi) -> None:
    pulumi.answer(HISTORY, stdout="")
    assert deployed("local") == Deployed(None)


@pytest.mark.parametrize(
    "answer",
    [{"stdout": "no JSON"}, {"code": 255, "stderr": "error: no stack named local"}, {"stdout": "{}"}],
)
def test_a_history_that_cannot_be_read_is_one_error(pulumi: FakePulumi, answer: dict[str, object]) -> None:
    pulumi.answer(HISTORY, **answer)
    with pytest.raises(CommandError, match="history of the stack local cannot be read") as error:
        deployed("local")
    assert "PULUMI_BACKEND_URL" in error.value.remedy


def test_a_backend_that_does_not_answer_is_not_waited_for(
    pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.deployed._SECONDS", 0.2)
    pulumi.answer(HISTORY, seconds=5)
    with pytest.raises(CommandError, match="its backend does not answer"):
        deployed("local")


@pytest.mark.parametrize(
    "update",
    [
        _update(mesh={"id": "mesh1", "cloud": "of version 0"}),
        _update(mesh=[]),
        {"kind": "update", "result": "succeeded", "config": {}},
        {"kind": "update", "result": "succeeded"},
        {"kind": "update", "result": "succeeded", "config": {"hybrid-mesh:mesh": {"value": "[secret]"}}},
    ],
)
def test_a_configuration_of_another_version_is_one_error(pulumi: FakePulumi, update: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="that this version cannot read") as error:
        _read(pulumi, update)
    assert "--diff FILE" in error.value.remedy
    assert "\n" not in error.value.message
