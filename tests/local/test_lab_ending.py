from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hybrid_mesh.local.lab import ending
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.export import export_logs
from hybrid_mesh.local.lab.specs import ClusterSpec, MachineSpec, NetworkSpec, Owner
from hybrid_mesh.local.lab.state import LabState, lab_folder
from hybrid_mesh.local.linux import cgroups
from hybrid_mesh.local.ownership import stack_owner
from hybrid_mesh.local.paths import state_folder


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the end of a lab that does not answer consists of, in order."""
    steps: list[str] = []

    @contextmanager
    def starting(_: Path) -> Iterator[None]:
        steps.append("lock")
        yield

    monkeypatch.setattr(cgroups, "kill", lambda name: steps.append(f"kill {name[:12]}"))
    monkeypatch.setattr(ending, "starting", starting)
    monkeypatch.setattr(ending, "await_end", lambda *_: steps.append("gone"))
    monkeypatch.setattr(ending, "sweep", lambda: steps.append("sweep"))
    return steps


def test_a_dead_lab_ends_and_its_state_goes(
    steps: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path))
    folder = lab_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / "lab.json").touch()
    for _ in range(2):
        LabClient.end()
        assert not folder.exists()
    assert steps == ["kill hybrid-mesh-", "lock", "gone", "sweep"] * 2


def test_a_lab_with_members_of_another_stack_does_not_end_with_a_stack(
    steps: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path))
    local, mine = Owner("hybrid-mesh", "local"), Owner("hybrid-mesh", "mine")
    network = NetworkSpec("one", "10.61.0.0/16")
    state = LabState(lab_folder(tmp_path))
    left = state.add_machine(MachineSpec("vm", network, "", "", mine))
    assert LabClient.stacks() == {mine}
    assert LabClient.end(local) == {mine}
    assert (steps, lab_folder(tmp_path).exists()) == ([], True)
    state.forget(left)
    assert LabClient.end(local) == set()
    assert not lab_folder(tmp_path).exists()


def test_what_is_left_of_a_destroyed_stack_goes_though_the_lab_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member that never became ready is not in Pulumi's state, so its destroy does not delete it."""
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path))
    local, mine = Owner("hybrid-mesh", "local"), Owner("hybrid-mesh", "mine")
    network = NetworkSpec("one", "10.61.0.0/16")
    state = LabState(lab_folder(tmp_path))
    for name, owner in (("vm", mine), ("failed", local)):
        state.add_machine(MachineSpec(name, network, "", "", owner))
    state.add_cluster(ClusterSpec("east", network, "10.61.16.0/20", "10.96.0.0/16", "1.35.4", local), 20000)
    deleted: list[str] = []
    monkeypatch.setattr(LabClient, "connect", classmethod(lambda cls, *, start: cls(tmp_path)))
    for kind in ("cluster", "machine"):
        monkeypatch.setattr(LabClient, f"delete_{kind}", lambda _self, name: deleted.append(name))
    assert LabClient.end(local) == {mine}
    assert deleted == ["east", "failed"]


def test_an_owner_is_its_stack_and_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moved state folder keeps its owner; no URL, which may hold a password, is in one."""
    for folder in ("here", "there"):
        monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path / folder))
        own = {"PULUMI_BACKEND_URL": f"file://{tmp_path / folder / 'pulumi'}"}
        assert stack_owner("hybrid-mesh", "local", own) == Owner("hybrid-mesh", "local")
    (tmp_path / "credentials.json").write_text('{"current": "postgres://me:secret@host/db"}')
    other = stack_owner("hybrid-mesh", "local", {"PULUMI_HOME": str(tmp_path)})
    assert other != Owner("hybrid-mesh", "local")
    assert "secret" not in repr(other)
    assert other.described_to(Owner("hybrid-mesh", "mine")) == "stack local in another Pulumi backend"
    assert Owner("p", "local").described_to(Owner("q", "local")) == "stack local of project p"


def test_the_logs_of_a_lab_are_copied_whether_it_runs_or_not(tmp_path: Path) -> None:
    logs = (
        "lab.log",
        "lab.log.1",
        "clusters/east/logs/kubelet.log",
        "clusters/east/pods/default_web_1/web/0.log",
        "machines/vm.log",
        "machines/vm/upper/var/log/istio/istio.log",
    )
    for name in (*logs, "lab.json", "clusters/east/pki/ca.key", "machines/vm/upper/etc/certs/key.pem"):
        path = lab_folder(tmp_path / "state") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    target = tmp_path / "logs"
    copies = export_logs(tmp_path / "state", target)
    assert {str(copy.relative_to(target)) for copy in copies} == set(logs)
    assert {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} == set(logs)
    assert (target / "lab.log").read_text() == "lab.log"
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(LabError, match="not an empty folder"):
        export_logs(tmp_path / "state", target)
    with pytest.raises(LabError, match="no logs"):
        export_logs(tmp_path / "other", tmp_path / "none")


def test_the_state_folder_is_private_and_a_chosen_one_keeps_its_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, standard = tmp_path / "chosen", tmp_path / "hybrid-mesh"
    for folder in (chosen, standard):
        folder.mkdir()
        folder.chmod(0o755)
    monkeypatch.setenv("HYBRID_MESH_STATE", str(chosen))
    assert state_folder() == chosen
    assert chosen.stat().st_mode & 0o777 == 0o755
    monkeypatch.delenv("HYBRID_MESH_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == standard
    assert standard.stat().st_mode & 0o777 == 0o700
