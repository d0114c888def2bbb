"""What `pip install` of the project would install."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.commands import PROJECT, run
from tests.wheel import DATA, ROOMS, build_wheel

PLAN = """
import json, sys
import hybrid_mesh
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.stack_file import read_stack_file
from hybrid_mesh.model.texts.machine_texts import source_text
from pathlib import Path

plan = plan_from(read_stack_file(Path(sys.argv[1])), "local")
print(json.dumps([hybrid_mesh.__file__, sorted(plan.clusters), len(source_text("install.sh"))]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of packages into which the wheel is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    run([*pip, "--target", folder / "site", build_wheel(folder)])
    return folder / "site"


def test_a_plan_is_made_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PLAN, str(PROJECT / "stacks/Pulumi.local.yaml")]
    done = run(command, folder=tmp_path, environment={"PYTHONPATH": str(installed)})
    module, clusters, length = json.loads(done.stdout)
    assert Path(module).is_relative_to(installed)
    assert clusters == ["east", "west"]
    assert length > 0


def test_the_wheel_has_every_file_of_the_rooms(installed: Path) -> None:
    for room in (*ROOMS, *DATA):
        there = {
            path.relative_to(PROJECT)
            for path in (PROJECT / room).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert {path for path in there if not (installed / "hybrid_mesh" / path).is_file()} == set()
        programs = {path for path in there if os.access(PROJECT / path, os.X_OK)}
        assert {
            path for path in programs if not os.access(installed / "hybrid_mesh" / path, os.X_OK)
        } == set()


def test_a_host_that_has_the_toolchain_of_a_checkout_has_that_of_the_wheel(
    installed: Path, tmp_path: Path
) -> None:
    """Every component has the same key, so nothing is built a second time."""
    command = [sys.executable, "-P", "-m", "hybrid_mesh.local.toolchain", "check", "--json"]
    (tmp_path / "Pulumi.yaml").write_text("plugins: {providers: [{name: hybridmesh, path: .}]}\n")
    environment = os.environ | {"HYBRID_MESH_CACHE": str(tmp_path / "cache")}
    of_checkout = run(command, environment=environment, check=False).stdout
    environment["PYTHONPATH"] = str(installed)
    of_wheel = run(command, folder=tmp_path, environment=environment, check=False).stdout
    assert json.loads(of_wheel)["components"] == json.loads(of_checkout)["components"]


def test_a_project_of_the_wheel_is_that_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    """But for the place that the package is installed from, which is the wheel."""
    for name, environment in (("wheel", {"PYTHONPATH": str(installed)}), ("checkout", {})):
        command = [
            sys.executable,
            "-P",
            "-m",
            "hybrid_mesh.cli.main",
            "init",
            name,
            "--name",
            "x",
            "-t",
            "gke",
        ]
        run(command, folder=tmp_path, environment=os.environ | environment)
    assert "hybrid-mesh @ file:///" in (tmp_path / "wheel/requirements.txt").read_text()
    compared = run(["diff", "-r", "wheel", "checkout"], folder=tmp_path, check=False).stdout.splitlines()
    assert [line.split()[-1] for line in compared if line.startswith("diff")] == [
        "checkout/.hybrid-mesh.json",
        "checkout/requirements.txt",
    ]


def test_outside_a_project_a_command_of_the_wheel_says_how_to_create_one(
    installed: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-P", "-m", "hybrid_mesh.cli.main", "plan"]
    done = run(command, folder=tmp_path, environment={"PYTHONPATH": str(installed)}, check=False)
    assert done.returncode == 2
    assert f"error: {tmp_path} is not in a Hybrid Mesh project." in done.stderr
    assert "hybrid-mesh init" in done.stderr
    file = [*command, "--file", str(PROJECT / "stacks/Pulumi.prod.yaml")]
    assert "gke-eu" in run(file, folder=tmp_path, environment={"PYTHONPATH": str(installed)}).stdout


def test_a_plug_in_of_the_wheel_runs_in_the_environment_that_holds_it(
    installed: Path, tmp_path: Path
) -> None:
    site = tmp_path / "lib/python3.11/site-packages"
    shutil.copytree(installed / "hybrid_mesh/plugins", site / "hybrid_mesh/plugins")
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "own $2"\n')
    python.chmod(0o755)
    program = site / "hybrid_mesh/plugins/python_standin/bin/pulumi-language-python"
    assert run([program]).stdout == "own hybrid_mesh.plugins.python_standin\n"


def test_the_wheel_has_one_top_level_package(installed: Path) -> None:
    folders = {path.name for path in installed.iterdir() if path.is_dir()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"bin", "hybrid_mesh"}
