import json
import stat
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from typer.testing import Result as Invocation

from hybrid_mesh.cli import bundle_hosts
from hybrid_mesh.cli.bundle_hosts import Members, hand_over
from hybrid_mesh.cli.deliveries import Outcome, Result
from hybrid_mesh.cli.errors import CommandError
from hybrid_mesh.cli.inventory import Host
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.pods import ClusterPods, Entry
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.texts.bundle import Bundle, render_bundle
from hybrid_mesh.operate.shell import Registration
from tests.cli import ssh_double
from tests.cli.fake_pulumi import FakePulumi
from tests.cli.test_bundle import EXPORTED, ROOTS, bundle_mesh
from tests.commands import PROJECT
from tests.docs.shapes import differences, documented

INSTALLER = """#!/bin/sh
set -eu
. ./machine.env
[ "$(stat -c %a istio-token)" = 600 ]
[ "$(stat -c %a "$PWD")" = 700 ]
echo "$NAME $ADDRESS $(cat istio-token) ${SUDO:-}" >>"$WORLD/installed"
if [ -e "$WORLD/broken/$NAME" ]; then
    echo "downloading" >&2
    echo "install.sh: this VM does not run systemd" >&2
    exit 1
fi
touch "$WORLD/joined/$ADDRESS"
"""
SUDO = """#!/bin/sh
[ "$1" = -n ] || { echo "sudo: a terminal is required to read the password" >&2; exit 1; }
shift
[ ! -e "$WORLD/password" ] || { echo "sudo: a password is required" >&2; exit 1; }
SUDO=yes exec "$@"
"""
HOSTS = """# the first rack
a1   10.10.7.1
a2   10.10.7.2   admin@a2.example.com  # another user

a3   10.10.7.3
"""


class Datacenter:
    """VMs that ssh reaches, and what the cluster knows of them: those whose installer succeeded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens: list[str] = []
        self.entries: list[Entry] = []
        self.sick: set[str] = set()
        for name in ("up", "broken", "joined", "remote", "bin"):
            (folder / name).mkdir()
        for host in ("10.10.7.1", "a2.example.com", "10.10.7.3"):
            (folder / "up" / host).touch()
        double = f'#!/bin/sh\nexec {sys.executable} {ssh_double.__file__} {folder} "$@"\n'
        for path, text in (("remote/sudo", SUDO), ("bin/ssh", double)):
            (folder / path).write_text(text)
            (folder / path).chmod(0o755)

    @property
    def installed(self) -> list[str]:
        file = self.folder / "installed"
        return sorted(line.split()[0] for line in file.read_text().splitlines()) if file.exists() else []

    def registered(self) -> list[Entry]:
        own = [
            Entry("demo", "amsterdam", "legacy", _registration(file.name, file.name not in self.sick))
            for file in (self.folder / "joined").iterdir()
        ]
        return [*own, *self.entries]

    def run(self, *words: str) -> Invocation:
        return CliRunner().invoke(app, ["bundle", "legacy", "--hosts", str(self.folder / "hosts"), *words])


def _registration(address: str, healthy: bool = True) -> Registration:
    return Registration(f"legacy-{address}", address, True, healthy, "HTTP 500")


class Cluster(ClusterPods):
    def __init__(self, datacenter: Datacenter) -> None:
        self._datacenter = datacenter

    def entries(self) -> Sequence[Entry]:
        return self._datacenter.registered()

    def registrations(self, namespace: str, group: str) -> Sequence[Registration]:
        found = self._datacenter.registered()
        return [one.registration for one in found if (one.namespace, one.group) == (namespace, group)]


@pytest.fixture
def datacenter(pulumi: FakePulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Datacenter:
    made = Datacenter(tmp_path)
    (tmp_path / "hosts").write_text(HOSTS)

    def mint(*_: object) -> tuple[str, str]:
        made.tokens.append(f"secret-{len(made.tokens)}")
        return made.tokens[-1], "2026-11-27T13:00:00+00:00"

    def render(bundle: Bundle) -> Mapping[str, str]:
        return {**render_bundle(bundle), "install.sh": INSTALLER}

    pulumi.answer("stack output", stdout=json.dumps({"bundles": {"legacy": EXPORTED}}))
    source = "hybrid_mesh.cli.bundle_source"
    monkeypatch.setattr("hybrid_mesh.cli.bundle.stack_plan", lambda stack: plan_from(bundle_mesh(), stack))
    monkeypatch.setattr("hybrid_mesh.cli.bundle.ClusterPods", lambda *_: Cluster(made))
    monkeypatch.setattr(f"{source}.Engine.find", pulumi.engine)
    monkeypatch.setattr(f"{source}.read_kubeconfig", lambda *_: Kubeconfig({}))
    monkeypatch.setattr(f"{source}.mint", mint)
    monkeypatch.setattr(f"{source}.read_roots", lambda *_: ROOTS)
    monkeypatch.setattr(f"{source}.render_bundle", render)
    monkeypatch.setattr(bundle_hosts, "_ASK_SECONDS", 0.01)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    return made


def test_each_vm_gets_a_bundle_of_its_own(datacenter: Datacenter) -> None:
    done = datacenter.run()
    assert done.exit_code == 0, done.output
    assert "3 VMs: 3 written." in done.stdout
    folder = Path("local-legacy-vms")
    settings = (folder / "a2/machine.env").read_text()
    assert "NAME='a2'\n" in settings
    assert "ADDRESS='10.10.7.2'\n" in settings
    tokens = [(folder / name / "istio-token").read_text() for name in ("a1", "a2", "a3")]
    assert sorted(tokens) == sorted(datacenter.tokens)
    assert stat.S_IMODE((folder / "a1").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a1.tar.gz").stat().st_mode) == 0o600
    assert not any(token in done.output for token in datacenter.tokens)


def test_ssh_installs_each_and_no_token_is_seen(datacenter: Datacenter) -> None:
    done = datacenter.run("--ssh")
    assert done.exit_code == 0, done.output
    assert "3 VMs: 3 joined." in done.stdout
    assert datacenter.installed == ["a1", "a2", "a3"]
    calls = (datacenter.folder / "calls").read_text()
    assert '"admin@a2.example.com"' in calls
    assert not any(token in done.output + calls for token in datacenter.tokens)
    assert not Path("local-legacy-vms").exists()
    assert not [path for path in (datacenter.folder / "home").rglob("*") if path.is_file()], "it is removed"


def test_the_failure_of_one_stops_no_other_and_the_next_run_takes_the_rest(datacenter: Datacenter) -> None:
    (datacenter.folder / "broken/a2").touch()
    (datacenter.folder / "up/10.10.7.3").unlink()
    done = datacenter.run("--ssh", "--parallel", "1")
    assert done.exit_code == 1
    assert "3 VMs: 1 joined, 2 failed." in done.stdout
    assert "downloading this VM does not run systemd" in done.stdout.replace("install.sh: ", "")
    assert "cannot connect: ssh: connect to host 10.10.7.3 port 22: Connection refused" in done.stdout
    assert "run the same command again" in done.stderr
    (datacenter.folder / "broken/a2").unlink()
    (datacenter.folder / "up/10.10.7.3").touch()
    done = datacenter.run("--ssh")
    assert done.exit_code == 0, done.output
    assert "3 VMs: 1 already joined, 2 joined." in done.stdout
    assert datacenter.installed == ["a1", "a2", "a2", "a3"]
    assert datacenter.run("--ssh", "--again").exit_code == 0
    assert datacenter.installed == ["a1", "a1", "a2", "a2", "a2", "a3", "a3"]


def test_a_vm_that_does_not_turn_healthy_is_a_failure(
    datacenter: Datacenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_hosts, "JOIN_SECONDS", 0)
    datacenter.sick.add("10.10.7.2")
    done = datacenter.run("--ssh")
    assert done.exit_code == 1
    assert "its probe fails: HTTP 500" in done.stdout
    assert "2 joined" in done.stdout


def test_become_uses_sudo_that_asks_for_nothing(datacenter: Datacenter) -> None:
    assert datacenter.run("--ssh", "--become").exit_code == 0
    assert "yes" in (datacenter.folder / "installed").read_text()
    (datacenter.folder / "password").touch()
    done = datacenter.run("--ssh", "--become", "--again")
    assert done.exit_code == 1
    assert done.stdout.count("sudo: a password is required") == 3


def test_a_dry_run_changes_nothing(datacenter: Datacenter) -> None:
    (datacenter.folder / "joined/10.10.7.1").touch()
    done = datacenter.run("--ssh", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "3 VMs: 1 already joined, 2 to do." in done.stdout
    assert datacenter.tokens == []
    assert not (datacenter.folder / "calls").exists()


def test_another_client_can_be_named(datacenter: Datacenter) -> None:
    words = f"{sys.executable} {ssh_double.__file__} {datacenter.folder} -o BatchMode=yes"
    assert datacenter.run("--ssh", "--ssh-command", words).exit_code == 0
    done = datacenter.run("--ssh", "--again", "--ssh-command", "no-such-client")
    assert done.exit_code == 1
    assert "no-such-client cannot be run: No such file" in done.stdout
    done = datacenter.run("--ssh", "--again", "--ssh-command", f"{words} -o Colour=red")
    assert "Bad configuration option: colour" in done.stdout


def test_the_json_has_a_row_for_each_vm(datacenter: Datacenter) -> None:
    (datacenter.folder / "broken/a1").touch()
    done = datacenter.run("--ssh", "--json")
    assert done.exit_code == 1
    rows = documented(PROJECT / "docs" / "json.md", "The VMs of hybrid-mesh bundle --hosts")
    found: dict[str, Any] = json.loads(done.stdout)
    assert differences([found], rows) == []
    assert [host["result"] for host in found["hosts"]] == ["failed", "joined", "joined"]
    assert found["hosts"][1]["destination"] == "admin@a2.example.com"


@pytest.mark.parametrize(
    ("entry", "owner"),
    [
        (Entry("shop", "amsterdam", "billing", _registration("10.10.7.3")), "group billing (namespace shop)"),
        (Entry("shop", "amsterdam", "", _registration("10.10.7.3")), "WorkloadEntry legacy-10.10.7.3"),
    ],
)
def test_an_address_of_another_group_is_refused(datacenter: Datacenter, entry: Entry, owner: str) -> None:
    datacenter.entries = [entry]
    done = datacenter.run("--ssh")
    assert done.exit_code == 2
    assert f"10.10.7.3 (a3) belongs to {owner}" in done.stderr
    assert "list all its ports there" in done.stderr
    assert datacenter.tokens == []
    datacenter.entries = [Entry("shop", "boston", "billing", _registration("10.10.7.3"))]
    assert datacenter.run("--ssh").exit_code == 0, "another network may have the same address"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["lists no VM"]),
        ("# nothing\n\n", ["lists no VM"]),
        ("a1\n", [":1: not NAME ADDRESS"]),
        ("\na1,10.10.7.1\n", [":2: not NAME ADDRESS"]),
        ("a1 10.10.7.1 root@h 22\n", [":1: not NAME ADDRESS"]),
        ("- name: a1\n", [":1: - is not a valid name"]),
        ("A_1 10.10.7.1\n", [":1: A_1 is not a valid name"]),
        ("../x 10.10.7.1\n", ["../x is not a valid name"]),
        ("10.10.7.1 a1\n", ["10.10.7.1 is not a valid name", "a1 is not a valid IPv4 address"]),
        ("a1 10.10.7.300\n", ["10.10.7.300 is not a valid IPv4 address"]),
        ("a1 fd00::1\n", ["fd00::1 is not a valid IPv4 address"]),
        ("a1 10.20.0.1\n", ["10.20.0.1 is outside the CIDR of network amsterdam (10.10.0.0/16)"]),
        ("a1 10.10.7.1\na1 10.10.7.2\n", [":2: line 1 has the same name (a1)"]),
        ("a1 10.10.7.1\n\na2 10.10.7.1\n", [":3: line 1 has the same address (10.10.7.1)"]),
        ("a1 10.10.7.1 h\na2 10.10.7.2 h\n", [":2: line 1 has the same destination (h)"]),
        ("a1 10.10.7.1 -oProxyCommand=id\n", ["-oProxyCommand=id is not a valid destination"]),
        ("a1 10.10.7.1 u@-oProxyCommand=id\n", ["u@-oProxyCommand=id is not a valid destination"]),
        ("a1 10.10.7.300\nb_ 10.10.7.2\n", [":1: 10.10.7.300", ":2: b_"]),
    ],
)
def test_a_wrong_inventory_is_refused_with_its_lines(
    datacenter: Datacenter, text: str, problems: list[str]
) -> None:
    (datacenter.folder / "hosts").write_text(text)
    done = datacenter.run("--ssh")
    assert done.exit_code == 2
    assert [problem for problem in problems if problem not in done.stderr] == []
    assert "NAME ADDRESS [[USER@]HOST]" in done.stderr


def test_an_address_that_the_mesh_uses_otherwise_is_refused(
    datacenter: Datacenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh = bundle_mesh()
    static = {"machines": {"type": "static", "addresses": ["10.10.7.2"]}, "namespace": "data"}
    mesh["workloadGroups"]["db"] = {**mesh["workloadGroups"]["legacy"], **static}
    for key in ("probe", "serviceAccount"):
        del mesh["workloadGroups"]["db"][key]
    monkeypatch.setattr("hybrid_mesh.cli.bundle.stack_plan", lambda stack: plan_from(mesh, stack))
    pods = plan_from(mesh, "local").clusters["east"].pod_cidr
    (datacenter.folder / "hosts").write_text(f"a1 10.10.7.2\na2 {str(pods).partition('/')[0]}\n")
    done = datacenter.run("--ssh")
    assert done.exit_code == 2
    assert "hosts:1: 10.10.7.2 belongs to group db" in done.stderr
    assert f"is in the pod CIDR of cluster east ({pods})" in done.stderr


@pytest.mark.parametrize("prepare", [Path.mkdir, lambda file: file.write_bytes(b"\xff\xfe\x00a")])
def test_an_inventory_that_cannot_be_read_is_refused(
    datacenter: Datacenter, prepare: Callable[[Path], object]
) -> None:
    (datacenter.folder / "hosts").unlink()
    assert datacenter.run().exit_code == 2
    prepare(datacenter.folder / "hosts")
    done = datacenter.run()
    assert done.exit_code == 2
    assert "cannot be read" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ssh"], "--ssh requires --hosts"),
        (["--dry-run"], "--dry-run requires --hosts"),
        (["--again"], "--again requires --hosts"),
        (["--hosts", "hosts", "--become"], "--become requires --ssh"),
        (["--hosts", "hosts", "--ssh-command", "tsh"], "--ssh-command requires --ssh"),
        (["--hosts", "hosts", "--ssh", "--output", "x"], "--output has no use with --ssh"),
        (["--hosts", "hosts", "--ssh", "--ssh-command", "ssh 'x"], "--ssh-command"),
        (["--hosts", "hosts", "--ssh", "--ssh-command", " "], "--ssh-command"),
        (["--hosts", "hosts", "--parallel", "0"], "greater than or equal to 1"),
    ],
)
def test_options_that_cannot_work_together_are_refused(
    datacenter: Datacenter, words: list[str], said: str
) -> None:
    done = CliRunner().invoke(app, ["bundle", "legacy", *words])
    assert done.exit_code == 2
    assert said in done.stderr
    assert datacenter.tokens == []


def test_no_more_vms_at_a_time_than_asked_for(datacenter: Datacenter) -> None:
    hosts = [Host(f"a{index}", f"10.10.8.{index}", f"10.10.8.{index}") for index in range(6)]
    pair, active, most = threading.Barrier(2), [], 0

    def deliver(host: Host) -> Outcome:
        nonlocal most
        active.append(host)
        most = max(most, len(active))
        pair.wait(10)
        active.remove(host)
        if host.name == "a3":
            raise CommandError("no", "")
        return Outcome(host, Result.WRITTEN)

    members = Members(Cluster(datacenter), plan_from(bundle_mesh(), "local").groups["legacy"])
    outcomes = hand_over(hosts, members, deliver, parallel=2, again=False, dry_run=False)
    assert most == 2
    assert [outcome.host for outcome in outcomes] == hosts
    assert [outcome.host.name for outcome in outcomes if outcome.result is Result.FAILED] == ["a3"]
