"""What `plan` warns of and `up` refuses: placeholders of examples, and probes that nothing can answer."""

from typing import Any

import pytest

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.stack_file import read_stack_file
from tests.commands import PROJECT
from tests.filled import filled
from tests.model.meshes import DELETED, LOCAL, PROD, STACKS, changed

EKS = read_stack_file(PROJECT / "cli/templates/Pulumi.eks.yaml")
SHIPPED = {**STACKS, "eks": EKS}
FILLED = filled(PROD)
RATINGS, ORDERS = "workloadGroups.ratings", "workloadGroups.orders"


def _warned(mesh: Any) -> list[tuple[str, str]]:
    return [(each.path, each.value) for each in plan_from(mesh, "test").warnings]


@pytest.mark.parametrize("stack", SHIPPED)
def test_a_shipped_stack_is_complete_but_for_its_placeholders(stack: str) -> None:
    assert _warned(filled(SHIPPED[stack])) == []
    placeholders = {
        "staging": {"project", "operators.cidrs.0"},
        "prod": {"project", "operators.cidrs.0", "networks.dc-fra.gateway", "networks.dc-fra.egress.0"},
        "eks": {"operators.cidrs.0"},
    }
    assert {path for path, _ in _warned(SHIPPED[stack])} == placeholders.get(stack, set())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("networks.gcp-eu.project", "example-mesh"),
        ("trust.project", "example-mesh-ca"),
        ("clusters.gke-eu.nodePool.imageRepositories.0", "example-mesh-prod/europe-west4/images"),
        ("clusters.gke-eu.authorizedNetworks.0", "192.0.2.0/28"),
        ("clusters.eks-us.peerEndpoint", "https://203.0.113.20:6443"),
        ("networks.dc-fra.gateway", "203.0.113.10"),
    ],
)
def test_a_placeholder_is_found_wherever_it_is(path: str, value: str) -> None:
    parent, _, last = path.rpartition(".")
    change = {parent: [value]} if last == "0" else {path: value}
    assert _warned(changed(FILLED, change)) == [(path, value)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("project", "my-example-mesh"),
        ("id", "example-mesh-prod"),
        ("trustDomain", "mesh.example.com"),
        (f"{RATINGS}.application.files.0.content", "192.0.2.1"),
        ("istio.values", {"global": {"proxy": {"excludeIPRanges": "192.0.2.0/24"}}}),
        ("operators.cidrs", ["192.0.3.0/28"]),
        ("networks.dc-fra.cidr", "198.51.100.0/24"),
    ],
)
def test_what_only_looks_like_a_placeholder_is_accepted(path: str, value: Any) -> None:
    assert _warned(changed(FILLED, {path: value})) == []


@pytest.mark.parametrize(
    ("group", "image"),
    [
        (RATINGS, "ubuntu-os-cloud/ubuntu-2404-lts-amd64"),
        (RATINGS, "projects/ubuntu-os-pro-cloud/global/images/ubuntu-pro-2404-noble-amd64-v20260101"),
        (ORDERS, "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"),
    ],
)
def test_a_probe_of_an_empty_vendor_image_is_found(group: str, image: str) -> None:
    mesh = changed(FILLED, {f"{group}.application": DELETED, f"{group}.machines.image": image})
    ((path, _),) = _warned(mesh)
    assert path == f"{group}.probe"


@pytest.mark.parametrize(
    "changes",
    [
        {f"{RATINGS}.probe": DELETED},
        {f"{RATINGS}.machines.image": "acme-images/ubuntu-ratings"},
        {f"{RATINGS}.application": {"commands": ["systemctl enable --now nginx"]}},
        {f"{RATINGS}.probe": {"exec": {"command": ["/bin/true"]}}},
        {f"{RATINGS}.probe": {"tcpSocket": {"port": 5432, "host": "db.internal"}}},
        {f"{RATINGS}.probe": {"tcpSocket": {"port": 22, "host": "127.0.0.1"}}},
        {"demo": {"group": "ratings", "binaries": "https://acme.test", "image": "acme.test/echo"}},
        {f"{RATINGS}.machines": {"type": "bundle"}},
    ],
)
def test_a_probe_that_may_be_answered_is_accepted(changes: dict[str, Any]) -> None:
    assert _warned(changed(changed(FILLED, {f"{RATINGS}.application": DELETED}), changes)) == []


def test_a_local_vm_has_no_application_of_its_own() -> None:
    alone = changed(LOCAL, {"demo": DELETED, "ingress": DELETED})
    assert _warned(alone) == [("workloadGroups.legacy.probe", "9080")]
