"""Runs of the real `pulumi` as `up` and `down` make and read them."""

import json
from pathlib import Path

import pytest

from hybrid_mesh.cli.down import _configured
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.env import ready
from hybrid_mesh.cli.environment import FALLBACK
from hybrid_mesh.cli.holdings import holdings
from hybrid_mesh.cli.perform import failure, perform, preview
from hybrid_mesh.cli.stack import exists, prepared, remove
from tests.cli.real_engine import PROGRAM, real_engine
from tests.commands import run

UP = ("up", "--yes", "--skip-preview", "--skip-plugin-pre-install", "--stack", "local")
DESTROY = ("destroy", "--yes", "--skip-preview", "--stack", "local")

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return real_engine(tmp_path, monkeypatch)


def test_a_run_is_read_from_its_log(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    with prepared(engine, "local"):
        changes = preview(engine, "local")
        first = perform(engine, *UP)
        second = perform(engine, *UP)
    assert changes.all == [], "components are nothing that could be lost"
    assert (first.ended.code, second.ended.code) == (0, 0), first.ended.printed
    assert first.work.changes == {"create": 3}
    assert second.work.changes == {"same": 3}
    assert "warning: a warning of the program" in capsys.readouterr().err
    names = [each.urn.rsplit("::", 1)[1] for each in holdings(engine, "local")][1:]
    assert sorted(names) == ["one", "two"], "the engine creates them side by side, in any order"


def test_an_error_of_the_program_is_printed_whole(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "__main__.py").write_text(f"{PROGRAM}\nraise pulumi.RunError('first line\\nsecond line')\n")
    with prepared(engine, "local"):
        outcome = perform(engine, *UP)
    error = failure("up", "local", outcome, "Fix it.")
    assert not outcome.ok
    assert "error: first line\nsecond line" in capsys.readouterr().err
    assert error.message.startswith("`pulumi up` failed with exit code")


def test_a_run_that_never_begins_says_why(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    error = failure("up", "nowhere", perform(engine, *UP[:-1], "nowhere"), "")
    assert "no stack named 'nowhere' found" in capsys.readouterr().err
    assert error.code == 1


@pytest.mark.parametrize("text", [None, "config: [\n", "config:\n  hybrid-mesh:mesh: {}\n"])
def test_a_destroy_needs_no_file(engine: Engine, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "stacks" / "Pulumi.local.yaml"
    with prepared(engine, "local"):
        assert perform(engine, *UP).ok
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    with _configured(engine, "local", readable=False) as (configured, options):
        outcome = perform(configured, *DESTROY, *options)
    assert outcome.ok, outcome.ended.printed
    assert holdings(engine, "local") == []
    assert (file.read_text() if file.exists() else None) == text


def test_a_stack_is_removed_with_all_that_is_recorded_of_it(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "stacks" / "Pulumi.local.yaml"
    before = file.read_text()
    with prepared(engine, "local"):
        assert perform(engine, *UP).ok
        assert perform(engine, *DESTROY).ok
    remove(engine, "local")
    assert not exists(engine, "local")
    assert file.read_text() == before
    left = [path for path in (tmp_path / "backend" / ".pulumi").rglob("*local*") if path.is_file()]
    assert left == []


def test_without_the_salt_plain_pulumi_takes_that_of_the_state(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "stacks" / "Pulumi.local.yaml"
    with prepared(engine, "local"):
        assert perform(engine, *UP).ok
    ours = (tmp_path / "passphrase.salt").read_text()
    assert perform(engine.with_variables({FALLBACK: "true"}), *UP).ok
    assert f"encryptionsalt: {ours}" in file.read_text()


def test_git_sees_nothing_of_what_plain_pulumi_writes(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "stacks" / "Pulumi.local.yaml"
    run(["git", "init", "--quiet", "."], folder=tmp_path)
    run(["git", "add", str(file)], folder=tmp_path)
    monkeypatch.setattr("hybrid_mesh.cli.env.project_folder", lambda: tmp_path)
    ready(engine, "local")
    assert perform(engine, *UP).ok
    assert perform(engine, *DESTROY).ok
    assert "encryptionsalt" in file.read_text()
    assert run(["git", "diff", "--name-only"], folder=tmp_path).stdout == ""


def test_a_locked_stack_is_said_with_its_holder(engine: Engine, tmp_path: Path) -> None:
    with prepared(engine, "local"):
        pass
    locks = tmp_path / "backend" / ".pulumi" / "locks" / "organization" / "hybrid-mesh" / "local"
    locks.mkdir(parents=True, exist_ok=True)
    lock = {"pid": 7, "username": "ann", "hostname": "elsewhere", "timestamp": "2026-11-23T05:00:00Z"}
    (locks / "lock.json").write_text(json.dumps(lock))
    error = failure("up", "local", perform(engine, *UP), "")
    assert error.message == (
        "Another command works on the stack local: ann@elsewhere (pid 7) at 2026-11-23T05:00:00Z."
    )
    assert "`pulumi cancel local` removes its lock" in error.remedy
