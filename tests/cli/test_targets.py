"""`hybrid-mesh targets`: the VMs as Prometheus reads them."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import targets as command
from hybrid_mesh.cli.main import app
from hybrid_mesh.operate.shell import NotReachableError
from tests.cli.fake_lab import FakeLab
from tests.operate.mesh import FakeShell, mesh_plan

runner = CliRunner()
UMASK = os.umask(0)
os.umask(UMASK)
LEGACY = {
    "targets": ["10.10.0.100:15020"],
    "labels": {
        "__metrics_path__": "/stats/prometheus",
        "cluster": "east",
        "network": "amsterdam",
        "namespace": "demo",
        "workload": "legacy",
    },
}


def entry(name: str, address: str, **annotations: str) -> dict[str, Any]:
    notes = {"istio.io/autoRegistrationGroup": "legacy", **annotations}
    return {
        "kind": "WorkloadEntry",
        "metadata": {"namespace": "demo", "name": name, "annotations": notes},
        "spec": {"address": address, "network": "amsterdam", "serviceAccount": "legacy"},
    }


class Entries(FakeShell):
    """A connected VM, a disconnected one, and an entry that somebody made."""

    def objects(
        self, cluster: str, kinds: str, *, timeout: float, namespace: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        assert (cluster, kinds) == ("east", "workloadentries.networking.istio.io")
        gone = {"istio.io/disconnectedAt": "2026-11-27T10:00:00Z"}
        mine = entry("mine", "10.10.0.7")
        del mine["metadata"]["annotations"]["istio.io/autoRegistrationGroup"]
        return [entry("legacy-b", "10.10.0.101", **gone), mine, entry("legacy-a", "10.10.0.100")]


class Unreachable(FakeShell):
    def objects(
        self, cluster: str, kinds: str, *, timeout: float, namespace: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        raise NotReachableError("east does not answer")


@pytest.fixture(autouse=True)
def mesh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MeshShell", lambda _: Entries())
    monkeypatch.setattr(command, "LabClient", FakeLab())
    monkeypatch.setattr(command, "stack_plan", lambda _: mesh_plan())


@pytest.mark.parametrize(("options", "found"), [([], [LEGACY]), (["--network", "boston"], [])])
def test_connected_vms_are_targets(options: list[str], found: list[object]) -> None:
    done = runner.invoke(app, ["targets", *options])
    assert (done.exit_code, json.loads(done.stdout)) == (0, found)


def test_a_file_is_replaced_for_every_reader(tmp_path: Path) -> None:
    path = tmp_path / "vms.json"
    path.write_text("[]")
    done = runner.invoke(app, ["targets", "--output", str(path)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert json.loads(path.read_text()) == [LEGACY]
    assert path.stat().st_mode & 0o777 == 0o666 & ~UMASK
    assert list(tmp_path.iterdir()) == [path]


def test_an_unreachable_cluster_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MeshShell", lambda _: Unreachable())
    path = tmp_path / "vms.json"
    path.write_text("[]")
    done = runner.invoke(app, ["targets", "--output", str(path)])
    assert (done.exit_code, path.read_text()) == (1, "[]")


@pytest.mark.parametrize(
    ("options", "word"),
    [(["--network", "nowhere"], "amsterdam"), (["--output", "/nowhere/vms.json"], "cannot be written")],
)
def test_a_wrong_option_is_named(options: list[str], word: str) -> None:
    done = runner.invoke(app, ["targets", *options])
    assert done.exit_code == 2
    assert word in done.output
