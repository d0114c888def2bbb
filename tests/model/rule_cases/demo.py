"""Meshes that break the rules of `model.checks.demo`."""

from tests.model.meshes import DELETED
from tests.model.rule_cases.case import BACKENDS, FILE, LEGACY, Case, files
from tests.model.rule_cases.cloud import prod

DEMO = [
    Case("demo_machines_can_fetch_the_demo", {"demo.binaries": DELETED}, "demo.binaries", "", "echo-server"),
    Case("demo_machines_can_fetch_the_demo", {"demo.binaries": "/srv"}, "demo.binaries", "/srv", "https://"),
    Case(
        "the_demo_runs_on_machines_that_the_program_makes",
        {f"{LEGACY}.machines": {"type": "bundle"}, "istio.packages": "https://packages.example.com"},
        "demo.group",
        "legacy",
        "Leave `group` out",
    ),
    prod("clusters_can_pull_the_demo", {"demo": {}}, "demo.image", "", "can pull"),
    Case(
        "the_demo_has_a_port_to_itself",
        {"demo.port": 80, f"{BACKENDS}.0.port": 80},
        "demo.port",
        "80",
        "8080",
    ),
    Case(
        "the_demos_files_are_its_own",
        files({"path": "/usr/local/bin/echo-server", "content": ""}),
        f"{FILE}.path",
        "/usr/local/bin/echo-server",
        "another path",
    ),
]
