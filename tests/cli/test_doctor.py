"""`hybrid-mesh doctor`: what it prints, how it ends, and what --fix does."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import doctor as command
from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.typed import COMMAND
from hybrid_mesh.operate.doctor.evidence import Evidence
from hybrid_mesh.operate.doctor.run import Diagnosis, diagnose
from tests.cli.fake_lab import FakeLab
from tests.operate.evidence import healthy, spoiled
from tests.operate.mesh import FakeShell, mesh_plan

runner = CliRunner()


class Mesh:
    """A mesh whose evidence is prepared: that of each look, the last one for all further looks."""

    def __init__(self) -> None:
        self.shell = FakeShell()
        self.looks: list[Evidence] = [healthy(mesh_plan())]

    def examine(self, *_: object, **__: object) -> Diagnosis:
        return diagnose(mesh_plan(), self.looks.pop(0) if len(self.looks) > 1 else self.looks[0])


@pytest.fixture
def mesh(monkeypatch: pytest.MonkeyPatch) -> Mesh:
    made = Mesh()
    resource = {
        "urn": "urn:pulumi:local::mesh::kubernetes::mesh-east-istio-strict",
        "outputs": {"__fieldManager": "pulumi-kubernetes-1a2b"},
    }
    state = {"deployment": {"resources": [resource]}}
    monkeypatch.setattr(command, "MeshShell", lambda _: made.shell)
    monkeypatch.setattr(command, "LabClient", FakeLab())
    monkeypatch.setattr(command, "stack_plan", lambda _: mesh_plan())
    monkeypatch.setattr(command, "examine", made.examine)
    monkeypatch.setattr(command, "exported_state", lambda _: state)
    monkeypatch.setattr(command, "running_update", lambda _: None)
    return made


def permissive() -> Evidence:
    def change(found: dict[str, Any]) -> None:
        found["spec"] = {"mtls": {"mode": "PERMISSIVE"}}

    return spoiled(healthy(mesh_plan()), "east", "PeerAuthentication", "default", change)


def scaled_down() -> Evidence:
    return spoiled(
        healthy(mesh_plan()), "west", "Deployment", "istiod", lambda d: d["spec"].update(replicas=0)
    )


def test_a_healthy_mesh_ends_with_0(mesh: Mesh) -> None:
    done = runner.invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert "The mesh is healthy" in done.stdout


def test_warnings_end_with_1_and_what_is_broken_with_2(mesh: Mesh) -> None:
    mesh.looks = [permissive()]
    done = runner.invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "! PeerAuthentication istio-system/default of east  [object-changed]" in done.stdout
    assert f"→ {COMMAND} up\n" in done.stdout
    mesh.looks = [scaled_down()]
    done = runner.invoke(app, ["doctor", "--stack", "mine", "--json"])
    assert done.exit_code == 2
    document = json.loads(done.stdout)
    assert document["state"] == "broken"
    [found] = document["findings"]
    assert found["remedy"][0].startswith(f"{COMMAND} kubectl --stack mine west -- scale deployment/istiod")


def test_what_an_update_that_runs_may_still_change_is_not_judged(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = datetime(2026, 11, 27, 12, tzinfo=UTC)
    monkeypatch.setattr(command, "running_update", lambda _: began)
    mesh.looks = [permissive()]
    result = runner.invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert "an update runs since 12:00:00 UTC" in " ".join(result.stdout.split())
    mesh.looks = [scaled_down()]
    assert runner.invoke(app, ["doctor"]).exit_code == 2


def test_a_repair_is_applied_as_the_manager_that_declared_the_object(mesh: Mesh) -> None:
    mesh.looks = [permissive(), healthy(mesh_plan())]
    done = runner.invoke(app, ["doctor", "--fix", "--yes", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert [each["check"] for each in document["before"]] == ["object-changed"]
    assert [each["done"] for each in document["repairs"]] == [True]
    [applied] = [call for call in mesh.shell.calls if "apply" in call]
    assert "--field-manager=pulumi-kubernetes-1a2b" in applied


def test_nobody_at_the_terminal_and_no_yes_changes_nothing(mesh: Mesh) -> None:
    mesh.looks = [permissive()]
    done = runner.invoke(app, ["doctor", "--fix"])
    assert done.exit_code == 2
    assert "Add --yes." in done.stderr
    assert mesh.shell.calls == []


def test_a_no_repairs_nothing(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "can_ask", lambda: True)
    asked: list[str] = []

    def refused(question: str) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr(command, "confirmed", refused)
    mesh.looks = [permissive()]
    done = runner.invoke(app, ["doctor", "--fix"])
    assert done.exit_code == 1
    assert asked == ["Set PeerAuthentication istio-system/default of east back to what is declared?"]
    assert mesh.shell.calls == []


def test_an_object_that_the_state_does_not_have_is_left_to_up(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "exported_state", lambda _: {})
    mesh.looks = [permissive()]
    done = runner.invoke(app, ["doctor", "--fix", "--yes"])
    assert done.exit_code == 1
    assert f"failed: the stack's state does not have it: run `{COMMAND} up`" in done.stderr
