import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import lab as command
from hybrid_mesh.cli.main import app
from hybrid_mesh.local.lab.specs import CompletedCommand
from tests.cli.fake_lab import KUBECONFIG, FakeLab

runner = CliRunner()


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    fake = FakeLab()
    monkeypatch.setattr(command, "LabClient", fake)
    return fake


def test_status_names_members_memory_and_ways_in(lab: FakeLab) -> None:
    text = runner.invoke(app, ["lab", "status"]).stdout
    for expected in (
        "1500 MiB",
        "cluster east",
        "ready",
        "machine legacy-0",
        "starting: booting",
        "127.0.0.1:34213",
    ):
        assert expected in text


def test_status_as_json_is_the_labs_own(lab: FakeLab) -> None:
    found = json.loads(runner.invoke(app, ["lab", "status", "--json"]).stdout)
    assert found["running"] is True
    assert found["process_id"] == 4242
    assert [cluster["name"] for cluster in found["clusters"]] == ["east"]


def test_status_of_a_lab_that_is_off_is_no_error(lab: FakeLab) -> None:
    lab.running = False
    assert runner.invoke(app, ["lab", "status"]).stdout == "The lab is off.\n"
    document = runner.invoke(app, ["lab", "status", "--json"])
    assert json.loads(document.stdout)["running"] is False
    assert document.exit_code == 0


def test_status_tells_of_a_past(lab: FakeLab) -> None:
    lab.running, lab.past = False, True
    assert "`hybrid-mesh up` powers it on again" in runner.invoke(app, ["lab", "status"]).stdout


def test_kubeconfig_is_printed_as_it_is(lab: FakeLab) -> None:
    done = runner.invoke(app, ["lab", "kubeconfig", "east"])
    assert json.loads(done.stdout) == json.loads(KUBECONFIG)


@pytest.mark.parametrize("words", [("kubeconfig", "nobody"), ("shell", "nobody")])
def test_an_unknown_member_is_said_with_the_known_ones(lab: FakeLab, words: tuple[str, str]) -> None:
    done = runner.invoke(app, ["lab", *words])
    assert done.exit_code == 1
    assert "The lab has no nobody." in done.stderr
    assert "east, legacy-0" in done.stderr
    assert "Traceback" not in done.output


def test_a_command_in_a_machine_gives_its_output_and_exit_code(lab: FakeLab) -> None:
    lab.answer = CompletedCommand(7, "out\n", "err\n")
    done = runner.invoke(app, ["lab", "shell", "legacy-0", "--", "stat", "-c", "%Y", "/proc/1"])
    assert (done.stdout, done.stderr, done.exit_code) == ("out\n", "err\n", 7)
    assert ("shell", "legacy-0", ("stat", "-c", "%Y", "/proc/1")) in lab.asked


@pytest.mark.parametrize("words", [("logs",), ("kubeconfig", "east"), ("shell", "legacy-0", "--", "true")])
def test_without_a_lab_the_remedy_is_said(lab: FakeLab, words: tuple[str, ...]) -> None:
    lab.running = False
    done = runner.invoke(app, ["lab", *words])
    assert done.exit_code == 1
    assert "No lab is running." in done.stderr
    assert "hybrid-mesh up" in done.stderr


def test_logs_are_printed_without_being_taken_for_markup(lab: FakeLab) -> None:
    done = runner.invoke(app, ["lab", "logs", "east/kubelet", "-n", "5"])
    assert done.stdout == "5 lines of east/kubelet [with brackets]\n"


def test_down_powers_off_and_is_no_error_twice(lab: FakeLab) -> None:
    assert runner.invoke(app, ["lab", "down"]).exit_code == 0
    assert ("shutdown",) in lab.asked
    again = runner.invoke(app, ["lab", "down"])
    assert again.exit_code == 0
    assert "off already" in again.stderr


@pytest.mark.parametrize("running", [True, False])
def test_logs_are_exported_with_the_status(lab: FakeLab, tmp_path: Path, running: bool) -> None:
    lab.running = running
    done = runner.invoke(app, ["lab", "export", str(tmp_path / "logs")])
    assert done.exit_code == 0, done.output
    assert ("export", tmp_path / "logs") in lab.asked
    assert json.loads((tmp_path / "logs" / "status.json").read_text())["running"] is running


def test_a_member_is_deleted_by_name(lab: FakeLab) -> None:
    assert runner.invoke(app, ["lab", "delete", "legacy-0"]).exit_code == 0
    assert ("delete machine", "legacy-0") in lab.asked
    assert "The lab has no nobody." in runner.invoke(app, ["lab", "delete", "nobody"]).stderr
