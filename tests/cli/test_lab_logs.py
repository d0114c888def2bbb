"""`hybrid-mesh lab logs` over the files of a lab that is stopped; those of a running one are the same."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hybrid_mesh.cli import lab_logs
from hybrid_mesh.cli.main import app
from hybrid_mesh.cli.typed import COMMAND
from hybrid_mesh.local.lab.specs import ClusterSpec, MachineSpec, NetworkSpec
from hybrid_mesh.local.lab.state import LabState, lab_folder
from hybrid_mesh.local.linux import logs as rotation
from hybrid_mesh.local.paths import state_folder

NETWORK = NetworkSpec("one", "10.61.0.0/16")
runner = CliRunner()


@pytest.fixture
def folder() -> Path:
    """The folder of a lab with the cluster `east` and the VM `legacy-0`."""
    state = LabState(lab_folder(state_folder()))
    state.add_cluster(ClusterSpec("east", NETWORK, "10.61.128.0/20", "10.96.0.0/16", "1.35.4"), 20000)
    state.add_machine(MachineSpec("legacy-0", NETWORK, "#cloud-config\n", "a@b"))
    return state.folder


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def run(*words: str) -> str:
    done = runner.invoke(app, ["lab", "logs", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_clusters_daemons_are_in_the_order_of_time(folder: Path) -> None:
    logs = folder / "clusters/east/logs"
    year = datetime.now(UTC).year
    write(logs / "kubelet.log", "I0101 00:00:02.000000  133 kubelet.go:1] second", "  and its next line")
    write(logs / "etcd.log", f'{{"level":"warn","ts":"{year}-01-01T00:00:01.5Z","msg":"first [bold]"}}')
    write(logs / "containerd.log", f'time="{year}-01-01T00:00:03.123456789Z" level=info msg=third')
    write(logs / "coredns.log", "without a time: as old as the file")
    texts = [
        re.sub(r".*(first|second|next|third|without).*", r"\1", line) for line in run("east").splitlines()
    ]
    assert texts == ["first", "second", "next", "third", "without"]
    assert run("east").splitlines()[0].startswith('etcd | {"level":"warn"')
    assert "[bold]" in run("east")
    assert run("east", "--lines", "1") == "coredns | without a time: as old as the file\n"


def test_one_component_is_printed_as_it_was_written(folder: Path) -> None:
    write(folder / "clusters/east/logs/kubelet.log", "I0101 00:00:02.000000  133 kubelet.go:1] Started")
    assert run("east/kubelet") == run("east", "-c", "kubelet")
    assert run("east/kubelet") == "I0101 00:00:02.000000  133 kubelet.go:1] Started\n"


def test_istiod_and_proxies_are_found_among_the_pods(folder: Path) -> None:
    pods = folder / "clusters/east/pods"
    own = "2026-11-27T04:40:41.818474Z\tinfo\tFLAG"
    write(
        pods / "istio-system_istiod-5589-sbghf_u1/discovery/0.log",
        f"2026-11-27T04:40:41.9Z stdout F {own}",
        "2026-11-27T04:40:42.1Z stderr F no time",
    )
    write(pods / "demo_echo-1_u2/istio-proxy/0.log", f"2026-11-27T04:40:41.9Z stdout F {own}")
    write(pods / "istio-ingress_public-istio-1_u3/istio-proxy/0.log", f"2026-11-27T04:40:40Z stdout F {own}")
    write(pods / "demo_echo-1_u2/echo/0.log", "2026-11-27T04:40:41.9Z stdout F served")
    assert run("east", "-c", "istiod") == f"{own}\n2026-11-27T04:40:42.1Z no time\n"
    sources = [line.partition(" | ")[0] for line in run("east", "-c", "proxy").splitlines()]
    assert sources == ["public-istio-1/istio-proxy", "echo-1/istio-proxy"]
    assert "echo-1/echo | 2026-11-27T04:40:41.9Z served" in run("east", "-c", "pods")


def test_a_vm_has_its_console_cloud_init_and_proxy(folder: Path) -> None:
    machine = folder / "machines/legacy-0"
    write(folder / "machines/legacy-0.log", "Welcome to Debian")
    write(machine / "upper/var/log/cloud-init-output.log", "Cloud-init v. 22.4.2 finished")
    write(machine / "upper/var/log/istio/istio.log", "2026-11-27T04:40:52.512681Z\tinfo\thealthy")
    printed = run("legacy-0")
    for line in ("console | Welcome", "cloud-init | Cloud-init v. 22.4.2", "proxy | 2026-11-27T04:40:52"):
        assert line in printed
    assert run("legacy-0", "-c", "proxy") == "2026-11-27T04:40:52.512681Z\tinfo\thealthy\n"


def test_since_takes_only_what_is_new(folder: Path) -> None:
    log = folder / "lab.log"
    now = datetime.now(UTC)
    old, new = (f"{now - timedelta(minutes=age):%Y-%m-%dT%H:%M:%SZ}" for age in (10, 2))
    write(log, f"{old} old", "its second line", f"{new} new", "its second line")
    assert run("--since", "5m") == f"{new} new\nits second line\n"
    assert run("--since", "1h", "-n", "3").startswith("its second line\n")
    done = runner.invoke(app, ["lab", "logs", "--since", "30s"])
    assert (done.stdout, done.stderr) == ("", "(nothing logged in the last 30s)\n")
    wrong = runner.invoke(app, ["lab", "logs", "--since", "5"])
    assert wrong.exit_code == 2
    assert "--since must be a duration such as 30s, 5m or 1h30m (got 5)." in wrong.stderr


def test_the_run_before_comes_first(folder: Path) -> None:
    write(folder / "lab.log", "2026-01-01T00:00:00Z before")
    rotation.begin(folder / "lab.log")
    assert run() == "2026-01-01T00:00:00Z before\n"
    write(folder / "lab.log", "2026-01-02T00:00:00Z after")
    assert [line.split()[1] for line in run().splitlines()] == ["before", "after"]


def test_an_empty_log_is_said_to_be_empty(folder: Path) -> None:
    for member in ("lab", "east", "legacy-0"):
        done = runner.invoke(app, ["lab", "logs", member])
        assert (done.exit_code, done.stdout, done.stderr) == (0, "", "(nothing logged yet)\n")


def test_wrong_names_are_refused_with_the_right_ones(folder: Path) -> None:
    write(folder / "clusters/east/logs/kubelet.log", "x")
    done = runner.invoke(app, ["lab", "logs", "nobody"])
    assert (done.exit_code, done.stderr) == (
        1,
        "error: The lab has no member nobody.\n       Clusters are: east; VMs are: legacy-0.\n",
    )
    done = runner.invoke(app, ["lab", "logs", "east", "-c", "kublet"])
    assert "cluster east has no component kublet; components are: istiod, kubelet, pods, proxy" in done.stderr
    done = runner.invoke(app, ["lab", "logs", "legacy-0", "-c", "kubelet"])
    expected = (
        "VM legacy-0 has no component kubelet; components are: cloud-init, console, identity, journal, "
    )
    assert expected in done.stderr


@pytest.mark.parametrize("member", ["lab", "east"])
def test_without_a_lab_the_remedy_is_said(member: str) -> None:
    done = runner.invoke(app, ["lab", "logs", member])
    assert done.exit_code == 1
    assert "No lab is running." in done.stderr
    assert f"Start one with `{COMMAND} up`." in done.stderr


def test_follow_prints_what_comes_until_the_member_is_gone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = folder / "clusters/east"
    log = cluster / "logs/kubelet.log"
    write(log, "one")

    def append() -> None:
        with log.open("a") as file:
            file.write("two\nthr")

    def complete() -> None:
        with log.open("a") as file:
            file.write("ee\n")

    def restart() -> None:
        rotation.begin(log)
        write(log, "four")

    def truncate() -> None:
        rotation.bound(log, 0)
        write(log, "5")

    steps = iter((append, complete, restart, truncate, lambda: shutil.rmtree(cluster)))
    monkeypatch.setattr(lab_logs, "sleep", lambda _seconds: next(steps)())
    assert run("east/kubelet", "--follow") == "one\ntwo\nthree\nfour\n5\n"


def test_follow_finds_the_container_that_comes_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = folder / "clusters/east"
    (cluster / "pods").mkdir(parents=True)
    line = "2026-11-27T04:40:41.9Z stdout F 2026-11-27T04:40:41Z started"
    pod = cluster / "pods/istio-system_istiod-1_u1/discovery/0.log"
    steps = iter((lambda: write(pod, line), lambda: shutil.rmtree(cluster)))
    monkeypatch.setattr(lab_logs, "sleep", lambda _seconds: next(steps)())
    assert run("east", "-c", "istiod", "-f") == "2026-11-27T04:40:41Z started\n"


def test_ctrl_c_ends_follow_without_a_word(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    write(folder / "lab.log", "one")
    monkeypatch.setattr(lab_logs, "sleep", interrupt)
    done = runner.invoke(app, ["lab", "logs", "-f"])
    assert (done.exit_code, done.stdout, done.stderr) == (130, "one\n", "")


def test_a_vms_journal_is_read_on_from_where_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real one is read in tests/local/test_lab.py."""
    journal = folder / "machines/legacy-0/upper/var/log/journal/id/system.journal"
    write(journal)
    program = tmp_path / "bin" / "journalctl"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/asked
echo "2026-11-27T04:40:55.214864+0000 systemd[1]: line $(wc -l < {tmp_path}/asked)"
echo "-- cursor: s=1;i=$(wc -l < {tmp_path}/asked)"
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    steps = iter((lambda: None, lambda: shutil.rmtree(folder / "machines/legacy-0")))
    monkeypatch.setattr(lab_logs, "sleep", lambda _seconds: next(steps)())
    printed = run("legacy-0", "-c", "identity", "-f")
    assert printed.splitlines() == [f"2026-11-27T04:40:55.214864+0000 systemd[1]: line {n}" for n in (1, 2)]
    first, second = (tmp_path / "asked").read_text().splitlines()
    for asked in (first, second):
        assert f"--directory={journal.parent.parent}" in asked
        assert "--unit=hybrid-mesh-identity*" in asked
    assert "--after-cursor=s=1;i=1" in second
