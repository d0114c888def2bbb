import json

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import lab as command
from hybrid_mesh.cli import lab_names
from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.typed import COMMAND
from hybrid_mesh.local.lab.specs import CompletedCommand
from tests.cli.fake_lab import KUBECONFIG, FakeLab

runner = CliRunner()


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    fake = FakeLab()
    for module in (command, lab_names):
        monkeypatch.setattr(module, "LabClient", fake)
    return fake


def test_status_fits_80_columns_with_whole_addresses_and_commands(lab: FakeLab) -> None:
    text = runner.invoke(app, ["lab", "status"]).stdout
    assert (
        text
        == f"""\
The lab is running (process 4242, 1500 MiB of memory).

MEMBER        STACK  NETWORK    ADDRESS      STATE
cluster east  local  amsterdam  172.30.1.10  ready
VM legacy-0   local  amsterdam  10.10.0.100  starting
    booting

From this host:
  cluster east  https://127.0.0.1:1
  VM legacy-0   {COMMAND} lab shell legacy-0
  istio-ingress/public-istio:80 of east  127.0.0.1:34213
"""
    )
    assert all(len(line) <= 80 for line in text.splitlines())


def test_status_as_json_is_in_camel_case(lab: FakeLab) -> None:
    found = json.loads(runner.invoke(app, ["lab", "status", "--json"]).stdout)
    assert (found["running"], found["processId"]) == (True, 4242)
    assert found["clusters"][0]["peerEndpoint"] == "https://172.30.1.1:6443"
    assert found["clusters"][0]["owner"] == {"project": "hybrid-mesh", "stack": "local", "backend": ""}
    assert [machine["wanAddress"] for machine in found["machines"]] == ["172.30.200.1"]


def test_status_without_a_lab_is_not_an_error(lab: FakeLab) -> None:
    lab.running = False
    assert runner.invoke(app, ["lab", "status"]).stdout == "No lab is running.\n"
    document = runner.invoke(app, ["lab", "status", "--json"])
    assert json.loads(document.stdout)["running"] is False
    assert document.exit_code == 0


def test_status_of_a_stopped_lab_lists_what_is_saved(lab: FakeLab) -> None:
    lab.running, lab.past = False, True
    text = runner.invoke(app, ["lab", "status"]).stdout
    assert f"The lab is stopped; `{COMMAND} up` restarts it from its saved state." in text
    assert "cluster east  local  amsterdam  172.30.1.10  stopped" in text
    assert "From this host" not in text


def test_kubeconfig_is_printed_as_it_is(lab: FakeLab) -> None:
    done = runner.invoke(app, ["lab", "kubeconfig", "east"])
    assert json.loads(done.stdout) == json.loads(KUBECONFIG)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("kubeconfig", "legacy-0"), "error: legacy-0 is a VM; clusters are: east."),
        (("shell", "east"), "error: east is a cluster; VMs are: legacy-0."),
        (("kubeconfig", "nobody"), "error: The lab has no cluster nobody.\n       Clusters are: east."),
        (("shell", "nobody"), "error: The lab has no VM nobody.\n       VMs are: legacy-0."),
        (
            ("delete", "nobody"),
            "error: The lab has no member nobody.\n       Clusters are: east; VMs are: legacy-0.",
        ),
    ],
)
def test_a_name_of_the_wrong_kind_or_of_nothing_is_refused_with_the_right_ones(
    lab: FakeLab, words: tuple[str, ...], refusal: str
) -> None:
    done = runner.invoke(app, ["lab", *words])
    assert (done.exit_code, done.stderr) == (1, f"{refusal}\n")


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


def test_down_stops_and_is_not_an_error_twice(lab: FakeLab) -> None:
    assert runner.invoke(app, ["lab", "down"]).exit_code == 0
    assert ("shutdown",) in lab.asked
    again = runner.invoke(app, ["lab", "down"])
    assert again.exit_code == 0
    assert "No lab is running." in again.stderr


@pytest.mark.parametrize(("name", "kind"), [("legacy-0", "machine"), ("east", "cluster")])
def test_a_member_is_deleted_by_name(lab: FakeLab, name: str, kind: str) -> None:
    done = runner.invoke(app, ["lab", "delete", name, "--yes"])
    assert done.exit_code == 0
    assert (f"delete {kind}", name) in lab.asked
    assert f"{name} is deleted. `{COMMAND} up` creates it again." in done.stderr


def test_without_a_terminal_a_delete_requires_yes_and_names_the_stack(lab: FakeLab) -> None:
    done = runner.invoke(app, ["lab", "delete", "legacy-0"])
    assert done.exit_code == 2
    assert "VM legacy-0 of stack local would be deleted with its disk" in done.stderr
    assert "--yes" in done.stderr
    assert not [asked for asked in lab.asked if str(asked[0]).startswith("delete")]


@pytest.mark.parametrize(("answer", "deleted"), [("n", False), ("", False), ("y", True)])
def test_on_a_terminal_a_delete_asks(
    lab: FakeLab, monkeypatch: pytest.MonkeyPatch, answer: str, deleted: bool
) -> None:
    monkeypatch.setattr(command, "_on_a_terminal", lambda: True)
    done = runner.invoke(app, ["lab", "delete", "legacy-0"], input=f"{answer}\n")
    assert "Delete VM legacy-0 of stack local with its disk?" in done.stdout
    assert (("delete machine", "legacy-0") in lab.asked) is deleted
    assert done.exit_code == (0 if deleted else 1)
    assert ("Nothing was changed." in done.stderr) is not deleted
