"""The order of things in `up` and `down`, and what they say and do when something is not as it should be."""

import os

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import touch
from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.plans import stack_plan
from hybrid_mesh.local.lab.specs import Owner
from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.operate.shell import NotReachableError
from tests.cli.engine_events import summary
from tests.cli.world import SALTED, World
from tests.operate.mesh import FakeShell, mesh_plan, verified

runner = CliRunner()


def test_up_creates_verifies_and_prints_the_next_steps(world: World) -> None:
    done = runner.invoke(app, ["up"])
    assert done.exit_code == 0, done.output
    up = world.pulumi.called("up")[0]
    for option in ("--yes", "--skip-preview", "--skip-plugin-pre-install", "--non-interactive"):
        assert option in up
    assert up[up.index("--stack") + 1] == "local"
    assert world.pulumi.calls()[0][:2] == ["stack", "select"]
    assert "The mesh works" in done.stdout
    for hint in (
        "hybrid-mesh kubectl east -- get pods -A",
        "lab shell legacy-0",
        "curl http://127.0.0.1:1/",
        'eval "$(',
        "hybrid-mesh down",
    ):
        assert hint in done.stdout


def test_the_next_steps_name_a_stack_that_is_not_the_default(world: World) -> None:
    (world.stack_file.parent / "Pulumi.mine.yaml").write_text(SALTED)
    done = runner.invoke(app, ["up", "--stack", "mine"])
    assert done.exit_code == 0, done.output
    for hint in (
        "hybrid-mesh verify --stack mine",
        "hybrid-mesh down --stack mine",
        "hybrid-mesh env --stack mine",
    ):
        assert hint in done.stdout


def test_up_refuses_placeholders_before_it_does_anything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.up.stack_plan", stack_plan)
    done = runner.invoke(app, ["up", "--stack", "staging", "--yes"])
    assert (done.exit_code, done.stdout, world.pulumi.calls()) == (2, "", [])
    assert "error: 2 problems in the configuration:" in done.stderr
    assert "stacks/Pulumi.staging.yaml:12:25: operators.cidrs.0 (198.51.100.0/28)" in done.stderr
    assert "project (example-mesh-staging)" in done.stderr


def test_up_leaves_the_stack_file_as_it_was(world: World) -> None:
    runner.invoke(app, ["up"])
    assert world.stack_file.read_text() == SALTED


def test_up_leaves_the_salt_that_plain_pulumi_needs(world: World) -> None:
    """`hybrid-mesh env` put it there."""
    with_salt = f"{SALTED}encryptionsalt: v1:ours\n"
    world.stack_file.write_text(with_salt)
    assert runner.invoke(app, ["up"]).exit_code == 0
    assert world.stack_file.read_text() == with_salt
    assert runner.invoke(app, ["down"]).exit_code == 0
    assert world.stack_file.read_text() == SALTED


def test_up_powers_a_lab_with_a_past_on_before_pulumi_runs(world: World) -> None:
    world.lab.past = True
    done = runner.invoke(app, ["up"])
    assert ("connect", True) in world.lab.asked
    assert "restarting it from its saved state" in done.stderr


@pytest.mark.parametrize("running", [True, False])
def test_up_looks_for_changes_by_hand_in_a_lab_that_runs(world: World, running: bool) -> None:
    world.lab.running = running
    assert runner.invoke(app, ["up"]).exit_code == 0
    assert ("--refresh" in world.pulumi.called("up")[0]) is running


def test_up_starts_no_lab_without_a_past(world: World) -> None:
    runner.invoke(app, ["up"])
    assert ("connect", True) not in world.lab.asked


@pytest.mark.parametrize("running", [True, False])
def test_up_says_what_it_will_open_and_write_before_it_does(world: World, running: bool) -> None:
    world.lab.running = running
    said = runner.invoke(app, ["up"]).stderr.partition("==> Creating")[0]
    assert ("It will listen on 127.0.0.1 at 2" in said) is not running
    assert (f"and write below {os.environ['HYBRID_MESH_STATE']}." in said) is not running


def test_a_preflight_says_all_and_nothing_is_changed(world: World) -> None:
    world.lab.problems = ["runc is not installed: apt-get install runc", "no overlay: modprobe overlay"]
    done = runner.invoke(app, ["up"])
    assert done.exit_code == 1
    assert "apt-get install runc" in done.stderr
    assert "modprobe overlay" in done.stderr
    assert world.pulumi.calls() == []


def test_a_missing_toolchain_is_said_in_one_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ToolchainMissing("the toolchain is not built: run `make toolchain`")

    monkeypatch.setattr("hybrid_mesh.cli.up.Profile.current", missing)
    done = runner.invoke(app, ["up"])
    assert done.exit_code == 1
    assert "make toolchain" in done.stderr
    assert world.pulumi.calls() == []


def test_up_that_fails_verifies_nothing(world: World) -> None:
    world.pulumi.answer("up", code=255)
    done = runner.invoke(app, ["up"])
    assert done.exit_code == 1
    assert "`pulumi up` failed with exit code 255" in done.stderr
    assert "it resumes where it stopped" in done.stderr
    assert "hybrid-mesh lab export DIR" in done.stderr
    assert "The mesh works" not in done.output
    assert world.stack_file.read_text() == SALTED


def test_up_of_a_mesh_that_does_not_work_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sick = FakeShell()
    sick.voices["echo"] = sick.voices["echo"][:1]
    report = verified(mesh_plan(), sick)
    monkeypatch.setattr("hybrid_mesh.cli.up.check", lambda _plan, _patience: report)
    done = runner.invoke(app, ["up"])
    assert done.exit_code == 1
    assert "no response from cluster west" in done.stdout
    assert "error: 5 of 36 checks failed." in done.stderr


def test_up_without_kubectl_says_that_nothing_was_checked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.up.find_kubectl", lambda: None)
    done = runner.invoke(app, ["up"])
    assert done.exit_code == 0
    assert "The mesh was not checked: kubectl is not installed" in done.stderr


def test_checks_are_listed_only_after_a_change(world: World) -> None:
    world.make_stack()
    world.pulumi.answer("up", events=[summary(same=78)])
    done = runner.invoke(app, ["up"])
    assert "The mesh works: 36 of 36 checks passed" in done.stdout
    assert "service echo" not in done.stdout
    assert "78 unchanged in " in done.stderr
    assert "service echo" in runner.invoke(app, ["--verbose", "up"]).stdout


def test_down_destroys_and_leaves_nothing(world: World) -> None:
    world.make_stack()
    done = runner.invoke(app, ["down"])
    assert done.exit_code == 0, done.output
    destroy = world.pulumi.called("destroy")[0]
    assert "--yes" in destroy
    assert destroy[destroy.index("--stack") + 1] == "local"
    assert world.lab_ended
    assert world.stack_file.read_text() == SALTED
    assert "--remove" not in destroy, "it would take the stack's committed file with it"


def test_down_with_nothing_there_does_nothing_but_look_for_leftovers(world: World) -> None:
    done = runner.invoke(app, ["down"])
    assert done.exit_code == 0
    assert world.pulumi.called("destroy") == []
    assert world.lab_ended


def test_down_tries_once_more_when_the_lab_has_gone_meanwhile(world: World) -> None:
    world.make_stack()
    world.pulumi.answer("destroy", code=255)
    done = runner.invoke(app, ["down"])
    assert len(world.pulumi.called("destroy")) == 2
    assert done.exit_code == 1
    assert not world.lab_ended
    assert "lab down --forget" in done.stderr


def test_down_does_not_insist_while_the_lab_is_there(world: World) -> None:
    world.make_stack()
    world.lab.running = True
    world.pulumi.answer("destroy", code=255)
    assert runner.invoke(app, ["down"]).exit_code == 1
    assert len(world.pulumi.called("destroy")) == 1


def test_down_leaves_a_lab_with_members_of_another_stack(world: World) -> None:
    world.make_stack()
    world.lab.owners = {Owner("hybrid-mesh", "local", "b"), Owner("hybrid-mesh", "mine", "b")}
    done = runner.invoke(app, ["down"])
    assert done.exit_code == 0, done.output
    assert not world.lab_ended
    assert "The lab keeps running for: " in done.stderr
    assert "mine" in done.stderr


def test_down_of_another_stack_leaves_the_lab_alone(world: World) -> None:
    assert runner.invoke(app, ["down", "--stack", "dev"]).exit_code == 0
    assert not world.lab_ended


def test_an_unreachable_ingress_is_left_out_of_the_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unreachable(FakeShell):
        def ingress_url(self, ingress: str, port: int) -> str:
            raise NotReachableError("no port")

    monkeypatch.setattr("hybrid_mesh.cli.touch.MeshShell", lambda _: Unreachable())
    assert touch._ingresses(mesh_plan()) == []
