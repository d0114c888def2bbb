"""The command's `Shell`: what it finds, how it runs things, and that no failure of it shows a secret."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.cli import kubeconfigs, shells
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.kubeconfigs import Kubeconfig, read_kubeconfig
from hybrid_mesh.cli.shells import MeshShell
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.operate.shell import Machine, NotProbedError, NotReachableError
from tests.cli.fake_lab import FakeLab
from tests.operate.mesh import mesh_plan, raw_mesh

SECRET = "the-secret-token"
KUBECONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "main",
    "clusters": [{"name": "main", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "main", "user": {"token": SECRET}}],
    "contexts": [{"name": "main", "context": {"cluster": "main", "user": "main"}}],
}


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    fake = FakeLab()
    monkeypatch.setattr(shells, "LabClient", fake)
    monkeypatch.setattr(kubeconfigs, "LabClient", fake)
    return fake


def test_an_unused_cluster_costs_no_connection(lab: FakeLab) -> None:
    lab.running = False
    MeshShell(mesh_plan())
    assert lab.asked == []


def test_machines_are_those_that_run(lab: FakeLab) -> None:
    assert MeshShell(mesh_plan()).machines("legacy") == [Machine("legacy", "legacy-0", "10.10.0.100")]


def test_machines_that_do_not_run_have_the_state_of_the_lab(lab: FakeLab) -> None:
    assert MeshShell(mesh_plan()).machine_states("legacy") == {"legacy-0": "ready"}


def test_machines_of_others_are_not_probed(lab: FakeLab) -> None:
    mesh = raw_mesh()
    mesh["workloadGroups"]["legacy"]["machines"] = {"type": "bundle"}
    del mesh["demo"]["group"]
    with pytest.raises(NotProbedError, match="type bundle"):
        MeshShell(mesh_plan(**mesh)).machines("legacy")


def test_a_local_ingress_is_the_labs_port_on_the_loopback(lab: FakeLab) -> None:
    assert MeshShell(mesh_plan()).ingress_url("public", 80) == "http://127.0.0.1:34213"
    with pytest.raises(NotReachableError, match="istio-ingress/public-istio:81"):
        MeshShell(mesh_plan()).ingress_url("public", 81)


def test_without_a_lab_nothing_is_reachable(lab: FakeLab) -> None:
    lab.running = False
    shell = MeshShell(mesh_plan())
    for ask in (
        lambda: shell.pods("east", "demo", "app=echo"),
        lambda: shell.machines("legacy"),
        lambda: shell.run_in_machine(Machine("legacy", "legacy-0", ""), ["true"], 1),
        lambda: shell.ingress_url("public", 80),
    ):
        with pytest.raises(NotReachableError, match="no lab is running"):
            ask()


def test_outside_runs_here(lab: FakeLab) -> None:
    shell = MeshShell(mesh_plan())
    done = shell.run_outside([sys.executable, "-c", "import sys; print('x'); sys.exit(4)"], 20)
    assert (done.returncode, done.stdout) == (4, "x\n")
    with pytest.raises(NotProbedError, match="is not installed on this host"):
        shell.run_outside(["no-such-program-anywhere"], 1)
    with pytest.raises(NotReachableError, match="did not end"):
        shell.run_outside([sys.executable, "-c", "import time; time.sleep(30)"], 0.2)


def kubeconfig_plan(**settings: str) -> Any:
    mesh = {
        "id": "mesh1",
        "networks": {"dc": {"type": "external", "cidr": "10.40.0.0/16"}},
        "clusters": {"edge": {"type": "kubeconfig", "network": "dc", **settings}},
    }
    return plan_from(mesh, "dev").clusters["edge"]


def test_a_kubeconfig_file_is_read_with_its_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconfigs, "project_folder", lambda: tmp_path)
    (tmp_path / "edge.yaml").write_text("apiVersion: v1\nkind: Config\n")
    assert read_kubeconfig(kubeconfig_plan(path="edge.yaml", context="admin"), "dev") == Kubeconfig(
        {"apiVersion": "v1", "kind": "Config"}, path=tmp_path / "edge.yaml", context="admin"
    )


def test_the_ambient_kubeconfig_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config"
    path.write_text(json.dumps(KUBECONFIG))
    monkeypatch.setenv("KUBECONFIG", f"{path}:/other")
    assert read_kubeconfig(kubeconfig_plan(), "dev") == Kubeconfig(KUBECONFIG)


def test_the_files_of_kubeconfig_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"name": "b", "cluster": {"server": "https://192.0.2.2", "certificate-authority": "ca.pem"}}
    users = [{"name": name, "user": {"exec": {"command": name}}} for name in ("./login", "login")]
    (tmp_path / "a").write_text(json.dumps(KUBECONFIG))
    (tmp_path / "b").write_text(json.dumps({"current-context": "b", "clusters": [entry], "users": users}))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/a:{tmp_path}/b")
    found = read_kubeconfig(kubeconfig_plan(), "dev").content
    assert found["current-context"] == KUBECONFIG["current-context"]
    assert found["clusters"][-1]["cluster"]["certificate-authority"] == str(tmp_path / "ca.pem")
    commands = [each["user"]["exec"]["command"] for each in found["users"][-2:]]
    assert commands == [str(tmp_path / "login"), "login"]


def test_a_missing_or_broken_kubeconfig_reports_the_path_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubeconfigs, "project_folder", lambda: tmp_path)
    with pytest.raises(CommandError, match=r"gone\.yaml"):
        read_kubeconfig(kubeconfig_plan(path="gone.yaml"), "dev")
    (tmp_path / "broken.yaml").write_text(f"token: {SECRET}\n\t- [")
    with pytest.raises(CommandError, match="is not a valid kubeconfig") as raised:
        read_kubeconfig(kubeconfig_plan(path="broken.yaml"), "dev")
    assert SECRET not in str(raised.value)


def test_a_kubeconfig_in_a_secret_is_asked_of_pulumi(pulumi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.kubeconfigs.Engine.find", pulumi.engine)
    pulumi.answer("config get hybrid-mesh:edge --stack dev", stdout=json.dumps(KUBECONFIG))
    pulumi.answer("config get", code=1, stderr=SECRET)
    found = read_kubeconfig(kubeconfig_plan(secret="edge"), "dev")
    assert found == Kubeconfig(KUBECONFIG, text=json.dumps(KUBECONFIG))
    assert SECRET not in repr(found)
    assert found.credentials() == [SECRET]
    with pytest.raises(CommandError, match="cannot be read") as raised:
        read_kubeconfig(kubeconfig_plan(secret="other"), "dev")
    assert SECRET not in str(raised.value)
    assert "config set" in raised.value.remedy


def test_the_kubeconfig_of_a_cluster_in_a_cloud_is_what_the_stack_exports(
    pulumi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_mesh.cli.kubeconfigs.Engine.find", pulumi.engine)
    mesh = {
        "id": "mesh1",
        "project": "example",
        "labels": {"owner": "platform"},
        "operators": {"cidrs": ["198.51.100.0/28"]},
        "networks": {"gcp-eu": {"type": "gcp", "region": "europe-west4", "cidr": "10.10.0.0/16"}},
        "clusters": {"gke-eu": {"type": "gke", "network": "gcp-eu"}},
    }
    cluster = plan_from(mesh, "prod").clusters["gke-eu"]
    with pytest.raises(CommandError, match="has no kubeconfig of cluster gke-eu yet"):
        read_kubeconfig(cluster, "prod")
    pulumi.answer(
        "stack output kubeconfigs --json --show-secrets --stack prod",
        stdout=json.dumps({"gke-eu": json.dumps(KUBECONFIG)}),
    )
    assert read_kubeconfig(cluster, "prod") == Kubeconfig(KUBECONFIG, text=json.dumps(KUBECONFIG))
