"""Every foreseen failure: one or two lines, the exit code, no traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import verify as verify_command
from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.typed import COMMAND
from hybrid_mesh.local.lab.errors import LabError, PreflightError

runner = CliRunner()
WRONG = """config:
  hybrid-mesh:mesh:
    id: Not A Label
    networks: {one: {type: local, cidr: 10.0.0.0/16}}
    clusters: {east: {type: local, network: two}}
    colour: green
"""


@pytest.fixture
def wrong_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "stacks" / "Pulumi.local.yaml"
    path.parent.mkdir()
    path.write_text(WRONG)
    monkeypatch.setattr("hybrid_mesh.cli.plans.project_folder", lambda: tmp_path)
    return path


@pytest.mark.parametrize("command", ["up", "verify"])
def test_a_wrong_configuration_ends_with_2_and_every_wrong_key(wrong_file: Path, command: str) -> None:
    done = runner.invoke(app, [command])
    assert done.exit_code == 2
    assert "Not A Label" in done.stderr
    assert "colour" in done.stderr
    assert "Traceback" not in done.output


def test_a_stack_without_a_file_ends_with_2(wrong_file: Path) -> None:
    done = runner.invoke(app, ["verify", "--stack", "nowhere"])
    assert done.exit_code == 2
    assert "Pulumi.nowhere.yaml" in done.stderr


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (LabError("the disk is full: make room"), 1, "make room"),
        (LabError("try `hybrid-mesh lab down`"), 1, f"try `{COMMAND} lab down`"),
        (PreflightError(["stop it: `X=1 hybrid-mesh lab down`"]), 1, f"stop it: `X=1 {COMMAND} lab down`"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_foreseen_failures_have_their_codes(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr(verify_command, "stack_plan", fail)
    done = runner.invoke(app, ["verify"])
    assert done.exit_code == code
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_what_nobody_foresaw_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(verify_command, "stack_plan", fail)
    assert isinstance(runner.invoke(app, ["verify"]).exception, ZeroDivisionError)


def test_an_unknown_command_ends_with_2() -> None:
    assert runner.invoke(app, ["fly"]).exit_code == 2


@pytest.mark.parametrize(
    "command", [[], ["up"], ["down"], ["verify"], ["plan"], ["bundle"], ["lab"], ["lab", "shell"]]
)
def test_every_command_explains_itself(command: list[str]) -> None:
    done = runner.invoke(app, [*command, "--help"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 8


def test_a_wrong_multiplier_of_deadlines_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRID_MESH_PATIENCE", "ten")
    done = runner.invoke(app, ["plan"])
    assert done.exit_code == 2
    assert "HYBRID_MESH_PATIENCE must be a number from 1 to 1000 (got ten)." in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
@pytest.mark.parametrize(
    ("options", "reason"), [("size=4k", "the disk is full"), ("ro", "the file system is read-only")]
)
def test_a_disk_that_takes_nothing_is_said_and_nothing_is_left_half_made(
    tmp_path: Path, options: str, reason: str
) -> None:
    """Once with a file system that has room for folders only."""
    script = f"""
mount -t tmpfs -o {options},mode=0700 tmpfs {tmp_path}
head -c 100000 /dev/zero > {tmp_path}/fill 2> /dev/null
{sys.executable} -m hybrid_mesh.cli.main env
echo "code $?"
find {tmp_path} -type f ! -name fill
"""
    done = subprocess.run(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", script],
        env={**os.environ, "HYBRID_MESH_STATE": str(tmp_path / "state"), "PULUMI_HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "code 1\n"
    assert reason in done.stderr
    assert "HYBRID_MESH_STATE and HYBRID_MESH_CACHE" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["plan"], ["check"], ["verify"], ["kubeconfig"], ["bundle", "x"]])
def test_every_command_with_json_prints_a_wrong_files_problems_as_json(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.wrong.yaml").write_text("config:\n  hybrid-mesh:mesh: {id: 1}\n")
    (tmp_path / "Pulumi.yaml").write_text("name: p\nplugins:\n  providers:\n    - name: hybridmesh\n")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [*command, "--json", "--stack", "wrong"])
    assert done.exit_code == 2
    assert json.loads(done.stdout)["problems"][0]["file"] == "stacks/Pulumi.wrong.yaml"
    assert done.stderr == ""
