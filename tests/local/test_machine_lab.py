"""One VM without a lab, in namespaces of its own, which take everything along when they end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_mesh.local.linux import cgroups
from hybrid_mesh.local.toolchain.profile import LINK
from tests.commands import PROJECT
from tests.waiting import eventually

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not (PROJECT / LINK).exists(), reason="needs the toolchain"),
]

ISOLATED = [
    "unshare",
    "--mount",
    "--net",
    "--pid",
    "--uts",
    "--ipc",
    "--fork",
    "--kill-child",
    "--mount-proc",
]


@pytest.fixture
def site_name() -> Iterator[str]:
    name = f"hybrid-mesh-test-{os.getpid()}"
    yield name
    cgroups.remove(name)


def isolated(site_name: str, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*ISOLATED, sys.executable, *words],
        cwd=PROJECT,
        env={**os.environ, "HYBRID_MESH_TEST_SITE": site_name},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_machine_dies_with_its_parent(site_name: str, tmp_path: Path) -> None:
    before = Path("/proc/mounts").read_text()
    process = isolated(site_name, "-m", "tests.local.machine_alone", str(tmp_path), "as-it-is")
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "up\n"
        assert len(cgroups.processes(site_name)) >= 2
    finally:
        process.kill()
        process.wait(10)
    eventually("every process of the machine ended", lambda: not cgroups.processes(site_name), 5)
    assert Path("/proc/mounts").read_text() == before
    assert not Path("/run/systemd/nspawn").exists()


def test_machine_boots_and_reboots_on_a_host_with_cgroup_v2_only(site_name: str, tmp_path: Path) -> None:
    process = isolated(site_name, "-m", "tests.local.machine_alone", str(tmp_path), "cgroup-v2")
    assert process.stdout is not None
    try:
        assert [process.stdout.readline() for _ in range(3)] == ["up\n"] * 3
    finally:
        process.kill()
        process.wait(10)
