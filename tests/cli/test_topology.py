"""`hybrid-mesh topology`: formats, what a mesh is compared with, and what goes wrong."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.main import app
from hybrid_mesh.local.lab.errors import LabNotRunning
from tests.cli.fake_pulumi import FakePulumi
from tests.commands import HYBRID_MESH, PROJECT
from tests.docs.shapes import differences, documented
from tests.operate.machine_evidence import mesh
from tests.operate.test_verify_report import report
from tests.operate.topology.meshes import raw


def _file(folder: Path, mesh: object) -> str:
    path = folder / "other.yaml"
    path.write_text(yaml.safe_dump({"config": {"hybrid-mesh:mesh": mesh}}))
    return str(path)


@pytest.mark.usefixtures("running")
def test_its_json_is_documented(tmp_path: Path) -> None:
    other = raw("local") | {"trustDomain": "other.example.com"}
    del other["ingress"]
    runs = (["--diff", _file(tmp_path, other)], ["--file", _file(tmp_path, other)], ["--live"])
    done = [CliRunner().invoke(app, ["topology", "--format", "json", *run]) for run in runs]
    assert [each.exit_code for each in done] == [0, 0, 0]
    samples = [json.loads(each.stdout) for each in done]
    assert samples[0]["comparedWith"] == str(tmp_path / "other.yaml")
    rows = documented(PROJECT / "docs" / "json.md", "The picture of a mesh")
    assert differences(samples, rows) == []


def test_a_change_is_marked_and_summed_up_beside_the_picture(tmp_path: Path) -> None:
    other = raw("local")
    del other["ingress"]
    done = CliRunner().invoke(app, ["topology", "--format", "mermaid", "--diff", _file(tmp_path, other)])
    assert done.exit_code == 0
    assert "class n7,n8,n9 added" in done.stdout
    assert "3 added (ingress public, route split, service echo)" in done.stderr.replace("\n", " ")


def test_what_is_deployed_is_the_other_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi = FakePulumi(tmp_path, sys.executable)
    monkeypatch.setattr(Engine, "find", pulumi.engine)
    before = raw("local")
    before["workloadGroups"]["legacy"]["cluster"] = "west"
    entry = {"hybrid-mesh:mesh": {"value": json.dumps(before)}}
    history = [{"kind": "update", "result": "failed", "config": entry}]
    pulumi.answer("stack history", stdout=json.dumps(history))
    done = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["topology", "--format", "mermaid", "--diff", "deployed"]
    )
    assert done.exit_code == 0
    assert "warning: The stack's last update failed" in done.stderr
    assert "Compared with what is deployed: 1 moved (group legacy)." in done.stderr


def test_before_the_first_up_all_of_it_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi = FakePulumi(tmp_path, sys.executable)
    monkeypatch.setattr(Engine, "find", pulumi.engine)
    pulumi.answer("stack history", stdout="[]")
    done = CliRunner(env={"COLUMNS": "300"}).invoke(
        app, ["topology", "--format", "mermaid", "--diff", "deployed"]
    )
    assert done.exit_code == 0
    assert "Compared with what is deployed (nothing): 13 added" in done.stderr


@pytest.mark.parametrize(
    ("kind", "begin"),
    [("html", "<!doctype html>"), ("svg", "<svg xmlns="), ("mermaid", "flowchart LR"), ("json", "{")],
)
def test_it_is_written_to_a_file(tmp_path: Path, kind: str, begin: str) -> None:
    run = ["topology", "--output", str(tmp_path / "mesh"), "--format", kind]
    done = CliRunner().invoke(app, run)
    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / "mesh").read_text().startswith(begin)
    assert (tmp_path / "mesh").read_text() == CliRunner().invoke(app, [run[0], *run[3:]]).stdout


def test_a_page_does_not_go_to_a_terminal() -> None:
    terminal, inner = pty.openpty()
    done = subprocess.run(
        [*HYBRID_MESH, "topology"], stdout=inner, stderr=subprocess.PIPE, cwd=PROJECT, check=False, timeout=60
    )
    os.set_blocking(terminal, False)
    with pytest.raises(BlockingIOError):
        os.read(terminal, 1)
    os.close(inner)
    os.close(terminal)
    assert done.returncode == 2
    assert b"A terminal cannot show html." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--diff", "nowhere.yaml"], "nowhere.yaml"),
        (["--diff", str(PROJECT)], "stack file"),
        (["--output", "/nowhere/mesh.html"], "/nowhere/mesh.html cannot be written"),
        (["--format", "png"], "png"),
    ],
)
def test_a_wrong_argument_is_one_error(arguments: list[str], problem: str) -> None:
    done = CliRunner().invoke(app, ["topology", *arguments])
    assert done.exit_code == 2
    assert problem in done.stderr
    assert "Traceback" not in done.stderr


def test_problems_of_either_file_are_listed(tmp_path: Path) -> None:
    wrong = raw("local")
    wrong["clusters"]["east"]["network"] = "cairo"
    path = _file(tmp_path, wrong)
    for run in (["--diff", path], ["--file", path]):
        done = CliRunner().invoke(app, ["topology", *run])
        assert done.exit_code == 2
        assert "clusters.east.network" in done.stderr


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mesh with recorded evidence, whose verification has one failure."""
    module = "hybrid_mesh.cli.topology"
    monkeypatch.setattr(f"{module}.LabClient.connect", lambda **_: None)
    monkeypatch.setattr(f"{module}.MeshShell", lambda plan: plan)
    monkeypatch.setattr(f"{module}.collect", lambda plan, _: mesh(plan))
    monkeypatch.setattr(f"{module}.check", lambda plan, _: report())


@pytest.mark.usefixtures("running")
def test_a_running_mesh_is_coloured_by_what_is_found() -> None:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["topology", "--live", "--format", "json"])
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["lookedAt"] == "2026-11-27 12:00:00 UTC"
    assert {each["health"] for each in found["probes"]} == {"healthy", "broken"}
    assert "1 of 2 requests failed" in done.stderr


def test_a_mesh_that_is_down_is_drawn_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_lab(**_: object) -> None:
        raise LabNotRunning

    monkeypatch.setattr("hybrid_mesh.cli.topology.LabClient.connect", no_lab)
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["topology", "--live", "--format", "mermaid"])
    assert done.exit_code == 1
    assert "warning: The mesh cannot be looked at: No lab is running." in done.stderr
    assert "class n3,n5,n10 unknown" in done.stdout
