"""Kubeconfigs are looked at before anything is made with them."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hybrid_mesh.cli.main import app
from tests.cli.world import World

runner = CliRunner()


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kubeconfig"
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


def contexts(*names: str) -> str:
    entries = [{"name": name, "context": {"cluster": name, "user": name}} for name in names]
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "contexts": entries, "current-context": ""})


def test_a_missing_kubeconfig_stops_an_up_before_anything_is_made(world: World, kubeconfig: Path) -> None:
    done = runner.invoke(app, ["up", "--stack", "dev", "--yes"])
    assert done.exit_code == 1
    assert "The kubeconfig of cluster " in done.stderr
    assert world.pulumi.called("up") == []


def test_a_missing_context_is_named_with_cluster_and_those_there_are(world: World, kubeconfig: Path) -> None:
    kubeconfig.write_text(contexts("kind-a", "kind-b"))
    done = runner.invoke(app, ["up", "--stack", "dev", "--yes"])
    assert done.exit_code == 2
    clusters = [name for name, each in world.read_plan("dev").clusters.items() if each.active]
    assert f"clusters.{clusters[0]}: the kubeconfig" in done.stderr
    assert "has no context" in done.stderr
    assert "kind-a, kind-b" in done.stderr
    assert str(kubeconfig) in done.stderr
    assert world.pulumi.called("up") == []


def test_with_every_context_it_goes_on(world: World, kubeconfig: Path) -> None:
    plan = world.read_plan("dev")
    kubeconfig.write_text(contexts(*(str(vars(each.config)["context"]) for each in plan.clusters.values())))
    assert runner.invoke(app, ["up", "--stack", "dev", "--yes"]).exit_code in {0, 1}
    assert len(world.pulumi.called("up")) == 1
