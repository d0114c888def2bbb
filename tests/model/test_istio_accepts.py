"""Istio's own validation takes every one of its objects that the model makes."""

import subprocess
from pathlib import Path

import pytest
import yaml

from hybrid_mesh.model.objects.manifest import Manifest
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reference.examples import example
from hybrid_mesh.model.reference.sections import all_sections
from tests.commands import PROJECT
from tests.model.agreed import GOLDEN
from tests.model.meshes import DEV, changed

ISTIOCTL = PROJECT / ".toolchain" / "bin" / "istioctl"

pytestmark = pytest.mark.skipif(not ISTIOCTL.exists(), reason="the toolchain is not built")


def test_istioctl_validates_them(tmp_path: Path) -> None:
    found = [
        made
        for path in (GOLDEN / "plan").rglob("manifests.yaml")
        for made in yaml.safe_load_all(path.read_text())
    ]
    istios = [made for made in found if ".istio.io/" in made.get("apiVersion", "")]
    istios += telemetry_objects()
    assert {made["kind"] for made in istios} == {
        "AuthorizationPolicy",
        "DestinationRule",
        "PeerAuthentication",
        "ServiceEntry",
        "Telemetry",
        "WorkloadGroup",
    }
    path = tmp_path / "objects.yaml"
    path.write_text(yaml.safe_dump_all(istios))
    result = subprocess.run([ISTIOCTL, "validate", "-f", path], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def telemetry_objects() -> list[Manifest]:
    """What the longest example of the reference becomes, and each form of a collector outside."""
    whole = example(next(each for each in all_sections() if each.path == "telemetry"))
    given = yaml.safe_load(whole)["telemetry"]
    del given["clusters"]
    found = []
    for otlp in (given["traces"]["otlp"], "https://otlp.example.com:4318", "198.51.100.7:4318"):
        telemetry = {**given, "traces": {**given["traces"], "otlp": otlp}}
        plan = plan_from(changed(DEV, {"telemetry": telemetry}), "test")
        objects = plan.clusters["one"].objects
        found += [each.manifest for each in objects if isinstance(each, PlannedObject)]
    kinds = ("Telemetry", "ServiceEntry", "DestinationRule")
    return [made for made in found if made["kind"] in kinds]
