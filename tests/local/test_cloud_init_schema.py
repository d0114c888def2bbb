"""User-data against the schema of a real cloud-init: that of the machines' root file system, in a chroot."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile
from tests.model.agreed import GOLDEN, golden_names
from tests.model.test_render_machine_golden import TEXTS

pytestmark = pytest.mark.lab

_IN_CHROOT = """
set -e
mount --bind "$1" "$1"
mount --bind "$2" "$1/mnt"
mount -o remount,bind,ro "$1"
exec chroot "$1" env PYTHONDONTWRITEBYTECODE=1 cloud-init schema --config-file /mnt/user-data
"""
_SCHEMA = "usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json"

Check = Callable[[str], str]
USER_DATA = sorted(name for name in TEXTS if name.startswith(("user-data-", "prod/")))


@pytest.fixture(scope="module")
def rootfs() -> Path:
    if os.geteuid() != 0:
        pytest.skip("cloud-init's own check needs root for a chroot: run the tests as root to include it")
    try:
        return Profile.current().rootfs.resolve()
    except ToolchainMissing as missing:
        pytest.skip(f"cloud-init's own check needs the toolchain's root file system: {missing}")


@pytest.fixture
def check(rootfs: Path, tmp_path: Path) -> Check:
    """What cloud-init finds wrong with a user-data, "" for nothing. The root file system stays as it is."""
    known = _top_level_keys(rootfs)

    def checked(text: str) -> str:
        (tmp_path / "user-data").write_text(text)
        done = subprocess.run(
            [
                "unshare",
                "--mount",
                "--propagation=private",
                "sh",
                "-c",
                _IN_CHROOT,
                "check",
                rootfs,
                tmp_path,
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode == 0:
            assert "Valid cloud-config" in done.stdout, done
            # This cloud-init takes any key at the top; later ones refuse those that they do not know.
            return ", ".join(sorted(set(yaml.safe_load(text)) - known))
        assert "Cloud config schema errors" in done.stderr, done
        return done.stderr

    return checked


def _top_level_keys(rootfs: Path) -> set[str]:
    definitions = json.loads((rootfs / _SCHEMA).read_text())["$defs"]
    return {
        key
        for name, definition in definitions.items()
        if name.startswith("cc_") or name == "base_config"
        for key in definition.get("properties", {})
    }


def test_every_user_data_is_among_them() -> None:
    found = {name for name in golden_names("machine") if "user-data" in name}
    assert found == set(USER_DATA)
    assert len(found) >= 7


@pytest.mark.parametrize("name", USER_DATA)
def test_cloud_init_finds_nothing_wrong(check: Check, name: str) -> None:
    assert check((GOLDEN / "machine" / name).read_text()) == ""


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("\n  content:", "\n  contents:", "'contents' was unexpected"),
        ("\nruncmd:\n", "\nruncmd: 7\nrun:\n", "7 is not of type 'array'"),
        ("\nmanage_etc_hosts: false", "\nmanage_etc_hosts: sometimes", "'sometimes' is not valid"),
        ("\nwrite_files:", "\nwrite_file:", "write_file"),
    ],
)
def test_a_mistake_is_found(check: Check, right: str, wrong: str, named: str) -> None:
    text = TEXTS["prod/user-data-gce-ubuntu.yaml"]
    assert right in text
    assert named in check(text.replace(right, wrong, 1))
