"""`hybrid-mesh init`: every template is valid as it is written, and nothing of others is overwritten."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.project_files import TEMPLATES, installed_requirement, with_requirement
from tests.commands import AS_IN_A_TERMINAL, HYBRID_MESH, PROJECT, run
from tests.gitops.pipelines import WORKFLOWS

CTRL_C = "Ctrl-C"
TEMPLATE = pytest.mark.parametrize("template", list(TEMPLATES))
ALWAYS = {
    ".gitignore",
    ".hybrid-mesh.json",
    ".python-version",
    "Makefile",
    "Pulumi.yaml",
    "README.md",
    "__main__.py",
    "plugins/hybridmesh/pulumi-resource-hybridmesh",
    "requirements.txt",
    "stacks/Pulumi.local.yaml",
    "stacks/mesh.schema.json",
}


def hybrid_mesh(folder: Path, *arguments: str, check: bool = True) -> Result:
    """Runs the command in `folder`, in this process: it is quick to begin and nobody answers questions."""
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 0 or not check, done.output
    return done


def init(folder: Path, *options: str, check: bool = True) -> Result:
    return hybrid_mesh(folder.parent, "init", str(folder), *options, check=check)


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@TEMPLATE
def test_a_template_is_a_whole_project_whose_stacks_plan_accepts(tmp_path: Path, template: str) -> None:
    project = tmp_path / "my-mesh"
    said = init(project, "--template", template).stdout
    pipelines = {f".github/workflows/{name}" for name in WORKFLOWS} | {
        ".github/actions/hybrid-mesh/action.yml"
    }
    stack = TEMPLATES[template].stack
    own = {f"stacks/Pulumi.{stack}.yaml", *(pipelines if template != "local" else ())}
    assert written(project) == ALWAYS | own
    settings = yaml.safe_load((project / "Pulumi.yaml").read_text())
    assert settings["name"] == "my-mesh"
    assert "template" not in settings
    assert "config" not in settings, "a type there must be in the project's own namespace"
    assert os.access(project / "plugins/hybridmesh/pulumi-resource-hybridmesh", os.X_OK)
    assert f"stacks/Pulumi.{stack}.yaml is valid" in said
    for each in {"local", stack}:
        plan = json.loads(hybrid_mesh(project, "plan", "--stack", each, "--json").stdout)
        assert (plan["stack"], plan["mesh"]["id"]) == (each, "my-mesh")
    assert f"\nSTACK ?= {stack}\n" in (project / "Makefile").read_text()
    own_texts = (path for path in written(project) if not path.startswith(".github/"))
    assert not any("${" in (project / path).read_text() for path in own_texts)


def test_a_pipeline_is_that_of_the_one_stack(tmp_path: Path) -> None:
    project = tmp_path / "my-mesh"
    init(project, "--template", "kubeconfig")
    workflows = {name: (project / ".github/workflows" / name).read_text() for name in WORKFLOWS}
    assert list(yaml.safe_load(workflows["apply.yml"])["jobs"]) == ["dev"]
    for name in ("preview.yml", "drift.yml"):
        (job, *_) = yaml.safe_load(workflows[name])["jobs"].values()
        assert job["strategy"]["matrix"]["stack"] == ["dev"]
    assert not any(re.search(r"staging|prod\b|Copy to", text) for text in workflows.values())


def test_the_placeholders_to_replace_are_listed(tmp_path: Path) -> None:
    options = ("--template", "gke", "--set", "project=acme-1")
    said = init(tmp_path / "x", *options).stdout
    assert "$EDITOR stacks/Pulumi.staging.yaml  # replace the placeholders: operators.cidrs.0\n" in said
    assert "# replace" not in init(tmp_path / "y", "--template", "kubeconfig").stdout


def test_values_come_from_options(tmp_path: Path) -> None:
    project = tmp_path / "x"
    options = ("--set", "project=acme-1", "--set", "networks.gcp-eu.cidr=10.64.0.0/16", "--name", "eu")
    init(project, "--template", "gke", *options)
    mesh = yaml.safe_load((project / "stacks/Pulumi.staging.yaml").read_text())["config"]["hybrid-mesh:mesh"]
    assert (mesh["id"], mesh["project"], mesh["networks"]["gcp-eu"]["cidr"]) == (
        "eu",
        "acme-1",
        "10.64.0.0/16",
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "networks.gcp-eu.cidr=10.64.0.1/16"), "10.64.0.0/16"),
        (("--set", "netwrks.x=1"), "is not a key of this template"),
        (("--set", "project"), "has no value"),
        (("--name", "Über"), "is not a valid name"),
        (("--template", "azure"), "azure"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_written(
    tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    project = tmp_path / "x"
    done = init(project, "--template", "gke", *options, check=False)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not project.exists()


def test_a_place_that_cannot_be_written_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = hybrid_mesh(tmp_path, "init", str(tmp_path / "file/x"), check=False)
    assert done.exit_code == 1
    assert "cannot be written: Not a directory." in done.stderr
    (tmp_path / "x/.git").mkdir(parents=True)
    (tmp_path / "x/.hybrid-mesh.new").write_text("")
    done = init(tmp_path / "x", "--force", check=False)
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr
    assert written(tmp_path / "x") == {".hybrid-mesh.new"}


def test_a_folder_with_files_is_refused_and_kept_with_force(tmp_path: Path) -> None:
    project = tmp_path / "x"
    (project / ".git").mkdir(parents=True)
    (project / "README.md").write_text("mine\n")
    done = init(project, check=False)
    assert done.exit_code == 2
    assert "is not empty: README.md." in done.stderr
    assert written(project) == {"README.md"}
    done = init(project, "--force")
    assert "kept: README.md" in done.stderr
    assert (project / "README.md").read_text() == "mine\n"
    assert written(project) == ALWAYS
    assert "README.md" not in json.loads((project / ".hybrid-mesh.json").read_text())["files"]
    done = init(project, "--force", check=False)
    assert done.exit_code == 2
    assert "upgrade-project" in done.stderr


def test_on_a_terminal_it_asks_and_asks_again_what_is_wrong(tmp_path: Path) -> None:
    answers = [
        ("Template", "local"),
        ("Name of the mesh", "hall"),
        ("Trust domain", "hall.example.com"),
        ("CIDR of network amsterdam", "10.20.0.0/16"),
        ("CIDR of network boston", ""),
        ("Trust domain", ""),
        ("CIDR of network amsterdam", "10.30.0.0/16"),
        ("CIDR of network boston", ""),
    ]
    said, code = _answering(tmp_path, ["init", str(tmp_path / "x")], answers)
    assert code == 0, said
    assert "overlap" in said
    mesh = yaml.safe_load((tmp_path / "x/stacks/Pulumi.local.yaml").read_text())["config"]["hybrid-mesh:mesh"]
    assert (mesh["id"], mesh["trustDomain"]) == ("hall", "hall.example.com")
    assert [network["cidr"] for network in mesh["networks"].values()] == ["10.30.0.0/16", "10.20.0.0/16"]


def test_ctrl_c_at_a_question_writes_nothing(tmp_path: Path) -> None:
    command = ["init", str(tmp_path / "x"), "-t", "gke"]
    said, code = _answering(tmp_path, command, [("Name of the mesh", CTRL_C)])
    assert code == 130, said
    assert "Traceback" not in said
    assert not (tmp_path / "x").exists()


def test_on_a_terminal_it_lists_the_contexts_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    names = [{"name": name, "context": {"cluster": name, "user": name}} for name in ("kind-a", "kind-b")]
    kubeconfig.write_text(json.dumps({"contexts": names}))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    answers = [
        ("Name of the mesh", "hall"),
        ("Trust domain", ""),
        ("CIDR of network kind-one", ""),
        ("CIDR of network kind-two", ""),
        ("CIDR of network machines", ""),
        ("Context of cluster one", "kind-a"),
        ("Context of cluster two", "kind-b"),
        ("URL of cluster one's API server", ""),
        ("URL of cluster two's API server", ""),
        ("Addresses of cluster one's", "172.18.0.2, 172.18.0.4"),
        ("Addresses of cluster two's", ""),
    ]
    said, code = _answering(tmp_path, ["init", str(tmp_path / "x"), "-t", "kubeconfig"], answers)
    assert code == 0, said
    assert "Contexts in your kubeconfig: kind-a, kind-b" in said
    mesh = yaml.safe_load((tmp_path / "x/stacks/Pulumi.dev.yaml").read_text())["config"]["hybrid-mesh:mesh"]
    assert [cluster["context"] for cluster in mesh["clusters"].values()] == ["kind-a", "kind-b"]
    assert mesh["clusters"]["one"]["gateway"]["addresses"] == ["172.18.0.2", "172.18.0.4"]


def _answering(folder: Path, command: list[str], answers: list[tuple[str, str]]) -> tuple[str, int]:
    """Runs a command on a terminal and answers each question, in this order; what it printed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*AS_IN_A_TERMINAL, *HYBRID_MESH, *command],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said, seen = "", 0
    try:
        for question, answer in answers:
            while question not in said[seen:] or not said.rstrip(" ").endswith(":"):
                said += _read(ours, said)
            seen = len(said)
            if answer == CTRL_C:
                process.send_signal(signal.SIGINT)
            else:
                os.write(ours, f"{answer}\n".encode())
        while (more := _read(ours, said)) != "":
            said += more
        return said, process.wait(30)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(terminal: int, said: str) -> str:
    ready, _, _ = select.select([terminal], [], [], 60)
    assert ready, said
    try:
        return os.read(terminal, 4096).decode()
    except OSError:  # its other end is closed
        return ""


@pytest.mark.parametrize(
    ("record", "requirement"),
    [
        (None, "hybrid-mesh==0.1.0"),
        ({"url": "file:///x.whl", "archive_info": {}}, "hybrid-mesh @ file:///x.whl"),
        (
            {"url": "https://git.example/m.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            "hybrid-mesh @ git+https://git.example/m.git@c0ffee",
        ),
        ({"url": "file:///clone", "dir_info": {}}, "hybrid-mesh @ file:///clone"),
        ({"url": "file:///clone", "dir_info": {"editable": True}}, "-e /clone"),
    ],
    ids=["release", "wheel", "git", "folder", "editable"],
)
def test_the_requirement_is_where_the_package_came_from(
    monkeypatch: pytest.MonkeyPatch, record: dict[str, object] | None, requirement: str
) -> None:
    class Found:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return json.dumps(record) if record else None

    monkeypatch.setattr("hybrid_mesh.cli.project_files.distribution", lambda _: Found())
    monkeypatch.setattr("hybrid_mesh.cli.project_files.version", lambda _: "0.1.0")
    assert installed_requirement() == requirement


def test_the_requirement_is_the_place_that_the_package_came_from() -> None:
    """A checkout here; PEP 610 describes it, and a release as well."""
    assert installed_requirement() == f"-e {PROJECT}"


@pytest.mark.parametrize(
    "before",
    ["hybrid-mesh==0.0.9\nboto3\n", "boto3\nhybrid-mesh @ file:///x.whl\n", f"-e {PROJECT}\nboto3\n"],
)
def test_only_its_own_line_of_the_requirements_changes(before: str) -> None:
    after = with_requirement(before, "hybrid-mesh==1.0.0")
    assert sorted(after.splitlines()) == ["boto3", "hybrid-mesh==1.0.0"]
    assert before.index("boto3") == 0 or after.startswith("hybrid-mesh")


def test_the_launcher_of_a_project_says_what_is_missing(tmp_path: Path) -> None:
    launcher = PROJECT / "cli/templates/project/plugins/hybridmesh/pulumi-resource-hybridmesh"
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = run([launcher], environment={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "run make setup" in done.stderr


def test_what_is_written_for_a_terminal_alone_is_not_asked_in_a_script(tmp_path: Path) -> None:
    done = init(tmp_path / "x")
    assert "Trust domain" not in done.stdout + done.stderr
