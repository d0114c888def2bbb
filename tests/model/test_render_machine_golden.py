"""The texts that machines are given, against golden files. HYBRID_MESH_UPDATE_GOLDEN=1 writes them anew."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from model.render.bundle import render_bundle
from model.render.cloud_init import render_user_data
from model.render.cluster_env import render_cluster_env
from model.render.hosts import render_hosts
from model.render.mesh_yaml import render_mesh_yaml
from tests.model.cloud_boots import TEXTS as CLOUD_TEXTS
from tests.model.machine_cases import BOOT, BOOT_WITH_APPLICATION, BUNDLE, SETTINGS

GOLDEN = Path(__file__).parent / "golden" / "machine"

TEXTS = {
    "cluster.env": render_cluster_env(SETTINGS),
    "mesh.yaml": render_mesh_yaml(SETTINGS),
    "hosts": render_hosts(BOOT.gateway_addresses),
    "user-data-gce.yaml": render_user_data(BOOT),
    "user-data-application.yaml": render_user_data(BOOT_WITH_APPLICATION),
    "user-data-ec2.yaml": render_user_data(
        replace(BOOT, identity="ec2", region="eu-central-1", eks_cluster="west-1a2b")
    ),
    **{f"prod/{name}": text for name, text in CLOUD_TEXTS.items()},
    **{f"bundle/{path}": text for path, text in render_bundle(BUNDLE).items()},
}


@pytest.mark.parametrize("name", TEXTS)
def test_is_as_agreed(name: str) -> None:
    path = GOLDEN / name
    if os.environ.get("HYBRID_MESH_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXTS[name])
    assert TEXTS[name] == path.read_text()


def test_no_golden_file_is_left_over() -> None:
    found = {str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*") if path.is_file()}
    assert found == set(TEXTS)
