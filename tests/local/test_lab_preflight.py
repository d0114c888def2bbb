"""Each thing that a host can lack is one line that names it and the remedy."""

import dataclasses
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.local.lab import preflight
from hybrid_mesh.local.lab.errors import LabError, PreflightError, from_wire, to_wire
from hybrid_mesh.local.lab.preflight import Host, examine, find_problems
from hybrid_mesh.local.lab.specs import NetworkSpec
from hybrid_mesh.local.linux import cgroups

GOOD = Host(
    effective_user=0,
    available_memory=8 << 30,
    free_disk=50 << 30,
    free_watchers=preflight.NEEDED_WATCHERS,
    covered_state="",
    shared_state=False,
    overlay_refused="",
    file_systems="nodev\toverlay\n\text4\n",
    is_there=lambda _proof: True,
    try_in_namespace=lambda _command: True,
    other_labs=(),
    several_labs=False,
    toolchain_problem="",
    control_groups="v2",
    state=Path("/state"),
)


def test_a_good_machine_has_no_problem() -> None:
    assert find_problems(GOOD) == []


@pytest.mark.parametrize(
    ("change", "problem", "remedy"),
    [
        ({"effective_user": 1000}, "not root", "sudo"),
        ({"is_there": lambda name: name != "runc"}, "runc is not installed", "apt-get install runc"),
        (
            {"is_there": lambda name: name != "systemd-nspawn"},
            "systemd-nspawn is not installed",
            "apt-get install systemd-container",
        ),
        (
            {"is_there": lambda name: "/cni/" not in name},
            "/usr/lib/cni/ptp is not installed",
            "apt-get install containernetworking-plugins",
        ),
        ({"file_systems": "nodev\ttmpfs\n"}, "no overlay file system", "modprobe overlay"),
        ({"try_in_namespace": lambda command: "bridge" not in command}, "bridges", "load the modules"),
        ({"try_in_namespace": lambda command: "veth" not in command}, "veth", "load the modules"),
        ({"try_in_namespace": lambda command: "iptables" not in command}, "nf_tables", "load the modules"),
        ({"available_memory": 1 << 30}, "1.0 GiB of memory", "end other programs"),
        ({"free_disk": 1 << 30}, "1.0 GiB of disk", "make room"),
        ({"covered_state": "/run"}, "below /run", "HYBRID_MESH_STATE"),
        ({"shared_state": True}, "other users can write", "mode 0700"),
        ({"overlay_refused": "wrong fs type"}, "cannot hold overlays", "ext4"),
        ({"free_watchers": 5}, "only 5 inotify instances", "sysctl -w fs.inotify.max_user_instances"),
        (
            {"other_labs": ("on /x (process 7): stop it with `HYBRID_MESH_STATE=/x hybrid-mesh lab down`",)},
            "another lab is running on this host, on /x (process 7)",
            "`HYBRID_MESH_STATE=/x hybrid-mesh lab down`",
        ),
        ({"control_groups": ""}, "nothing is mounted at /sys/fs/cgroup", "mount control groups"),
        ({"toolchain_problem": "the toolchain is not built: run `make toolchain`"}, "not built", "make"),
    ],
)
def test_what_is_missing_is_one_line_with_its_remedy(
    change: Mapping[str, Any], problem: str, remedy: str
) -> None:
    problems = find_problems(dataclasses.replace(GOOD, **change))
    assert len(problems) == 1
    assert problem in problems[0]
    assert remedy in problems[0]
    assert "\n" not in problems[0]


def test_every_subject_is_named_with_what_was_found() -> None:
    found = {finding.subject: finding.found for finding in examine(GOOD)}
    assert found["memory"] == "8.0 GiB available, 3 GiB needed"
    assert found["state folder"] == "/state"
    assert found["control groups"] == "cgroup v2"
    assert {"root", "packages", "kernel", "disk", "inotify", "other labs", "toolchain"} < set(found)
    bad = dataclasses.replace(GOOD, available_memory=1 << 30)
    assert [finding.subject for finding in examine(bad) if finding.problems] == ["memory"]


def test_all_problems_are_reported_at_once() -> None:
    bad = dataclasses.replace(GOOD, available_memory=0, free_disk=0, is_there=lambda name: name != "runc")
    assert len(find_problems(bad)) == 3


def test_several_labs_are_allowed_on_request() -> None:
    others = ("on /x",)
    assert find_problems(dataclasses.replace(GOOD, other_labs=others, several_labs=True)) == []


def test_another_lab_is_named_by_its_folder_and_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "another's state"
    watchdog = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; print(flush=True); sys.stdin.read()",
            preflight.WATCHDOG,
            str(other),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with watchdog:
        assert watchdog.stdout is not None
        watchdog.stdout.readline()
        names = {cgroups.lab_name(path) for path in (other, tmp_path)}
        monkeypatch.setattr(cgroups, "running", lambda: names)
        command = f"`HYBRID_MESH_STATE={shlex.quote(str(other))} hybrid-mesh lab down`"
        assert preflight.other_labs(tmp_path) == (
            f"on {other} (process {watchdog.pid}): stop it with {command}",
        )
        watchdog.kill()
    assert preflight.other_labs(tmp_path) == ("which is being cleaned up: try again in a minute",)


def test_delay_without_netem_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = NetworkSpec("slow", "10.1.0.0/16", delay_milliseconds=20)
    monkeypatch.setattr(preflight, "_try", lambda _command: True)
    preflight.check_network(slow)
    monkeypatch.setattr(preflight, "_try", lambda _command: False)
    preflight.check_network(NetworkSpec("fast", "10.1.0.0/16"))
    with pytest.raises(PreflightError, match=r"network slow .* sch_netem"):
        preflight.check_network(slow)


def test_errors_keep_their_kind_over_the_socket() -> None:
    problem = from_wire(to_wire(PreflightError(["first", "second"])))
    assert isinstance(problem, PreflightError)
    assert problem.problems == ["first", "second"]
    plain = from_wire(to_wire(LabError("it broke")))
    assert type(plain) is LabError
    assert str(plain) == "it broke"
