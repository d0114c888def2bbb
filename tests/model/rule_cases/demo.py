"""Meshes that break the rules of `model.checks.demo`."""

from tests.model.meshes import DELETED
from tests.model.rule_cases.case import BACKENDS, FILE, Case, files
from tests.model.rule_cases.cloud import prod

DEMO = [
    Case("demo_vms_can_download_the_demo", {"demo.binaries": DELETED}, "echo-server"),
    Case("demo_vms_can_download_the_demo", {"demo.binaries": "/srv"}, "https://"),
    prod("clusters_can_pull_the_demo", {"demo": {}}, "can pull", path="demo.image", value=""),
    Case("the_demo_port_is_free", {"demo.port": 80, f"{BACKENDS}.0.port": 80}, "8080"),
    Case(
        "demo_files_are_not_replaced",
        files({"path": "/usr/local/bin/echo-server", "content": ""}),
        "another path",
        path=f"{FILE}.path",
        value="/usr/local/bin/echo-server",
    ),
]
