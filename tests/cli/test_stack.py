"""What a killed `pulumi` leaves, and how the next run gets over it."""

import json
import os
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from hybrid_mesh.cli import stack as stack_module
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.stack import exists, prepare, running_update
from tests.cli.fake_pulumi import FakePulumi

URN = "urn:pulumi:local::hybrid-mesh::hybridmesh:index:LocalCluster::mesh-east-cluster"


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    folder = tmp_path / "backend"
    (folder / ".pulumi" / "stacks" / "hybrid-mesh").mkdir(parents=True)
    write_checkpoint(folder, [])
    return folder


def write_checkpoint(backend: Path, pending: list[dict[str, object]]) -> None:
    checkpoint = {"version": 3, "checkpoint": {"stack": "local", "latest": {"pending_operations": pending}}}
    path = backend / ".pulumi" / "stacks" / "hybrid-mesh" / "local.json"
    path.write_text(json.dumps(checkpoint))


def write_lock(backend: Path, pid: int, host: str | None = None, made: str | None = None) -> Path:
    folder = backend / ".pulumi" / "locks" / "organization" / "hybrid-mesh" / "local"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "3b1f.json"
    content = {"pid": pid, "username": "root", "hostname": host or socket.gethostname(), "timestamp": made}
    path.write_text(json.dumps(content))
    return path


def dead_process() -> int:
    with subprocess.Popen(["true"]) as process:
        return process.pid


def test_a_clean_stack_is_only_selected(pulumi: FakePulumi, backend: Path) -> None:
    prepare(pulumi.engine(backend), "local")
    assert [call[:4] for call in pulumi.calls()] == [["stack", "select", "local", "--create"]]


def test_the_lock_of_a_killed_pulumi_is_removed_and_said(
    pulumi: FakePulumi, backend: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_lock(backend, dead_process())
    prepare(pulumi.engine(backend), "local")
    assert len(pulumi.called("cancel", "local", "--yes")) == 1
    assert "its lock on the stack is removed" in capsys.readouterr().err


def test_an_update_that_runs_is_known_by_its_lock(backend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_module, "pulumi_environment", lambda _: SimpleNamespace(own_backend=backend))
    assert running_update("local") is None
    write_lock(backend, dead_process(), made="2026-11-27T12:00:00Z")
    assert running_update("local") is None
    write_lock(backend, dead_process(), "another-host", made="2026-11-27T12:00:00Z")
    assert running_update("local") == datetime(2026, 11, 27, 12, tzinfo=UTC)
    monkeypatch.setattr(stack_module, "pulumi_environment", lambda _: SimpleNamespace(own_backend=None))
    assert running_update("local") is None


@pytest.mark.parametrize("host", [None, "another-host"])
def test_the_lock_of_a_living_or_foreign_pulumi_is_respected(
    pulumi: FakePulumi, backend: Path, host: str | None
) -> None:
    write_lock(backend, os.getpid() if host is None else dead_process(), host)
    with pytest.raises(CommandError, match="works on the stack local") as error:
        prepare(pulumi.engine(backend), "local")
    assert error.value.remedy
    assert pulumi.called("cancel") == []


def test_a_lock_that_a_full_disk_cut_off_is_removed(pulumi: FakePulumi, backend: Path) -> None:
    lock = write_lock(backend, dead_process())
    old, fresh = (lock.with_name(f"{name}.json.18ebcf11.tmp") for name in ("old", "fresh"))
    for path in (old, fresh):
        path.touch()
    os.utime(old, (0, 0))
    lock.unlink()
    prepare(pulumi.engine(backend), "local")
    assert (old.exists(), fresh.exists()) == (False, True)
    assert pulumi.called("cancel") == []


@pytest.mark.parametrize(
    ("program", "made", "stale"),
    [
        ("sleep", "2026-01-02T03:04:05.123456789Z", True),
        ("sleep", "2126-01-02T03:04:05.123456789+01:00", False),
        ("pulumi", "2026-01-02T03:04:05.123456789Z", False),
        ("sleep", None, False),
    ],
    ids=["a later process", "an earlier process", "a pulumi, independent of the clock", "no time"],
)
def test_a_process_that_got_the_number_of_the_killed_pulumi_is_not_taken_for_it(
    pulumi: FakePulumi, backend: Path, program: str, made: str | None, stale: bool
) -> None:
    path = backend.parent / program
    path.symlink_to("/bin/sleep")
    with subprocess.Popen([path, "600"]) as process:
        try:
            write_lock(backend, process.pid, made=made)
            if stale:
                prepare(pulumi.engine(backend), "local")
            else:
                with pytest.raises(CommandError, match=f"process {process.pid}"):
                    prepare(pulumi.engine(backend), "local")
        finally:
            process.kill()
    assert len(pulumi.called("cancel", "local", "--yes")) == stale


def test_pending_operations_are_forgotten_by_export_and_import_and_said(
    pulumi: FakePulumi, backend: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_checkpoint(backend, [{"resource": {"urn": URN}, "type": "creating"}])
    pulumi.answer("stack export", stdout='{"deployment": "ciphertext"}')
    pulumi.answer("stack import", stdin="imported")
    prepare(pulumi.engine(backend), "local")
    assert (pulumi.home / "imported").read_text() == '{"deployment": "ciphertext"}'
    assert "--show-secrets" not in pulumi.called("stack", "export")[0]
    assert "mesh-east-cluster" in capsys.readouterr().err


def test_an_import_that_fails_says_what_to_do(pulumi: FakePulumi, backend: Path) -> None:
    write_checkpoint(backend, [{"resource": {"urn": URN}, "type": "creating"}])
    pulumi.answer("stack import", code=1, stderr="error: cannot write\n")
    with pytest.raises(CommandError, match="cannot write") as error:
        prepare(pulumi.engine(backend), "local")
    assert "pulumi refresh" in error.value.remedy


def test_a_stack_that_cannot_be_selected_gives_pulumis_last_line(pulumi: FakePulumi, backend: Path) -> None:
    pulumi.answer("stack select", code=255, stderr="warning: x\nerror: incorrect passphrase\n")
    with pytest.raises(CommandError, match="incorrect passphrase") as error:
        prepare(pulumi.engine(backend), "local")
    assert str(backend) in error.value.remedy


def test_a_backend_of_the_users_is_not_looked_into(pulumi: FakePulumi, backend: Path) -> None:
    write_lock(backend, dead_process())
    prepare(pulumi.engine(None), "local")
    assert pulumi.called("cancel") == []


def test_a_stack_exists_when_the_backend_holds_it(pulumi: FakePulumi, backend: Path) -> None:
    assert exists(pulumi.engine(backend), "local")
    assert not exists(pulumi.engine(backend), "other")
    pulumi.answer("stack export --stack there", code=0)
    pulumi.answer("stack export", code=1)
    assert exists(pulumi.engine(None), "there")
    assert not exists(pulumi.engine(None), "other")
