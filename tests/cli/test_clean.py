"""`hybrid-mesh clean`: what is listed, what is removed, and when it refuses."""

import fcntl
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from hybrid_mesh.cli import clean as command
from hybrid_mesh.cli.contexts import add, context_of
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.main import app
from hybrid_mesh.local.packages import RECORD
from tests import json_server
from tests.cli.fake_lab import FakeLab
from tests.commands import PROJECT
from tests.docs.shapes import differences, documented

runner = CliRunner()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    """A host with a cache, a state without resources, a context, and no lab."""
    fake = FakeLab(running=False)
    monkeypatch.setattr(command, "LabClient", fake)
    monkeypatch.setattr(command, "project_folder", lambda: tmp_path / "project")
    monkeypatch.setenv("HYBRID_MESH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    for path in (tmp_path / "cache/store/kubernetes", tmp_path / "project"):
        path.mkdir(parents=True)
    (tmp_path / "cache/store/kubernetes/kubelet").write_bytes(bytes(2048))
    (tmp_path / "cache" / RECORD).write_text("runc\ncontainerd\n")
    (tmp_path / "project/.toolchain").symlink_to(tmp_path / "cache/store")
    (tmp_path / "state").mkdir()
    (tmp_path / "state/passphrase").write_text("secret")
    content = json_server.kubeconfig("https://127.0.0.1:1", "token", "")
    theirs = {"contexts": [{"name": "work", "context": {}}]}
    ours = context_of("mesh1-east", "local", "east", Kubeconfig(content))
    (tmp_path / "config").write_text(yaml.safe_dump(add(theirs, [ours], current=False)))
    checkpoint(tmp_path, "local", resources=0)
    return fake


def checkpoint(folder: Path, stack: str, *, resources: int, packed: bool = False) -> None:
    place = folder / "state/pulumi/.pulumi/stacks/hybrid-mesh"
    place.mkdir(parents=True, exist_ok=True)
    found = [{"type": "pulumi:pulumi:Stack"}, *([{"type": "gcp:compute/network:Network"}] * resources)]
    text = json.dumps({"version": 3, "checkpoint": {"latest": {"resources": found}}}).encode()
    path = place / (f"{stack}.json.gz" if packed else f"{stack}.json")
    path.write_bytes(gzip.compress(text) if packed else text)


def items(*arguments: str) -> Any:
    done = runner.invoke(app, ["clean", "--json", *arguments])
    assert done.exit_code == 0, done.output
    return {item["kind"]: item for item in json.loads(done.stdout)["items"]}


def test_what_is_kept_is_listed_and_stays(host: FakeLab, tmp_path: Path) -> None:
    found = items()
    assert found["cache"]["path"] == str(tmp_path / "cache")
    assert found["cache"]["bytes"] >= 2048
    assert found["state"]["names"] == ["hybrid-mesh/local"]
    assert found["contexts"]["names"] == ["mesh1-east"]
    assert found["packages"]["names"] == ["runc", "containerd"]
    assert not any(item["removed"] for item in found.values())
    text = runner.invoke(app, ["clean"]).stdout
    assert f"cache     {tmp_path}/cache, 2.0 KiB" in text.replace("\n" + " " * 10, "")
    assert items("--cache", "--state", "--dry-run") == found


def test_the_cache_is_removed_with_the_link_to_it(host: FakeLab, tmp_path: Path) -> None:
    assert items("--cache", "--yes")["cache"]["removed"] is True
    assert not (tmp_path / "cache/store").exists()
    assert not (tmp_path / "project/.toolchain").is_symlink()
    assert (tmp_path / "state/passphrase").exists()


def test_the_state_is_removed_with_its_contexts(host: FakeLab, tmp_path: Path) -> None:
    assert runner.invoke(app, ["clean", "--state", "--yes"]).exit_code == 0
    assert not (tmp_path / "state").exists()
    kept = yaml.safe_load((tmp_path / "config").read_text())
    assert [each["name"] for each in kept["contexts"]] == ["work"]
    assert (tmp_path / "cache/store").exists()
    assert items("--state", "--yes")["state"]["bytes"] == 0


@pytest.mark.parametrize(("kind", "known"), [("cache", "store"), ("state", "pulumi")])
def test_files_of_others_stay(host: FakeLab, tmp_path: Path, kind: str, known: str) -> None:
    before = items()[kind]["bytes"]
    (tmp_path / kind / "photos").mkdir()
    (tmp_path / kind / "photos/cat.jpg").write_bytes(bytes(4096))
    assert items()[kind]["bytes"] == before
    done = runner.invoke(app, ["clean", f"--{kind}", "--yes"])
    assert (done.exit_code, "stays: it holds photos." in done.stderr) == (0, True)
    assert [path.name for path in (tmp_path / kind).iterdir()] == ["photos"]
    assert not (tmp_path / kind / known).exists()


@pytest.mark.parametrize("packed", [False, True])
def test_a_state_with_resources_is_not_removed(host: FakeLab, tmp_path: Path, packed: bool) -> None:
    checkpoint(tmp_path, "prod", resources=3, packed=packed)
    done = runner.invoke(app, ["clean", "--state", "--yes"])
    assert done.exit_code == 1
    assert "The stack prod of project hybrid-mesh still has 3 resources" in done.stderr
    assert "hybrid-mesh down --stack prod" in done.stderr
    assert (tmp_path / "state/passphrase").exists()
    assert items("--cache", "--yes")["cache"]["removed"] is True


@pytest.mark.parametrize("option", ["--cache", "--state"])
def test_a_running_lab_keeps_what_it_needs(host: FakeLab, tmp_path: Path, option: str) -> None:
    host.running = True
    done = runner.invoke(app, ["clean", option, "--yes"])
    assert (done.exit_code, "The lab is running." in done.stderr) == (1, True)
    host.running, host.other_labs = False, ("on /x (process 7): stop it",)
    done = runner.invoke(app, ["clean", option, "--yes"])
    assert (done.exit_code, "on /x (process 7)" in done.stderr) == (1, True)
    assert (tmp_path / "cache/store").exists()
    assert (tmp_path / "state/passphrase").exists()


def test_a_stopped_lab_keeps_its_state(host: FakeLab, tmp_path: Path) -> None:
    host.past = True
    done = runner.invoke(app, ["clean", "--state", "--yes"])
    assert (done.exit_code, "lab down --forget" in done.stderr) == (1, True)
    assert (tmp_path / "state/passphrase").exists()


def test_a_build_keeps_the_cache(host: FakeLab, tmp_path: Path) -> None:
    with (tmp_path / "cache/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = runner.invoke(app, ["clean", "--cache", "--yes"])
    assert (done.exit_code, "The toolchain is being built." in done.stderr) == (1, True)
    assert (tmp_path / "cache/store").exists()


def test_without_a_terminal_it_must_be_told_yes(host: FakeLab, tmp_path: Path) -> None:
    done = runner.invoke(app, ["clean", "--cache"])
    assert (done.exit_code, "requires --yes" in done.stderr) == (2, True)
    assert (tmp_path / "cache/store").exists()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_on_a_terminal_it_asks(
    host: FakeLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(command, "can_ask", lambda: True)
    done = runner.invoke(app, ["clean", "--cache"], input=f"{answer}\n")
    assert done.exit_code == code
    assert f"Remove {tmp_path}/cache?" in done.stderr
    assert (tmp_path / "cache/store").exists() is (answer == "n")
    assert ("Nothing was changed." in done.stderr) is (answer == "n")


def test_its_json_is_documented(host: FakeLab) -> None:
    document = json.loads(runner.invoke(app, ["clean", "--json"]).stdout)
    assert differences([document], documented(PROJECT / "docs" / "json.md", "hybrid-mesh clean")) == []
