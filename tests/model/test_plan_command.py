"""`hybrid-mesh plan`: tables for people, JSON for scripts, and every problem of a wrong file."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hybrid_mesh.cli import console
from hybrid_mesh.cli.main import app
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.describe import describe
from hybrid_mesh.model.plan.manifests import as_plain
from tests.model.meshes import LOCAL, PROD, changed


def _stack(folder: Path, mesh: object) -> Path:
    path = folder / "Pulumi.mine.yaml"
    path.write_text(yaml.safe_dump({"config": {"hybrid-mesh:mesh": mesh}}))
    return path


def test_prints_the_plan_as_json() -> None:
    result = CliRunner().invoke(app, ["plan", "--stack", "local", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads(json.dumps(describe(plan_from(LOCAL, "local"))))


def test_prints_the_manifests_as_yaml() -> None:
    result = CliRunner(env={"COLUMNS": "40"}).invoke(app, ["plan", "--stack", "local", "--manifests"])
    assert result.exit_code == 0
    documents = list(yaml.safe_load_all(result.stdout))
    plan = plan_from(LOCAL, "local")
    expected = [as_plain(planned) for cluster in plan.clusters.values() for planned in cluster.objects]
    assert documents == json.loads(json.dumps(expected))
    assert {"PeerAuthentication", "ValidatingAdmissionPolicy", "Gateway"} <= {
        document.get("kind") for document in documents
    }


def test_shows_people_what_the_mesh_will_be() -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["plan", "--stack", "local"])
    assert result.exit_code == 0
    for word in (
        "amsterdam",
        "10.20.0.0/16",
        "west",
        "legacy-1",
        "15443",
        "50 % echo.demo:8080",
        "cluster.env",
    ):
        assert word in result.stdout


def test_shows_what_is_made_in_clouds_and_how_its_protection_is_lifted() -> None:
    result = CliRunner(env={"COLUMNS": "220"}).invoke(app, ["plan", "--stack", "prod"])
    assert result.exit_code == 0
    for words in (
        "pods-gke-eu 10.10.128.0/17",
        "443, 9443, 10250, 10251, 15017",
        "egress of aws-us",
        "3 to 20",
        "hybrid-mesh:orders",
        "owner=platform",
        "protected: false",
    ):
        assert words in result.stdout


@pytest.mark.parametrize(
    ("count", "shown"), [({"count": 2}, "gce, 2 "), ({"min": 2, "max": 5}, "gce, 2 to 5 ")]
)
def test_counts_the_vms_that_a_cloud_names(tmp_path: Path, count: dict[str, int], shown: str) -> None:
    machines = dict(PROD["workloadGroups"]["ratings"]["machines"])
    for key in ("count", "min", "max"):
        machines.pop(key, None)
    machines |= count
    file = _stack(tmp_path, changed(PROD, {"workloadGroups.ratings.machines": machines}))
    result = CliRunner().invoke(app, ["plan", "--file", str(file)])
    assert result.exit_code == 0, result.output
    assert shown in result.stdout


def test_says_all_that_makes_a_vm_a_member() -> None:
    group = describe(plan_from(LOCAL, "local"))["groups"][0]
    boot = {"/etc/hybrid-mesh/machine.env", "/usr/local/lib/hybrid-mesh/identity", "/etc/hosts"}
    assert boot | {"/etc/systemd/system/hybrid-mesh-identity.timer"} < set(group["files"])
    assert {"istio.service", "hybrid-mesh.target", "hybrid-mesh-demo.service"} < set(group["units"])
    assert "hybrid-mesh-identity.timer" in CliRunner().invoke(app, ["plan"]).stdout


@pytest.mark.parametrize("width", [40, 80, 120])
def test_breaks_no_name_or_address(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(console.out), "width", width, raising=False)
    text = CliRunner().invoke(app, ["plan", "--stack", "prod"]).stdout
    for word in (
        "hm-prod-ratings@example-mesh-prod.iam.gserviceaccount.com",
        "10.10.128.0/17",
        "203.0.113.10",
    ):
        assert word in text.split()


def test_says_which_routes_direct_machines_need() -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["plan", "--stack", "dev"])
    assert result.exit_code == 0
    [line, _] = [line for line in result.stdout.splitlines() if "required" in line]
    assert line.split()[:6] == [
        "kind-one",
        "10.244.0.0/16",
        "machines",
        "192.168.56.0/24",
        "9080",
        "required",
    ]


def test_takes_its_stacks_name_from_a_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plan", "--json", "--file", str(_stack(tmp_path, dict(LOCAL)))])
    assert json.loads(result.stdout)["stack"] == "mine"


def test_reports_every_problem_on_standard_error(tmp_path: Path) -> None:
    wrong = changed(LOCAL, {"istio.version": "1.2.3", "trustDomain": "A", "clusters.east.network": "nowhere"})
    result = CliRunner().invoke(app, ["plan", "--file", str(_stack(tmp_path, wrong))])
    assert result.exit_code == 2
    assert result.stdout == ""
    for path in ("istio.version (1.2.3)", "trustDomain (A)", "clusters.east.network (nowhere)"):
        assert path in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("error: 3 problems in the configuration:\n")


def test_a_missing_stack_is_a_wrong_command() -> None:
    result = CliRunner().invoke(app, ["plan", "--stack", "prd"])
    assert result.exit_code == 2
    assert "stacks/Pulumi.prd.yaml: the stack file does not exist" in result.stderr
    assert "Did you mean `prod`? Stacks with a file there: dev, local, prod, staging." in result.stderr


def test_a_missing_file_is_a_wrong_command(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["plan", "--file", str(tmp_path / "mesh.yaml")])
    assert result.exit_code == 2
    assert "the stack file does not exist" in result.stderr


def test_the_stack_of_another_file_is_the_named_one(tmp_path: Path) -> None:
    file = str(_stack(tmp_path, dict(LOCAL)))
    result = CliRunner().invoke(app, ["plan", "--json", "--stack", "prod", "--file", file])
    assert json.loads(result.stdout)["stack"] == "prod"


@pytest.mark.parametrize(("options", "named"), [([], False), (["--stack", "prod"], True)])
def test_remedies_name_only_a_stack_that_was_named(tmp_path: Path, options: list[str], named: bool) -> None:
    file = str(_stack(tmp_path, changed(LOCAL, {"trust": {"issuer": "files"}})))
    result = CliRunner().invoke(app, ["plan", "--file", file, *options])
    assert result.exit_code == 2
    assert "pulumi config set --secret hybrid-mesh:root-key" in result.stderr
    assert ("--stack" in result.stderr) is named


def test_warns_of_what_up_refuses() -> None:
    result = CliRunner().invoke(app, ["plan", "--json", "--stack", "staging"])
    assert result.exit_code == 0
    warnings = json.loads(result.stdout)["warnings"]
    assert [(each["path"], each["line"], each["column"]) for each in warnings] == [
        ("project", 10, 14),
        ("operators.cidrs.0", 12, 25),
    ]
    for each in warnings:
        assert f"warning: {each['file']}:{each['line']}:{each['column']}: {each['path']}" in result.stderr
        assert each["remedy"] in result.stderr


def test_warns_of_keys_that_the_mesh_does_not_use(tmp_path: Path) -> None:
    path = _stack(tmp_path, dict(LOCAL))
    path.write_text(path.read_text() + "  hybrid-mesh:colour: green\n")
    result = CliRunner().invoke(app, ["plan", "--json", "--file", str(path)])
    assert result.exit_code == 0
    assert json.loads(result.stdout)
    assert "warning: " in result.stderr
    assert "the mesh does not use hybrid-mesh:colour" in result.stderr
