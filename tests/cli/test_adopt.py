"""`hybrid-mesh adopt`: the file that it writes, what it prints, and wrong command lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hybrid_mesh.cli import adopt as module
from hybrid_mesh.cli.kubectl import Kubectl, KubectlError
from hybrid_mesh.cli.main import app
from tests import json_server
from tests.commands import PROJECT
from tests.docs.shapes import differences, documented
from tests.operate import by_hand

MESH = {"one": by_hand.cluster("one", 1, "two"), "two": by_hand.cluster("two", 2, "one")}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose clusters answer as `MESH`, by the names of their contexts."""
    (tmp_path / "stacks").mkdir()
    monkeypatch.setattr(module, "project_folder", lambda: tmp_path)
    one = json_server.kubeconfig("https://127.0.0.1:1", "token", "")
    contexts = [{"name": name, "context": one["contexts"][0]["context"]} for name in (*MESH, "gone")]
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps({**one, "contexts": contexts}))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))

    def get(self: Kubectl, path: str) -> Any:
        context = self._kubeconfig.context
        if context not in MESH:
            raise KubectlError("no answer in time")
        if path not in MESH[context]:
            raise KubectlError('Error from server (NotFound): "x" not found')
        return MESH[context][path]

    monkeypatch.setattr(Kubectl, "get", get)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["adopt", *words])


BOTH = ("-c", "one", "-c", "two")


def test_a_stack_file_is_written_and_the_next_steps_are_printed(project: Path) -> None:
    done = run(*BOTH, "--stack", "prod")
    assert done.exit_code == 0, done.output
    assert (project / "stacks/Pulumi.prod.yaml").read_text().startswith("# yaml-language-server")
    assert "up --stack prod" in done.stdout
    assert "ownership: adopt" in (project / "stacks/Pulumi.prod.yaml").read_text()
    assert (
        "kubectl --context one -n istio-system delete gateways.networking.istio.io/cross-network"
        in done.stdout
    )
    assert "Reading one" in done.stderr


def test_a_kubeconfig_that_is_named_is_written(project: Path) -> None:
    assert run(*BOTH, "--kubeconfig", str(project / "kubeconfig")).exit_code == 0
    assert (project / "stacks/Pulumi.adopted.yaml").read_text().count("path: kubeconfig\n") == 2


def test_a_file_that_exists_is_not_overwritten(project: Path) -> None:
    (project / "stacks/Pulumi.prod.yaml").write_text("mine")
    done = run(*BOTH, "--stack", "prod")
    assert done.exit_code == 2
    assert "stacks/Pulumi.prod.yaml exists already." in done.stderr
    assert (project / "stacks/Pulumi.prod.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("-c", "one", "-c", "three"), "has no context three.", 2),
        (("-c", "one", "-c", "one"), "names a context twice", 2),
        (("-c", "gone"), "Context gone cannot be read: no answer in time", 1),
        (("-c", "one", "--stack", "A b"), "A b is not a valid name of a stack", 2),
        (("-c", "one", "--kubeconfig", "/nowhere"), "/nowhere", 1),
        ((), "context", 2),
    ],
)
def test_a_wrong_command_line_is_refused(project: Path, words: tuple[str, ...], said: str, code: int) -> None:
    done = run(*words)
    assert done.exit_code == code, done.output
    assert said in done.stderr
    assert list((project / "stacks").iterdir()) == []


def test_a_mesh_that_is_two_is_refused_and_nothing_is_written(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = by_hand.config_maps("two", mesh_id="other")
    monkeypatch.setitem(MESH, "two", {**MESH["two"], f"{by_hand.SPACE}/configmaps": maps})
    done = run(*BOTH)
    assert done.exit_code == 1
    assert "error: context two: its mesh ID is other, and that of context one is mesh1." in done.stderr
    assert "Nothing was written." in done.stderr
    assert list((project / "stacks").iterdir()) == []
    refused = json.loads(run(*BOTH, "--json").stdout)["refused"]
    assert [each["place"] for each in refused] == ["context two"]


def test_the_documented_json_is_printed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [json.loads(run(*BOTH, "--json").stdout)]
    monkeypatch.setitem(MESH, "two", {})
    samples.append(json.loads(run(*BOTH, "--stack=again", "--json").stdout))
    assert differences(samples, documented(PROJECT / "docs/json.md", "hybrid-mesh adopt")) == []
