"""`hybrid-mesh explain`: a script for people, and what is wrong with a file."""

import subprocess
from pathlib import Path

from typer.testing import CliRunner

from hybrid_mesh.cli.main import app


def test_prints_a_script_and_counts_its_commands() -> None:
    done = CliRunner().invoke(app, ["explain", "--stack", "local"])
    assert done.exit_code == 0
    assert "# 1. certificates: Root of the mesh" in done.stdout
    assert "# Not included: creating cluster east (local)." in done.stdout
    assert "istioctl create-remote-secret --context west --name west" in done.stdout
    assert "steps" in done.stderr
    read = subprocess.run(["bash", "-n"], input=done.stdout, text=True, capture_output=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def test_a_wrong_file_is_refused_as_by_plan(tmp_path: Path) -> None:
    wrong = tmp_path / "Pulumi.wrong.yaml"
    wrong.write_text("config:\n  hybrid-mesh:mesh: {id: a b, networks: {}}\n")
    done, planned = (CliRunner().invoke(app, [name, "--file", str(wrong)]) for name in ("explain", "plan"))
    assert (done.exit_code, done.stderr) == (planned.exit_code, planned.stderr)
    assert done.exit_code == 2
