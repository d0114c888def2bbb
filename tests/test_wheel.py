"""What `pip install` of the project would install."""

import json
import shutil
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.commands import PROJECT, run

ROOMS = ("model", "components", "plugins", "local", "operate", "cli")
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
    """The wheel, unpacked. It is built from a copy, as a build writes beside its sources."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for room in (*ROOMS, "hybrid_mesh"):
        shutil.copytree(
            PROJECT / room, source / room, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    build = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
    done = run([sys.executable, "-c", build, target], folder=source)
    with ZipFile(target / done.stdout.splitlines()[-1]) as wheel:
        wheel.extractall(target)
    return target


def test_a_plan_is_made_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PLAN, str(PROJECT / "stacks/Pulumi.local.yaml")]
    done = run(command, folder=tmp_path, environment={"PYTHONPATH": str(installed)})
    module, clusters, length = json.loads(done.stdout)
    assert Path(module).is_relative_to(installed)
    assert clusters == ["east", "west"]
    assert length > 0


def test_the_wheel_has_every_file_of_the_rooms(installed: Path) -> None:
    for room in ROOMS:
        there = {
            path.relative_to(PROJECT)
            for path in (PROJECT / room).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert {path for path in there if not (installed / "hybrid_mesh" / path).is_file()} == set()


def test_the_wheel_has_one_top_level_package(installed: Path) -> None:
    folders = {path.name for path in installed.iterdir() if path.is_dir()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"hybrid_mesh"}
