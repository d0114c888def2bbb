"""What the command takes for granted of the real `pulumi`, tried on it with an empty program's project."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

from hybrid_mesh.cli import stack as stack_steps
from hybrid_mesh.cli.engine import Engine
from hybrid_mesh.cli.stack import prepared
from tests.cli.real_engine import real_engine

URN = "urn:pulumi:local::hybrid-mesh::hybridmesh:index:LocalCluster::mesh-east-cluster"

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return real_engine(tmp_path, monkeypatch)


def checkpoint(engine: Engine) -> Path:
    assert engine.settings.own_backend
    return stack_steps.checkpoint_file(engine.settings.own_backend, "local")


def test_pulumi_takes_our_salt_and_leaves_the_stack_file_alone(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "stacks" / "Pulumi.local.yaml"
    before = file.read_text()
    with prepared(engine, "local"):
        ours = file.read_text()
        done = engine.ask("stack", "export", "--stack", "local")
        assert done.returncode == 0, done.stderr
        assert file.read_text() == ours
        done = engine.ask(
            "config", "set", "--secret", "probe", "value", "--config-file", str(tmp_path / "copy")
        )
    assert file.read_text() == before
    assert checkpoint(engine).exists()


def test_a_salt_of_another_passphrase_does_not_stop_the_stack(engine: Engine, tmp_path: Path) -> None:
    with prepared(engine, "local"):
        pass
    file = tmp_path / "stacks" / "Pulumi.local.yaml"
    foreign = "v1:/almZVGyewc=:v1:ROQCOy0UcWP5KVv1:V3LMwbsXAXUx6k0faoCEzhWBvRo+KQ=="
    file.write_text(f"{file.read_text()}encryptionsalt: {foreign}\n")
    refused = engine.ask("stack", "export", "--stack", "local", "--show-secrets")
    with prepared(engine, "local"):
        done = engine.ask("config", "set", "--stack", "local", "--secret", "hybrid-mesh:probe", "value")
        assert done.returncode == 0, done.stderr
    assert "encryptionsalt" in file.read_text(), "a file with a secret keeps the salt"
    assert foreign not in file.read_text()
    assert refused.returncode in {0, 255}


def test_a_dead_lock_and_pending_operations_are_cleared(engine: Engine, tmp_path: Path) -> None:
    with prepared(engine, "local"):
        pass
    exported = json.loads(engine.ask("stack", "export", "--stack", "local").stdout)
    state = json.loads(checkpoint(engine).read_text())
    resource = {"urn": URN, "custom": True, "type": "hybridmesh:index:LocalCluster"}
    latest = {**exported["deployment"], "pending_operations": [{"resource": resource, "type": "creating"}]}
    state["checkpoint"] = {**state["checkpoint"], "latest": latest}
    checkpoint(engine).write_text(json.dumps(state))
    locks = tmp_path / "backend" / ".pulumi" / "locks" / "organization" / "hybrid-mesh" / "local"
    locks.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(["true"]) as dead:
        content = {"pid": dead.pid, "username": "root", "hostname": socket.gethostname()}
    (locks / "dead.json").write_text(json.dumps({**content, "timestamp": "2026-11-23T05:00:00Z"}))

    with prepared(engine, "local"):
        assert list(locks.glob("*.json")) == []
        assert "pending_operations" not in checkpoint(engine).read_text()
        assert engine.ask("stack", "export", "--stack", "local").returncode == 0
