"""`hybrid-mesh upgrade-project`: what a new version writes differently is renewed, what is edited is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from hybrid_mesh.cli.project_record import checksum
from tests.cli.test_init import hybrid_mesh, init
from tests.commands import run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """As a former version wrote it: two of its files were different then."""
    folder = tmp_path / "my-mesh"
    init(folder, "--template", "gke")
    for path in ("Makefile", ".github/workflows/drift.yml"):
        generated(folder, path, "# an old one\n")
    (folder / "requirements.txt").write_text("boto3\nhybrid-mesh==0.0.1\n")
    run(["git", "init", "-q", "."], folder=folder)
    run(["git", "add", "-A"], folder=folder)
    return folder


def generated(folder: Path, path: str, text: str) -> None:
    """Lets `text` be what was generated."""
    (folder / path).write_text(text)
    record = read_record(folder)
    record["files"][path] = checksum(text)
    (folder / ".hybrid-mesh.json").write_text(json.dumps(record))


def read_record(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / ".hybrid-mesh.json").read_text())
    return record


def upgrade(folder: Path, *options: str, check: bool = True) -> Result:
    return hybrid_mesh(folder, "upgrade-project", *options, check=check)


def changed(folder: Path) -> set[str]:
    return set(run(["git", "diff", "--name-only"], folder=folder).stdout.split()) - {".hybrid-mesh.json"}


def test_a_dry_run_prints_the_differences_and_changes_nothing(project: Path) -> None:
    done = upgrade(project, "--dry-run")
    assert "--- Makefile (now)\n+++ Makefile (new)\n" in done.stdout
    assert "-# an old one\n" in done.stdout
    assert run(["git", "status", "--porcelain"], folder=project).stdout.count("\nAM") == 0
    assert changed(project) == set()


def test_without_a_terminal_it_needs_yes(project: Path) -> None:
    done = upgrade(project, check=False)
    assert done.exit_code == 2
    assert "Nothing was changed" in done.stderr
    assert changed(project) == set()


def test_what_nobody_has_edited_is_renewed_and_then_there_is_nothing_to_do(project: Path) -> None:
    upgrade(project, "--yes")
    assert changed(project) == {"Makefile", ".github/workflows/drift.yml", "requirements.txt"}
    lines = (project / "requirements.txt").read_text().splitlines()
    assert lines[0] == "boto3"
    assert lines[1].startswith("-e /")
    assert "Nothing to renew." in upgrade(project, "--yes").stderr


def test_an_edited_file_is_reported_each_time_and_replaced_only_by_name(project: Path) -> None:
    (project / "Makefile").write_text("# an old one\nmine:\n")
    (project / "stacks/Pulumi.staging.yaml").write_text("config: {}\n")
    run(["git", "add", "-A"], folder=project)
    for _ in range(2):
        done = upgrade(project, "--yes")
        assert "not changed: Makefile (you have edited it)" in done.stderr
        assert "-mine:" in done.stdout
    assert changed(project) == {".github/workflows/drift.yml", "requirements.txt"}
    upgrade(project, "--yes", "--replace", "Makefile")
    assert "mine" not in (project / "Makefile").read_text()
    assert (project / "stacks/Pulumi.staging.yaml").read_text() == "config: {}\n"


def test_an_edited_file_that_the_new_version_leaves_alone_is_not_mentioned(project: Path) -> None:
    (project / "README.md").write_text("mine\n")
    done = upgrade(project, "--yes")
    assert "README" not in done.stdout + done.stderr
    assert (project / "README.md").read_text() == "mine\n"


def test_a_deleted_file_stays_deleted_and_a_new_one_is_added(project: Path) -> None:
    (project / ".github/workflows/drift.yml").unlink()
    record = read_record(project)
    del record["files"][".github/workflows/preview.yml"]
    (project / ".hybrid-mesh.json").write_text(json.dumps(record))
    (project / ".github/workflows/preview.yml").unlink()
    done = upgrade(project, "--yes")
    assert "drift.yml (you have deleted it)" in done.stderr
    assert not (project / ".github/workflows/drift.yml").exists()
    assert (project / ".github/workflows/preview.yml").exists()


@pytest.mark.parametrize(
    ("record", "said"), [(None, "was not created by `hybrid-mesh init`"), ("[]", "cannot be used")]
)
def test_without_a_usable_record_nothing_is_done(project: Path, record: str | None, said: str) -> None:
    path = project / ".hybrid-mesh.json"
    path.unlink() if record is None else path.write_text(record)
    done = upgrade(project, "--yes", check=False)
    assert done.exit_code == 2
    assert said in done.stderr
    assert changed(project) == set()


def test_a_file_that_would_not_change_cannot_be_replaced(project: Path) -> None:
    done = upgrade(project, "--yes", "--replace", "README.md", check=False)
    assert done.exit_code == 2
    assert "Makefile" in done.stderr
