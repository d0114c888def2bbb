"""The command line of the toolchain, run as `make toolchain` runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.commands import PROJECT, run
from tests.docs.shapes import differences, documented


def _run(cache: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = (
        os.environ
        | {"HYBRID_MESH_CACHE": str(cache), "HYBRID_MESH_TOOLCHAIN_URL": ""}
        | ({"PATH": path} if path else {})
    )
    command = [sys.executable, "-m", "hybrid_mesh.local.toolchain", *arguments]
    return run(command, environment=environment, seconds=60, check=False)


def test_checking_an_empty_cache_lists_everything_and_makes_nothing(tmp_path: Path) -> None:
    done = _run(tmp_path / "cache", "check", "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    rows = documented(PROJECT / "docs" / "json.md", "hybrid-mesh toolchain check")
    assert differences([report], rows) == []
    assert report["complete"] is False
    assert {"kubernetes", "rootfs", "image-pilot", "kubectl"} <= set(report["missing"])
    assert set(report["missing"]) <= set(report["components"])
    assert list((tmp_path / "cache").iterdir()) == []


def test_checking_says_the_remedy(tmp_path: Path) -> None:
    done = _run(tmp_path / "cache", "check")
    assert done.returncode == 1
    assert done.stdout.startswith("the toolchain is not complete (to build: ")
    assert done.stdout.endswith("run `make toolchain`\n")
    assert len(done.stdout.splitlines()) == 1


def test_a_machine_without_go_takes_the_pinned_one(tmp_path: Path) -> None:
    done = _run(tmp_path / "cache", "check", "--json", path="/nonexistent")
    assert "go" in json.loads(done.stdout)["missing"]


def test_what_cannot_be_built_is_refused_in_one_line_before_anything_is_made(tmp_path: Path) -> None:
    """A file system of a few megabytes stands for a full disk."""
    small = tmp_path / "small"
    small.mkdir()
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    build = f"{sys.executable} -m hybrid_mesh.local.toolchain build --unlinked"
    script = f"mount -t tmpfs -o size=8m tmpfs {small}; {build}"
    environment = os.environ | {"HYBRID_MESH_CACHE": str(small), "HYBRID_MESH_TOOLCHAIN_URL": ""}
    command = ["unshare", *as_root, "--mount", "sh", "-ec", script]
    done = run(command, environment=environment, seconds=60, check=False)
    assert done.returncode == 1, done.stdout
    assert "needs 25 GiB of disk" in done.stderr
    assert len(done.stderr.splitlines()) == 1
