"""The pipelines under the linters of their trade."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_mesh.cli.project_files import Project
from hybrid_mesh.cli.project_record import write
from tests.commands import PROJECT, run
from tests.gitops.pipelines import lay_out

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """actionlint, built from its pinned Go module."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("the pipelines are not checked by actionlint: no Go on PATH to build it with")
    program = tmp_path_factory.mktemp("actionlint") / "actionlint"
    command = [go, "build", "-mod=readonly", "-o", str(program), "github.com/rhysd/actionlint/cmd/actionlint"]
    run(command, folder=HERE / "actionlint")
    return program


def _run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run(command, folder=cwd, seconds=120, check=False)


def of_a_project(folder: Path) -> Path:
    """The repository that `hybrid-mesh init` creates."""
    for path, file in Project("my-mesh", "gke", "hybrid-mesh==0.1.0").files().items():
        write(folder, path, file)
    (folder / ".git").mkdir()
    return folder


EACH_FORM = pytest.mark.parametrize("made", [lay_out, of_a_project])


@EACH_FORM
def test_actionlint_finds_nothing(actionlint: Path, tmp_path: Path, made: Callable[[Path], Path]) -> None:
    done = _run(actionlint, "-no-color", cwd=made(tmp_path))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_actionlint_sees_the_pipelines(actionlint: Path, tmp_path: Path) -> None:
    """Breaks one, to know that the linter looks at them and at the action that they use."""
    repository = lay_out(tmp_path)
    preview = repository / ".github" / "workflows" / "preview.yml"
    preview.write_text(preview.read_text().replace("aws-role:", "aws-roll:"))
    assert "aws-roll" in _run(actionlint, "-no-color", cwd=repository).stdout


@pytest.fixture(scope="session")
def zizmor() -> Path:
    program = Path(sys.executable).parent / "zizmor"
    if not program.exists():
        pytest.skip("the pipelines are not checked by zizmor: it is not in .venv; run make setup")
    return program


@EACH_FORM
def test_zizmor_finds_nothing(zizmor: Path, tmp_path: Path, made: Callable[[Path], Path]) -> None:
    repository = made(tmp_path)
    done = _run(
        zizmor,
        "--offline",
        "--persona=pedantic",
        "--config",
        HERE / "zizmor.yml",
        "--no-progress",
        ".",
        cwd=repository,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_sees_the_pipelines(zizmor: Path, tmp_path: Path) -> None:
    repository = lay_out(tmp_path)
    drift = repository / ".github" / "workflows" / "drift.yml"
    drift.write_text(drift.read_text().replace('"$STACK"', '"${{ github.head_ref }}"'))
    done = _run(zizmor, "--offline", "--no-progress", ".", cwd=repository)
    assert done.returncode != 0
    assert "template-injection" in done.stdout


def test_the_linters_are_pinned() -> None:
    assert "github.com/rhysd/actionlint v1.7.12" in (HERE / "actionlint" / "go.mod").read_text()
    assert (HERE / "actionlint" / "go.sum").exists()
    assert PROJECT.joinpath("requirements-dev.txt").exists()
