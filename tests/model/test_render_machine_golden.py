"""The texts that machines are given, against golden files."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hybrid_mesh.model.clouds.registry import AWS
from hybrid_mesh.model.texts.bundle import render_bundle
from hybrid_mesh.model.texts.cloud_init import render_user_data
from hybrid_mesh.model.texts.cluster_env import render_cluster_env
from hybrid_mesh.model.texts.hosts import render_hosts
from hybrid_mesh.model.texts.machine_texts import without_comments
from hybrid_mesh.model.texts.mesh_yaml import render_mesh_yaml
from tests.commands import PROJECT
from tests.model.agreed import agreed, golden_names
from tests.model.cloud_boots import TEXTS as CLOUD_TEXTS
from tests.model.machine_cases import BOOT, BOOT_WITH_APPLICATION, BUNDLE, SETTINGS

SCRIPTS = PROJECT / "model" / "texts" / "machine_files"

TEXTS = {
    "cluster.env": render_cluster_env(SETTINGS),
    "mesh.yaml": render_mesh_yaml(SETTINGS),
    "hosts": render_hosts(BOOT.gateway_addresses),
    "user-data-gce.yaml": render_user_data(BOOT),
    "user-data-application.yaml": render_user_data(BOOT_WITH_APPLICATION),
    "user-data-ec2.yaml": render_user_data(
        replace(
            BOOT,
            identity="ec2",
            identity_settings=tuple(AWS.identity_settings("eu-central-1", "west-1a2b").items()),
        )
    ),
    **{f"prod/{name}": text for name, text in CLOUD_TEXTS.items()},
    **{f"bundle/{path}": text for path, text in render_bundle(BUNDLE).items()},
}


@pytest.mark.parametrize("name", TEXTS)
def test_is_as_agreed(name: str) -> None:
    assert TEXTS[name] == agreed(f"machine/{name}", TEXTS[name])


def test_no_golden_file_is_left_over() -> None:
    assert golden_names("machine") == set(TEXTS)


def test_every_shell_script_in_them_is_one_that_shellcheck_reads() -> None:
    """`test_shellcheck_finds_nothing` reads the scripts where they are written; the texts hold them as they
    are, or without comments."""
    sources = [path.read_text() for path in SCRIPTS.glob("*.sh")]
    written = [
        entry["content"] for name in _user_data() for entry in yaml.safe_load(TEXTS[name])["write_files"]
    ]
    bundled = [text for name, text in TEXTS.items() if name.startswith("bundle/")]
    scripts = {text for text in (*written, *bundled) if text.startswith("#!/bin/sh")}
    assert scripts <= {*sources, *map(without_comments, sources)}
    assert {without_comments(text) for text in scripts} == {without_comments(text) for text in sources}


def _user_data() -> list[str]:
    return [name for name in TEXTS if Path(name).name.startswith("user-data-")]
