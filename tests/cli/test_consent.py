"""When `up` and `down` ask, what they say before, and what an answer does."""

import signal
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli.errors import INTERRUPTED, WRONG
from hybrid_mesh.cli.main import app
from tests.cli.engine_events import EAST, WEST, begun, done, message, urn
from tests.cli.test_engine import interrupt_when
from tests.cli.world import World, resource

runner = CliRunner()
REPLACED = [
    begun("replace", WEST, inputs={"clusterName": "west"}, detailedDiff={"podCidr": {}}),
    done("replace", WEST, inputs={"clusterName": "west"}),
]
LOSS = "! replaces cluster west: its workloads are lost"
GKE = urn("hybridmesh:index:GkeMeshCluster$gcp:container/cluster:Cluster", "mesh-gke-eu-cluster")


def local_mesh(world: World) -> None:
    world.make_stack(
        resource(EAST, inputs={"clusterName": "east"}), resource(WEST, inputs={"clusterName": "west"})
    )


def invoke(world: World, *arguments: str, answer: str | None = None) -> Any:
    """The command, with somebody at a terminal who gives `answer`, or without a terminal."""
    world.terminal = answer is not None
    return runner.invoke(app, arguments, input=answer)


@pytest.fixture(autouse=True)
def _contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.up.check_contexts", lambda _: None)


def test_a_new_local_mesh_costs_no_preview(world: World) -> None:
    assert invoke(world, "up", answer="").exit_code == 0
    assert world.pulumi.called("preview") == []


def test_a_local_mesh_that_loses_a_cluster_asks_on_a_terminal(world: World) -> None:
    local_mesh(world)
    world.pulumi.answer("preview", events=REPLACED)
    done = invoke(world, "up", answer="n\n")
    assert done.exit_code == 1
    assert LOSS in done.stderr
    assert done.stderr.endswith("Continue? [y/N] Nothing was changed.\n")
    assert world.pulumi.called("up") == []


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_a_yes_goes_on(world: World, answer: str) -> None:
    local_mesh(world)
    world.pulumi.answer("preview", events=REPLACED)
    assert invoke(world, "up", answer=answer).exit_code == 0
    assert len(world.pulumi.called("up")) == 1


@pytest.mark.parametrize("answer", ["\n", "", "maybe\n"])
def test_anything_but_a_yes_is_a_no(world: World, answer: str) -> None:
    local_mesh(world)
    world.pulumi.answer("preview", events=REPLACED)
    assert invoke(world, "up", answer=answer).exit_code == 1
    assert world.pulumi.called("up") == []


def test_a_local_mesh_that_loses_nothing_asks_nothing(world: World) -> None:
    local_mesh(world)
    world.pulumi.answer("preview", events=[begun("update", EAST)])
    done = invoke(world, "up", answer="")
    assert done.exit_code == 0
    assert "[y/N]" not in done.stderr


def test_the_same_again_costs_no_preview(world: World) -> None:
    local_mesh(world)
    assert invoke(world, "up", answer="").exit_code == 0
    assert len(world.pulumi.called("preview")) == 1
    assert invoke(world, "up", answer="").exit_code == 0
    assert len(world.pulumi.called("preview")) == 1
    world.stack_file.write_text("config: {a: b}\n")
    assert invoke(world, "up", answer="").exit_code == 0
    assert len(world.pulumi.called("preview")) == 2


def test_a_failed_up_is_previewed_again(world: World) -> None:
    local_mesh(world)
    world.pulumi.answer("up", code=1)
    assert invoke(world, "up", answer="").exit_code == 1
    assert invoke(world, "up", answer="").exit_code == 1
    assert len(world.pulumi.called("preview")) == 2


def test_a_local_mesh_needs_no_terminal(world: World) -> None:
    local_mesh(world)
    assert invoke(world, "up").exit_code == 0
    assert world.pulumi.called("preview") == []


def test_a_preview_that_fails_is_said_and_the_person_decides(world: World) -> None:
    local_mesh(world)
    world.pulumi.answer("preview", code=255, events=[message("error", "no answer", EAST)])
    done = invoke(world, "up", answer="n\n")
    assert done.exit_code == 1
    assert "error: mesh-east-cluster: no answer" in done.stderr
    assert "what would be lost is unknown" in done.stderr
    assert invoke(world, "up", answer="y\n").exit_code == 0


@pytest.mark.parametrize("command", ["up", "down"])
def test_another_stack_needs_yes_without_a_terminal(world: World, command: str) -> None:
    world.make_stack(resource(GKE), stack="dev")
    done = invoke(world, command, "--stack", "dev")
    assert done.exit_code == WRONG
    assert f"`hybrid-mesh {command}` asks before it changes the stack dev" in done.stderr
    assert "--yes" in done.stderr
    assert world.pulumi.called("up") == world.pulumi.called("destroy") == []


@pytest.mark.parametrize("command", ["up", "down"])
def test_yes_asks_nothing_and_previews_nothing(world: World, command: str) -> None:
    world.make_stack(resource(GKE), stack="dev")
    monkey = invoke(world, command, "--stack", "dev", "-y")
    assert world.pulumi.called("preview") == []
    assert len(world.pulumi.called({"up": "up", "down": "destroy"}[command])) == 1
    assert "[y/N]" not in monkey.stderr


def test_another_stack_shows_its_changes_and_asks(world: World) -> None:
    world.make_stack(resource(GKE), stack="dev")
    world.pulumi.answer("preview", events=[begun("delete", GKE), begun("create", EAST)])
    done = invoke(world, "up", "--stack", "dev", answer="n\n")
    assert done.exit_code == 1
    assert "+ create   1 resource: 1 LocalCluster" in done.stdout
    assert "- delete   Cluster mesh-gke-eu-cluster" in done.stdout
    assert "! deletes cluster gke-eu: its workloads are lost" in done.stderr
    assert "Make these changes to the stack dev? [y/N]" in done.stderr
    assert "--refresh" in world.pulumi.called("preview")[0]
    assert world.pulumi.called("up") == []


def test_another_stack_without_changes_asks_nothing(world: World) -> None:
    world.make_stack(resource(GKE), stack="dev")
    done = invoke(world, "up", "--stack", "dev", answer="")
    assert "The stack dev needs no changes." in done.stdout
    assert "[y/N]" not in done.stderr
    assert len(world.pulumi.called("up")) == 1


@pytest.mark.parametrize("option", ["--preview-only", "--dry-run"])
def test_a_preview_changes_nothing_and_needs_no_terminal(world: World, option: str) -> None:
    world.make_stack(resource(GKE), stack="dev")
    world.pulumi.answer("preview", events=[begun("delete", GKE)])
    done = invoke(world, "up", "--stack", "dev", option)
    assert done.exit_code == 0
    assert "- delete   Cluster mesh-gke-eu-cluster" in done.stdout
    assert "! deletes cluster gke-eu" in done.stderr
    assert world.pulumi.called("up") == []


def test_a_preview_of_a_down_asks_the_engine_nothing(world: World) -> None:
    local_mesh(world)
    done = invoke(world, "down", "--preview-only")
    assert done.exit_code == 0
    assert "- delete   LocalCluster mesh-west-cluster" in done.stdout
    assert "! deletes cluster west" in done.stderr
    assert world.pulumi.calls() == []
    assert not world.lab_ended


def test_a_local_down_asks_nothing(world: World) -> None:
    local_mesh(world)
    done = invoke(world, "down", answer="")
    assert done.exit_code == 0
    assert "[y/N]" not in done.stderr


def test_a_down_of_anything_outside_of_the_lab_asks(world: World) -> None:
    """Independent of the stack's name and file, the state decides what is destroyed."""
    world.make_stack(resource(EAST), resource(GKE))
    done = invoke(world, "down", answer="n\n")
    assert done.exit_code == 1
    assert "! deletes cluster gke-eu: its workloads are lost" in done.stderr
    assert "Destroy everything of the stack local? [y/N] Nothing was changed." in done.stderr
    assert world.pulumi.called("destroy") == []
    assert invoke(world, "down", answer="y\n").exit_code == 0
    assert len(world.pulumi.called("destroy")) == 1


def test_an_interrupted_preview_changes_nothing(world: World) -> None:
    local_mesh(world)
    world.pulumi.answer("preview", ready="begun", seconds=0.5)
    thread = interrupt_when(world.pulumi.home / "begun")
    done = invoke(world, "up", answer="")
    thread.join()
    assert done.exit_code == INTERRUPTED
    assert "error: Interrupted.\n       Nothing was changed." in done.stderr
    assert world.pulumi.called("up") == []


def test_an_interrupted_question_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: str) -> bool:
        signal.raise_signal(signal.SIGINT)
        return True

    local_mesh(world)
    world.pulumi.answer("preview", events=REPLACED)
    monkeypatch.setattr("hybrid_mesh.cli.consent.confirmed", interrupt)
    done = invoke(world, "up", answer="")
    assert done.exit_code == INTERRUPTED
    assert "Nothing was changed." in done.stderr
    assert world.pulumi.called("up") == []
