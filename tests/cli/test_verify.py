"""`hybrid-mesh verify`: what it writes, how it ends, and what it says when nothing can be asked."""

import json
import signal
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import verify as command
from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.typed import COMMAND
from hybrid_mesh.operate.probes.pods import ProbePods
from hybrid_mesh.operate.verify import run
from tests.cli.fake_lab import FakeLab
from tests.operate.mesh import FakeShell, mesh_plan

runner = CliRunner()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> FakeShell:
    """The mesh's members, which all answer; the lab runs."""
    fake = FakeShell()
    monkeypatch.setattr(command, "MeshShell", lambda _: fake)
    monkeypatch.setattr(command, "LabClient", FakeLab())
    monkeypatch.setattr(command, "stack_plan", lambda _: mesh_plan())
    return fake


def test_a_mesh_that_works(shell: FakeShell, tmp_path: Path) -> None:
    page, cases = tmp_path / "page.html", tmp_path / "cases.xml"
    done = runner.invoke(app, ["verify", "--html", str(page), "--junit", str(cases)])
    assert done.exit_code == 0, done.output
    assert "The mesh works: 36 of 36 checks passed" in done.stdout
    assert "The mesh works: 36 of 36 checks passed" in page.read_text()
    assert len(list(Xml.parse(cases).iter("testcase"))) == 36


def test_what_failed_is_said_at_the_end(shell: FakeShell, tmp_path: Path) -> None:
    shell.missing_pods = {"outside/east"}
    done = runner.invoke(app, ["verify", "--junit", str(tmp_path / "cases.xml"), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["passed"] is False
    assert "error: 1 could not be run.\n       refusals in east: " in done.stderr
    assert "troubleshooting.md explains each message." in done.stderr
    assert (tmp_path / "cases.xml").exists()


def test_a_report_that_cannot_be_written_is_named(shell: FakeShell, tmp_path: Path) -> None:
    done = runner.invoke(app, ["verify", "--html", str(tmp_path / "nowhere/page.html")])
    assert done.exit_code == 1
    assert "nowhere/page.html cannot be written: No such file or directory." in done.stderr


def test_without_a_lab_nothing_is_checked(shell: FakeShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LabClient", FakeLab(running=False))
    done = runner.invoke(app, ["verify"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"error: No lab is running.\n       Start one with `{COMMAND} up`.\n"
    done = runner.invoke(app, ["verify", "--stack", "mine"])
    assert f"Start one with `{COMMAND} up --stack mine`." in done.stderr


def test_without_a_demo_every_group_and_cluster_is_checked(
    shell: FakeShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "stack_plan", lambda _: mesh_plan(demo=None, ingress={}))
    done = runner.invoke(app, ["verify"])
    assert done.exit_code == 0, done.output
    assert "The mesh works: 21 of 21 checks passed" in done.stdout
    shell.unhealthy = {"legacy-1"}
    done = runner.invoke(app, ["verify", "--quiet"])
    assert done.exit_code == 1
    assert "VMs of group legacy: 1 of 2 VMs are registered and healthy: legacy-1-entry is not" in done.stderr


def test_only_what_is_named_is_checked(shell: FakeShell) -> None:
    done = runner.invoke(app, ["verify", "--json", "--from", "west", "--to", "group legacy"])
    assert done.exit_code == 0, done.output
    checks = json.loads(done.stdout)["checks"]
    assert {check["source"] for check in checks} == {
        "pod echo-w in west",
        "pod probe in west",
        "pod outside in west",
    }
    assert all("group legacy" in check["to"] for check in checks)
    shell.calls.clear()
    done = runner.invoke(app, ["verify", "--from", "outside", "-q"])
    assert "The mesh works: 1 of 1 checks passed" in done.stdout
    assert not [call for call in shell.calls if "apply" in call], "this host needs no probe pods"
    done = runner.invoke(app, ["verify", "--from", "wset"])
    assert done.exit_code == 2
    assert "error: The stack test has no wset here." in done.stderr
    assert "cluster east, cluster west, group legacy, VM legacy-0" in done.stderr


def test_a_watch_prints_what_changed_and_ends_with_the_last_state(
    shell: FakeShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[float] = []

    def sleep(seconds: float) -> None:
        rounds.append(seconds)
        shell.unhealthy = {"legacy-1"} if len(rounds) < 3 else set()
        if len(rounds) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "pause", sleep)
    monkeypatch.setattr(command, "run_verify", partial(run.verify, first_sync=0))
    done = runner.invoke(app, ["verify", "--watch", "5", "-q"])
    assert (done.exit_code, rounds) == (0, [5, 5, 5, 5]), done.output
    changed = done.stdout.partition("checks passed")[2].splitlines()[1:]
    assert [line.split()[1] for line in changed] == ["✗", "✓"]
    assert all("istiod of east → VMs of group legacy" in line for line in changed)
    assert len([call for call in shell.calls if call[1:3] == ("delete", "namespace")]) == 2


def test_a_watch_prints_a_json_document_a_line(shell: FakeShell, monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "pause", sleep)
    done = runner.invoke(app, ["verify", "--watch", "1", "--json", "-q"])
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["passed"] is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_and_the_probes_are_removed(
    shell: FakeShell, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def interrupted(_plan: object, _shell: object, probes: ProbePods, **_: object) -> None:
        probes.ensure()
        signal.raise_signal(number)

    monkeypatch.setattr(command, "run_verify", interrupted)
    before = signal.getsignal(number)
    done = runner.invoke(app, ["verify"])
    assert done.exit_code == 130
    assert "error: Interrupted." in done.stderr
    assert {call[0] for call in shell.calls if call[1:3] == ("delete", "namespace")} == {"east", "west"}
    assert signal.getsignal(number) == before
