"""Istio's own validation takes every one of its objects that the model makes."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.commands import PROJECT
from tests.model.agreed import GOLDEN

ISTIOCTL = PROJECT / ".toolchain" / "bin" / "istioctl"

pytestmark = pytest.mark.skipif(not ISTIOCTL.exists(), reason="the toolchain is not built")


def test_istioctl_validates_them(tmp_path: Path) -> None:
    found = [
        made
        for path in (GOLDEN / "plan").rglob("manifests.yaml")
        for made in yaml.safe_load_all(path.read_text())
    ]
    istios = [made for made in found if ".istio.io/" in made.get("apiVersion", "")]
    assert {made["kind"] for made in istios} == {
        "AuthorizationPolicy",
        "PeerAuthentication",
        "ServiceEntry",
        "WorkloadGroup",
    }
    path = tmp_path / "objects.yaml"
    path.write_text(yaml.safe_dump_all(istios))
    result = subprocess.run([ISTIOCTL, "validate", "-f", path], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
