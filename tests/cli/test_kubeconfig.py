"""The mesh's clusters in a kubeconfig of the user's: put there beside what is there, and removed again."""

import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some
from typer.testing import CliRunner

from hybrid_mesh.cli import contexts, kubeconfig, kubeconfigs
from hybrid_mesh.cli.contexts import Owner, add, context_of, remove
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.main import app
from hybrid_mesh.local import paths
from tests import json_server
from tests.cli.fake_lab import FakeLab
from tests.commands import HYBRID_MESH, PROJECT, run
from tests.docs.shapes import differences, documented
from tests.json_server import Request
from tests.plugins.engine import binary

runner = CliRunner()
SECRET = "the-secret-token"
THEIRS: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "preferences": {"colors": True},
    "clusters": [{"name": "work", "cluster": {"server": "https://192.0.2.1"}}],
    "users": [{"name": "me", "user": {"token": "012"}}],
    "contexts": [{"name": "work", "context": {"cluster": "work", "user": "me", "namespace": "team"}}],
    "current-context": "work",
}


def access(server: str = "https://127.0.0.1:1") -> Kubeconfig:
    content = json_server.kubeconfig(server, SECRET, "")
    return Kubeconfig(content, text=json.dumps(content))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder; the clusters of the stack `local` are there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr(kubeconfig, "read_kubeconfig", lambda *_: access())
    return tmp_path


def written(home: Path) -> Any:
    return yaml.safe_load((home / ".kube/config").read_text())


def write(home: Path, document: Any) -> Path:
    path = home / ".kube/config"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(document))
    return path


def names(document: Any, section: str) -> list[str]:
    return [each["name"] for each in document[section]]


def test_the_clusters_become_contexts_of_a_new_file(home: Path) -> None:
    done = runner.invoke(app, ["kubeconfig"])
    assert done.exit_code == 0, done.output
    found = written(home)
    for section in ("clusters", "users", "contexts"):
        assert names(found, section) == ["mesh1-east", "mesh1-west"]
    assert found["users"][0]["user"]["token"] == SECRET
    assert found["current-context"] == "mesh1-east"
    assert stat.S_IMODE((home / ".kube/config").stat().st_mode) == 0o600
    assert sorted(path.name for path in (home / ".kube").iterdir()) == ["config"]
    assert "kubectl --context mesh1-east get pods -A\n" in done.stdout
    assert SECRET not in done.output


def test_what_others_keep_in_the_file_stays(home: Path) -> None:
    path = write(home, THEIRS)
    path.chmod(0o644)
    assert runner.invoke(app, ["kubeconfig"]).exit_code == 0
    found = written(home)
    for section in ("clusters", "users", "contexts"):
        assert found[section][0] == THEIRS[section][0]
        assert len(found[section]) == 3
    assert found["preferences"] == {"colors": True}
    assert found["current-context"] == "work"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    once = path.read_bytes()
    assert runner.invoke(app, ["kubeconfig"]).exit_code == 0
    assert path.read_bytes() == once
    assert runner.invoke(app, ["kubeconfig", "--set-current", "--cluster", "west"]).exit_code == 0
    assert written(home)["current-context"] == "mesh1-west"


def test_the_first_file_of_kubeconfig_is_changed_and_a_link_stays_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "real").write_text(yaml.safe_dump(THEIRS))
    (home / "first").symlink_to("real")
    (home / "second").write_text("")
    monkeypatch.setenv("KUBECONFIG", f"{home}/first:{home}/second")
    assert runner.invoke(app, ["kubeconfig"]).exit_code == 0
    assert (home / "first").is_symlink()
    assert "mesh1-east" in (home / "real").read_text()
    assert (home / "second").read_text() == ""


@pytest.mark.parametrize("mark", [None, {"stack": "local", "state": "/elsewhere", "cluster": "east"}])
def test_an_entry_of_somebody_else_is_not_replaced(home: Path, mark: Any) -> None:
    extensions = [{"name": "hybrid-mesh", "extension": mark}] if mark else []
    theirs = {"name": "mesh1-east", "user": {"token": "x", "extensions": extensions}}
    path = write(home, {**THEIRS, "users": [theirs]})
    before = path.read_bytes()
    done = runner.invoke(app, ["kubeconfig"])
    assert done.exit_code == 2
    assert "mesh1-east in `users`" in done.stderr
    assert ("/elsewhere" in done.stderr) is bool(mark)
    assert path.read_bytes() == before


def test_only_the_stacks_own_contexts_are_removed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(home, THEIRS)
    assert runner.invoke(app, ["kubeconfig", "--set-current"]).exit_code == 0
    monkeypatch.setenv("HYBRID_MESH_STATE", str(home / "another"))
    assert "has no context of this stack" in runner.invoke(app, ["kubeconfig", "--remove"]).stdout
    monkeypatch.setenv("HYBRID_MESH_STATE", str(home / "state"))
    assert runner.invoke(app, ["kubeconfig", "--remove", "--stack", "mine"]).exit_code == 0
    assert len(written(home)["contexts"]) == 3
    done = runner.invoke(app, ["kubeconfig", "--remove", "--cluster", "east"])
    assert "mesh1-east" in done.stdout
    assert names(written(home), "contexts") == ["work", "mesh1-west"]
    assert written(home)["current-context"] == ""
    assert runner.invoke(app, ["kubeconfig", "--remove"]).exit_code == 0
    assert written(home) == {**THEIRS, "current-context": ""}
    path.unlink()
    assert runner.invoke(app, ["kubeconfig", "--remove"]).exit_code == 0
    assert not path.exists()


entries = some.lists(some.text("abc-é", min_size=1, max_size=3), unique=True, max_size=3).map(
    lambda names: [{"name": name, "context": {"cluster": name}} for name in names]
)


@settings(deadline=None)
@given(entries, some.sampled_from(["", "a", "b"]), some.booleans())
def test_adding_and_removing_is_nothing(theirs: list[Any], current: str, chosen: bool) -> None:
    before = {"apiVersion": "v1", "kind": "Config", "contexts": theirs, "current-context": current}
    context = context_of("mesh1-east", "local", "east", access())
    after, gone = remove(add(before, [context], current=chosen), Owner("local"))
    assert gone == ["mesh1-east"]
    assert after["contexts"] == theirs
    assert (after["clusters"], after["users"]) == ([], [])
    assert after["current-context"] == ("" if chosen else current)


def test_a_file_of_its_own(home: Path) -> None:
    target = home / "mesh.kubeconfig"
    assert runner.invoke(app, ["kubeconfig", "-o", str(target)]).exit_code == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert runner.invoke(app, ["kubeconfig", "-o", str(target), "-c", "west"]).exit_code == 0
    assert names(yaml.safe_load(target.read_text()), "contexts") == ["mesh1-west"]
    assert not (home / ".kube").exists()
    theirs = write(home, THEIRS)
    refused = runner.invoke(app, ["kubeconfig", "-o", str(theirs)])
    assert refused.exit_code == 2
    assert written(home) == THEIRS
    printed = runner.invoke(app, ["kubeconfig", "-o", "-"])
    assert names(yaml.safe_load(printed.stdout), "contexts") == ["mesh1-east", "mesh1-west"]


def test_as_json(home: Path) -> None:
    found = json.loads(runner.invoke(app, ["kubeconfig", "--json", "-c", "east"]).stdout)
    context = {"name": "mesh1-east", "cluster": "east", "server": "https://127.0.0.1:1"}
    file = str(home / ".kube/config")
    assert found == {"file": file, "contexts": [context], "current": "mesh1-east", "removed": []}
    found = json.loads(runner.invoke(app, ["kubeconfig", "--json", "--remove"]).stdout)
    assert found == {"file": file, "contexts": [], "current": None, "removed": ["mesh1-east"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("kubeconfig --cluster nowhere", "Its clusters: east, west."),
        ("kubectl nowhere -- get pods", "Its clusters: east, west."),
        ("kubeconfig --remove --output x", "--remove cannot be used"),
        ("kubeconfig --json --output -", "--json cannot be used"),
    ],
)
def test_a_wrong_command_line_is_explained(home: Path, words: str, said: str) -> None:
    done = runner.invoke(app, words.split())
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize("text", ["- a", "users: 1", "users: [{user: {}}]", "\t- [", b"\xff\xfe"])
def test_a_broken_file_is_named_and_stays(home: Path, text: str | bytes) -> None:
    path = write(home, {})
    content = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(content)
    done = runner.invoke(app, ["kubeconfig"])
    assert done.exit_code == 1
    assert f"{path} cannot be read" in done.stderr.replace("\n", "")
    assert path.read_bytes() == content


def test_a_locked_file_is_waited_for_and_then_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contexts, "_LOCK_SECONDS", 0.1)
    path = write(home, THEIRS)
    lock = path.with_name("config.lock")
    lock.touch()
    done = runner.invoke(app, ["kubeconfig"])
    assert done.exit_code == 1
    assert str(lock) in done.stderr
    assert lock.exists()
    assert written(home) == THEIRS


def test_a_file_that_cannot_be_written_is_named(home: Path) -> None:
    (home / ".kube").touch()
    done = runner.invoke(app, ["kubeconfig"])
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


def test_a_path_in_a_users_kubeconfig_is_relative_to_that(home: Path) -> None:
    content = {**THEIRS, "users": [{"name": "me", "user": {"client-key": "me.key"}}]}
    found = context_of("m-e", "dev", "e", Kubeconfig(content, path=home / "sub/config"))
    assert found["users"][0]["user"]["client-key"] == f"{home}/sub/me.key"


def test_without_a_lab_it_is_said_how_to_start_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(kubeconfigs, "LabClient", FakeLab(running=False))
    done = runner.invoke(app, ["kubeconfig"])
    assert (done.exit_code, "No lab is running." in done.stderr) == (1, True)


def test_a_destroyed_stack_takes_its_contexts_along(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.invoke(app, ["kubeconfig"]).exit_code == 0
    kubeconfig.forget_contexts("local")
    assert written(home)["contexts"] == []
    assert "mesh1-east, mesh1-west" in capsys.readouterr().err
    kubeconfig.forget_contexts("local")
    (home / ".kube/config").write_text("- a")
    kubeconfig.forget_contexts("local")
    assert "the contexts of stack local stay" in capsys.readouterr().err


def answer(request: Request) -> tuple[int, Any]:
    if request.authorization != f"Bearer {SECRET}":
        return 401, {"kind": "Status", "apiVersion": "v1", "code": 401, "reason": "Unauthorized"}
    return 200, {"asked": request.path}


@pytest.fixture(params=["toolchain", "dispatcher"])
def environment(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Of commands that reach the cluster `one` of the stack `dev`, with each kubectl that is there."""
    program = binary("kubectl") if request.param == "toolchain" else shutil.which("kubectl")
    if program is None:
        pytest.skip("no such kubectl on this host")
    tls, authority = json_server.certified(tmp_path_factory.mktemp("api"))
    with json_server.json_server(answer, tls) as port:
        document = json_server.kubeconfig(f"https://127.0.0.1:{port}", SECRET, authority)
        document["contexts"][0]["name"] = "kind-one"
        (tmp_path / "config").write_text(json.dumps(document))
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/kubectl").symlink_to(program)
        path = f"{tmp_path}/bin:{os.environ['PATH']}"
        yield {**os.environ, "KUBECONFIG": f"{tmp_path}/config", "HOME": str(tmp_path), "PATH": path}


def test_kubectl_runs_on_the_cluster_and_its_exit_code_is_ours(environment: dict[str, str]) -> None:
    script = (
        "import sys; from hybrid_mesh.cli import kubeconfig; from hybrid_mesh.cli.main import main\n"
        f"kubeconfig.find_kubectl = lambda: {environment['HOME']!r} + '/bin/kubectl'\nmain()"
    )
    command = [sys.executable, "-c", script, "kubectl", "--stack", "dev", "one"]
    done = run([*command, "--", "get", "--raw", "/api"], environment=environment)
    assert json.loads(done.stdout) == {"asked": "/api"}
    assert run([*command, "get", "--raw=/api"], environment=environment).stdout == done.stdout
    wrong = run([*command, "--", "no-such-command"], environment=environment, check=False)
    assert wrong.returncode == 1
    assert "unknown command" in wrong.stderr


@pytest.mark.parametrize("words", ["kubectl ", "up --stack ", "lab shell "])
def test_outside_a_project_nothing_is_completed(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "package_folder", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    typed = f"hybrid-mesh {words}"
    environment = {
        "_HYBRID_MESH_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    done = runner.invoke(app, [], env=environment, prog_name="hybrid-mesh")
    assert (done.exit_code, done.output.strip()) == (0, "")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hybrid-mesh kubectl ", {"east", "west"}),
        ("hybrid-mesh kubectl --stack prod g", {"gke-eu"}),
        ("hybrid-mesh kubeconfig --cluster w", {"west"}),
        ("hybrid-mesh up --stack pr", {"prod"}),
        ("hybrid-mesh bundle -s dev ", {"ratings"}),
    ],
)
def test_names_are_completed(typed: str, found: set[str]) -> None:
    words = typed.split(" ")
    environment = {
        "_HYBRID_MESH_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = run(HYBRID_MESH, environment={**os.environ, **environment}, folder=PROJECT)
    assert set(done.stdout.split()) == found


def test_its_json_is_documented(home: Path) -> None:
    asked = (["kubeconfig", "--json"], ["kubeconfig", "--remove", "--json"])
    samples = [json.loads(runner.invoke(app, words).stdout) for words in asked]
    assert differences(samples, documented(PROJECT / "docs" / "json.md", "hybrid-mesh kubeconfig")) == []
