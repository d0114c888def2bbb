import errno
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli.main import app
from tests.cli.fake_pulumi import FakePulumi
from tests.commands import PROJECT, run
from tests.docs.shapes import differences, documented

runner = CliRunner()
TEXT = "config: {}\n"


@pytest.fixture
def file(tmp_path: Path, pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stack's file of a checkout whose backend and passphrase are ours."""
    passphrase, backend = tmp_path / "passphrase", tmp_path / "backend"
    passphrase.write_text("words")
    passphrase.with_name("passphrase.salt").write_text("v1:ours")
    backend.mkdir()
    path = tmp_path / "stacks" / "Pulumi.local.yaml"
    path.parent.mkdir()
    path.write_text(TEXT)
    for module in ("hybrid_mesh.cli.stack", "hybrid_mesh.cli.env"):
        monkeypatch.setattr(f"{module}.project_folder", lambda: tmp_path)
    monkeypatch.setattr("hybrid_mesh.cli.env.Engine.find", lambda _: pulumi.engine(backend, passphrase))
    return path


def make_stack(tmp_path: Path) -> None:
    folder = tmp_path / "backend" / ".pulumi" / "stacks" / "hybrid-mesh"
    folder.mkdir(parents=True)
    (folder / "local.json").write_text("{}")


def test_a_stack_that_is_not_there_is_made(file: Path, pulumi: FakePulumi) -> None:
    assert runner.invoke(app, ["env"]).exit_code == 0
    assert pulumi.calls()[0][:4] == ["stack", "select", "local", "--create"]
    assert file.read_text() == TEXT + "encryptionsalt: v1:ours\n"


def test_a_stack_that_is_there_costs_no_pulumi_and_gets_the_right_salt(
    file: Path, pulumi: FakePulumi, tmp_path: Path
) -> None:
    make_stack(tmp_path)
    file.write_text(TEXT + "encryptionsalt: v1:of:another\n")
    assert runner.invoke(app, ["env"]).exit_code == 0
    assert pulumi.calls() == []
    assert file.read_text() == TEXT + "encryptionsalt: v1:ours\n"


def test_the_tree_stays_clean(file: Path, tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        return run(["git", *arguments], folder=file.parent).stdout

    git("init", "--quiet", ".")
    git("add", file.name)
    assert runner.invoke(app, ["env"]).exit_code == 0
    assert "encryptionsalt" in file.read_text()
    assert git("diff", "--name-only") == ""


def test_a_stack_without_a_file_is_refused(file: Path, tmp_path: Path) -> None:
    done = runner.invoke(app, ["env", "--stack", "nowhere"])
    assert done.exit_code == 2
    assert "Pulumi.nowhere.yaml" in done.stderr
    assert not file.with_name("Pulumi.nowhere.yaml").exists()


def test_a_file_that_cannot_be_written_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "write_text", refuse)
    done = runner.invoke(app, ["env"])
    assert done.exit_code == 1
    assert "Pulumi.local.yaml cannot be written: Read-only file system." in done.stderr


def test_a_backend_of_the_users_is_not_touched(
    file: Path, pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.env.Engine.find", lambda _: pulumi.engine())
    assert runner.invoke(app, ["env"]).exit_code == 0
    assert pulumi.calls() == []
    assert file.read_text() == TEXT


def test_only_export_lines_go_to_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.env.ready", lambda *_: None)
    monkeypatch.setattr("hybrid_mesh.cli.engine.shutil.which", lambda *_, **__: "/bin/pulumi")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    done = runner.invoke(app, ["env"])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert all(line.startswith("export ") for line in lines)
    assert any(line.startswith("export PATH=") for line in lines)
    document = json.loads(runner.invoke(app, ["env", "--json"]).stdout)
    assert differences([document], documented(PROJECT / "docs" / "json.md", "hybrid-mesh env")) == []
    variables = document["variables"]
    assert {line.removeprefix("export ").partition("=")[0] for line in lines} == set(variables)
