"""`hybrid-mesh check`: what it examines, what it says before anything is done, and how it ends."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import console, findings, findings_clusters
from hybrid_mesh.cli.main import app
from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile
from tests import json_server
from tests.cli.fake_lab import FakeLab
from tests.commands import PROJECT
from tests.docs.shapes import differences, documented
from tests.json_server import Request
from tests.plugins.engine import binary

runner = CliRunner()
KUBECTL = binary("kubectl")
SECRET = "the-secret-token"


def which(name: str, path: str | None = None) -> str:
    """Every program is installed."""
    return KUBECTL or "/nowhere" if name == "kubectl" else f"/usr/bin/{name}"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    """A host with no lab, no credentials and an own `pulumi`."""
    for name in (*findings_clusters._ACCESS["gcp"].variables, *findings_clusters._ACCESS["aws"].variables):
        monkeypatch.delenv(name, raising=False)
    fake = FakeLab(running=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(findings, "LabClient", fake)
    monkeypatch.setattr(findings, "_version", lambda _: "v3.274.1")
    monkeypatch.setattr(shutil, "which", which)
    monkeypatch.setattr(Profile, "current", classmethod(lambda cls: cls(tmp_path)))
    return fake


def checked(*arguments: str, code: int = 0) -> Any:
    done = runner.invoke(app, ["check", "--json", *arguments])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def states(document: Any) -> dict[str, str]:
    return {each["name"]: each["state"] for each in document["checks"]}


def test_a_host_that_is_ready(host: FakeLab) -> None:
    found = checked()
    assert found["ready"] is True
    assert set(states(found).values()) == {"ok"}
    assert {"Pulumi.local.yaml", "root", "pulumi", "state"} < set(states(found))
    assert [(one["address"], one["what"]) for one in found["listens"]] == [
        ("127.0.0.1", "API server of cluster east"),
        ("127.0.0.1", "API server of cluster west"),
        ("127.0.0.1", "ingress public, port 80"),
    ]
    assert os.environ["HYBRID_MESH_STATE"] in found["writes"]
    assert found["installs"] == []
    text = runner.invoke(app, ["check"])
    assert text.exit_code == 0
    assert "  ✓ root " in text.stdout
    assert "listen on 127.0.0.1:20012  API server of cluster east" in text.stdout
    assert "\nReady. Create the mesh with `" in text.stdout
    assert text.stdout.endswith("hybrid-mesh up`.\n")


def test_each_problem_comes_with_its_remedy(host: FakeLab) -> None:
    host.problems = ["1.0 GiB of memory available, 3 GiB needed: end other programs"]
    done = runner.invoke(app, ["check"])
    assert done.exit_code == 1
    lines = [line.strip() for line in done.stdout.splitlines()]
    place = next(index for index, line in enumerate(lines) if line.startswith("✗ memory"))
    assert lines[place].endswith("1.0 GiB of memory available, 3 GiB needed")
    assert lines[place + 1] == "End other programs."
    assert done.stderr == "error: 1 of 7 checks failed.\n"
    assert "Ready" not in done.output


def test_what_the_build_of_the_toolchain_installs_is_said(
    host: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_cls: type) -> Profile:
        raise ToolchainMissing("the toolchain is not built: run `make toolchain`")

    monkeypatch.setattr(Profile, "current", classmethod(missing))
    monkeypatch.setattr(findings, "is_there", lambda proof: proof != "runc")
    assert checked()["installs"] == ["runc"]


def test_a_running_lab_has_what_it_needs_and_says_its_ports(host: FakeLab) -> None:
    host.running, host.problems = True, ["too small: x"]
    found = checked()
    assert states(found)["lab"] == "ok"
    assert states(found)["toolchain"] == "ok"
    assert [one["port"] for one in found["listens"]][::2] == [1, 34213]


def test_lines_fit_a_terminal(host: FakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(console.out), "width", 80, raising=False)
    lines = runner.invoke(app, ["check", "--stack", "prod"]).stdout.splitlines()
    assert [line for line in lines if len(line) > 80 and "/" not in line] == []


def test_a_wrong_stack_is_a_problem_of_the_file(host: FakeLab) -> None:
    done = runner.invoke(app, ["check", "--stack", "nowhere"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Pulumi.nowhere.yaml" in done.stderr


def answer(request: Request) -> tuple[int, Any]:
    if request.authorization != f"Bearer {SECRET}":
        return 401, {"kind": "Status", "apiVersion": "v1", "code": 401, "reason": "Unauthorized"}
    return 200, {"gitVersion": "v1.35.4"}


@pytest.fixture
def cluster(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's kubeconfig, whose only context is that of the cluster `one` of the stack `dev`."""
    if KUBECTL is None:
        pytest.skip("no kubectl; run make toolchain")
    tls, authority = json_server.certified(tmp_path_factory.mktemp("api"))
    with json_server.json_server(answer, tls) as port:
        document = json_server.kubeconfig(f"https://127.0.0.1:{port}", SECRET, authority)
        document["contexts"][0]["name"] = "kind-one"
        (tmp_path / "config").write_text(json.dumps(document))
        yield tmp_path / "config"


def test_clusters_that_exist_are_asked(host: FakeLab, cluster: Path) -> None:
    found = checked("--stack", "dev", code=1)
    details = {each["name"]: each for each in found["checks"] if each["section"] == "Clusters"}
    assert details["one"]["state"] == "ok"
    assert details["one"]["detail"].startswith("Kubernetes v1.35.4 at https://127.0.0.1:")
    assert details["two"]["state"] == "failed"
    assert "has no context kind-two" in details["two"]["detail"]
    assert found["listens"] == []


def test_a_cluster_that_refuses_is_named_without_a_secret(host: FakeLab, cluster: Path) -> None:
    cluster.write_text(cluster.read_text().replace(SECRET, "another-secret"))
    done = runner.invoke(app, ["check", "--stack", "dev"])
    assert done.exit_code == 1
    assert "does not answer: " in done.stdout
    assert "another-secret" not in done.output


def test_clouds_are_not_asked_unless_wanted(host: FakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(command: Any) -> int:
        asked.append(command)
        return 1

    monkeypatch.setattr(findings_clusters, "_answer", refuse)
    monkeypatch.setenv("AWS_PROFILE", "platform")
    found = checked("--stack", "prod", code=1)
    credentials = {each["section"]: each for each in found["checks"] if each["name"] == "credentials"}
    assert credentials["AWS"]["detail"] == "from the variable AWS_PROFILE"
    assert credentials["Google Cloud"]["state"] == "note"
    assert "gcloud auth application-default login" in credentials["Google Cloud"]["remedy"]
    assert asked == []
    found = checked("--stack", "prod", "--online", code=1)
    assert [command[0] for command in asked] == ["gcloud", "aws"]
    assert states(found)["login"] == "failed"


def test_what_up_refuses_is_a_failure(host: FakeLab) -> None:
    failed = {each["name"]: each for each in checked("--stack", "prod", code=1)["checks"] if each["remedy"]}
    placeholder = failed["operators.cidrs.0"]
    assert (placeholder["section"], placeholder["state"]) == ("Stack", "failed")
    assert placeholder["detail"].startswith("198.51.100.0/28: ")
    assert placeholder["remedy"] == "Replace this placeholder with your own value."


def test_a_clouds_missing_program_is_a_failure(host: FakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None if "gke" in name else which(name))
    found = checked("--stack", "prod", code=1)
    assert states(found)["gke-gcloud-auth-plugin"] == "failed"


def test_its_json_is_documented(host: FakeLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "packages_to_install", lambda: ["debootstrap"])
    monkeypatch.setattr("hybrid_mesh.cli.check.packages_to_install", lambda: ["debootstrap"])
    rows = documented(PROJECT / "docs" / "json.md", "hybrid-mesh check")
    assert differences([checked()], rows) == []
