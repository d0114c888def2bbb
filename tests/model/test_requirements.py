"""What the accounts need: sums, quotas, services, permissions and money."""

import json
import re
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

from hybrid_mesh.cli.main import app
from hybrid_mesh.model.clouds import aws_permissions
from hybrid_mesh.model.clouds.vcpus import aws_quota, aws_vcpus, google_quota, google_vcpus
from hybrid_mesh.model.config.clusters import NodePoolConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.requirements.describe import describe_requirements
from hybrid_mesh.model.plan.requirements.regions import requirements
from hybrid_mesh.model.plan.requirements.types import Amount, Need, Requirements
from hybrid_mesh.model.reference.requirements import BLOCK, PAGE_PATH, PARTS, renewed
from tests.commands import PROJECT
from tests.model.cloud_meshes import cloud_meshes
from tests.model.meshes import LOCAL, PROD, changed

NODES, VMS = "clusters.gke-eu.nodePool", "workloadGroups.ratings.machines"
EKS, EC2 = "clusters.eks-us.nodeGroup", "workloadGroups.orders.machines"


def _of(mesh: Any, stack: str = "prod") -> Requirements:
    return requirements(plan_from(mesh, stack))


def _need(found: Requirements, region: str, what: str) -> Need:
    [place] = [each for each in found.regions if each.region == region]
    return next(need for need in place.needs if need.what.startswith(what))


@pytest.mark.parametrize(
    ("machine_type", "number", "quota"),
    [
        ("e2-standard-4", 4, "CPUS"),
        ("e2-small", 2, "CPUS"),
        ("custom-4-8192", 4, "CPUS"),
        ("n2-custom-6-8192-ext", 6, "N2_CPUS"),
        ("c3-standard-8-lssd", 8, "C3_CPUS"),
        ("c4a-standard-1", 1, "C4A_CPUS"),
        ("z3-highmem-88-highlssd", 88, "Z3_CPUS"),
        ("a2-highgpu-1g", None, "A2_CPUS"),
    ],
)
def test_the_vcpus_of_googles_machine_types(machine_type: str, number: int | None, quota: str) -> None:
    assert (google_vcpus(machine_type), google_quota(machine_type)) == (number, quota)


@pytest.mark.parametrize(
    ("instance_type", "number", "code"),
    [
        ("m6i.xlarge", 4, "L-1216C47A"),
        ("t3.small", 2, "L-1216C47A"),
        ("t2.small", 1, "L-1216C47A"),
        ("m7g.medium", 1, "L-1216C47A"),
        ("c7i.metal-24xl", 96, "L-1216C47A"),
        ("g5.12xlarge", 48, "L-DB2E81BA"),
        ("inf2.xlarge", 4, "L-1945791B"),
        ("m6i.metal", None, "L-1216C47A"),
        ("hpc6a.48xlarge", None, "L-F7808C92"),
    ],
)
def test_the_vcpus_of_ec2s_instance_types(instance_type: str, number: int | None, code: str) -> None:
    assert (aws_vcpus(instance_type), aws_quota(instance_type)[0]) == (number, code)


def test_the_sums_of_prod() -> None:
    """Nodes of 4 vCPUs, 3 to 12; VMs of 2, 3 to 20. An upgrade of GKE adds one node, one of EKS six; a
    rollout on GCE adds three VMs, one on EC2 67 percent: 3 VMs of 3, 14 of 20."""
    mesh = changed(PROD, {f"{EC2}.rollout": {"maxUnavailable": 2}})
    found = _of(mesh)
    assert _need(found, "europe-west4", "vCPUs").amount == Amount(18, 88, 18 + 4 + 6, 88 + 4 + 6)
    assert _need(found, "us-east-1", "vCPUs").amount == Amount(18, 88, 18 + 24 + 6, 88 + 24 + 28)
    assert _need(found, "europe-west4", "disks").amount.minimum == 3 * 50 + 3 * 20
    assert _need(found, "us-east-1", "elastic IP").amount == Amount.exactly(3 + 3)
    assert _need(found, "europe-west4", "reserved").amount == Amount.exactly(2 + 1)
    assert _need(found, "europe-west4", "addresses in use").amount == Amount.exactly(2 + 1 + 1)


def test_a_default_quota_that_is_too_small_is_named_with_its_command() -> None:
    found = _of(PROD)
    vcpus = _need(found, "us-east-1", "vCPUs")
    assert (vcpus.quota.default, vcpus.exceeds_default) == (5, True)
    assert vcpus.request is not None
    assert vcpus.request.endswith(
        f"--service-code ec2 --quota-code L-1216C47A --desired-value {vcpus.amount.rolling_maximum}"
    )
    assert _need(found, "us-east-1", "elastic IP").exceeds_default
    assert not _need(found, "us-east-1", "VPCs").exceeds_default
    disks = _need(found, "us-east-1", "disks")
    assert (disks.wanted, disks.exceeds_default) == (2, False), "the quota is in TiB"
    gke = _need(found, "europe-west4", "authorized networks of gke-eu")
    assert (gke.quota.default, gke.request) == (100, None)


def test_an_existing_network_needs_none() -> None:
    found = _of(changed(PROD, {"networks.gcp-eu": {**PROD["networks"]["gcp-eu"], "id": "shared-vpc"}}))
    whats = {need.what for place in found.regions if place.region == "europe-west4" for need in place.needs}
    assert "VPC networks" not in whats
    assert "Cloud Routers with a NAT" in whats


def test_networks_of_one_region_are_added_up() -> None:
    second = {"type": "aws", "region": "us-east-1", "cidr": "10.99.0.0/16", "reachable": "direct"}
    one, two = _of(PROD), _of(changed(PROD, {"networks.aws-two": second}))
    assert [place.networks for place in two.regions if place.cloud == "AWS"] == [("aws-two", "aws-us")]
    assert _need(two, "us-east-1", "VPCs").amount == Amount.exactly(2)
    assert _need(two, "us-east-1", "elastic").wanted == _need(one, "us-east-1", "elastic").wanted + 3


def test_an_unknown_type_is_said_and_never_counted_as_nothing() -> None:
    found = _of(changed(PROD, {f"{NODES}.machineType": "a2-highgpu-1g", f"{EKS}.machineType": "m6i.metal"}))
    unknown = [line for place in found.regions for line in place.unknown]
    assert unknown == [
        "No vCPUs are known for m6i.metal (nodes of eks-us).",
        "No vCPUs are known for a2-highgpu-1g (nodes of gke-eu).",
    ]
    assert [line.split(" in ")[0] for line in found.costs.unknown] == [
        "No price is known for nodes of eks-us, m6i.metal",
        "No price is known for nodes of gke-eu, a2-highgpu-1g",
    ]


def test_an_unknown_region_has_no_prices() -> None:
    network = {**PROD["networks"]["gcp-eu"], "region": "asia-east1"}
    costs = _of(changed(PROD, {"networks.gcp-eu": network})).costs
    assert "No price is known for nodes of gke-eu, e2-standard-4 in asia-east1." in costs.unknown
    assert not any(line.what.startswith("nodes of gke-eu") for line in costs.lines)


def test_extended_support_costs_more_when_it_begins() -> None:
    assert not any("extended" in line.what for line in _of(PROD).costs.lines)
    before, after = _of(PROD).costs, _of(changed(PROD, {"clusters.eks-us.support": "extended"})).costs
    assert after.minimum == before.minimum
    assert after.maximum == pytest.approx(before.maximum + 0.5 * 730)


def test_only_the_services_that_the_stack_needs() -> None:
    assert "privateca.googleapis.com" in _of(PROD).services["example-mesh-prod"]
    plain = _of(changed(PROD, {"trust": {"issuer": "self-signed"}}))
    assert "privateca.googleapis.com" not in plain.services["example-mesh-prod"]
    assert not any("privateca" in role for each in plain.access for role in each.roles)


def test_the_authority_may_be_in_another_project() -> None:
    found = _of(changed(PROD, {"trust.project": "security"}))
    assert found.services["security"] == ("privateca.googleapis.com",)
    [up] = [each for each in found.access if each.account == "security" and each.purpose == "up and destroy"]
    assert up.roles == ("roles/privateca.admin",)


def test_repositories_and_keys_of_other_projects_are_listed_there() -> None:
    key = "projects/keys/locations/europe-west4/keyRings/mesh/cryptoKeys/gke"
    changes = {
        f"{NODES}.imageRepositories": ["images/europe-west4/apps"],
        "clusters.gke-eu.databaseEncryptionKey": key,
    }
    found = _of(changed(PROD, changes))
    assert found.services["images"] == ("artifactregistry.googleapis.com",)
    assert found.services["keys"] == ("cloudkms.googleapis.com",)
    roles = {(each.account, each.purpose): each.roles for each in found.access}
    assert roles["images", "up and destroy"] == (
        "roles/artifactregistry.admin, on the repository images/europe-west4/apps",
    )
    assert roles["keys", "GKE's service agent"] == (
        f"roles/cloudkms.cryptoKeyEncrypterDecrypter, on the key {key}",
    )
    assert ("keys", "up and destroy") not in roles


def test_a_local_stack_needs_nothing() -> None:
    found = _of(LOCAL, "local")
    assert not found.regions
    assert not found.access
    assert not found.services
    assert not found.costs.lines
    done = CliRunner().invoke(app, ["plan", "--requirements"])
    assert "needs nothing of an account" in done.stdout


def test_passing_a_role_is_limited_to_the_services_that_use_one() -> None:
    policy = aws_permissions.policy()
    [passing] = [each for each in policy["Statement"] if each["Action"] == "iam:PassRole"]
    assert passing["Condition"]["StringEquals"]["iam:PassedToService"] == list(aws_permissions.PASSED_TO)
    assert "iam:UntagInstanceProfile" in policy["Statement"][0]["Action"]


def test_eks_may_look_up_its_own_role_before_it_creates_nodes() -> None:
    """It does so with the caller's rights, and refuses the node group otherwise."""
    role = "arn:aws:iam::*:role/aws-service-role/*"
    allowed = [each["Action"] for each in aws_permissions.STATEMENTS if each["Resource"] == role]
    assert allowed == ["iam:GetRole"]


USED = re.compile(r"\baws\.iam\.([A-Z]\w+)\(")
ACTIONS = {
    "InstanceProfile": {"CreateInstanceProfile", "TagInstanceProfile", "UntagInstanceProfile"},
    "Role": {"CreateRole", "UpdateRole", "UpdateAssumeRolePolicy", "TagRole", "UntagRole", "DeleteRole"},
    "RolePolicy": {"PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy"},
    "RolePolicyAttachment": {"AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies"},
}
"""By resource, calls that terraform-provider-aws makes for it."""


def test_every_iam_resource_of_the_program_is_allowed() -> None:
    files = (PROJECT / "components").rglob("*.py")
    used = {name for file in files for name in USED.findall(file.read_text())}
    assert used <= set(ACTIONS), "add the calls of the new resource"
    allowed = set(aws_permissions.STATEMENTS[0]["Action"])
    assert {f"iam:{action}" for name in used for action in ACTIONS[name]} <= allowed


@settings(deadline=None, max_examples=25)
@given(cloud_meshes())
def test_amounts_are_ordered_and_grow_with_the_maximum(mesh: dict[str, Any]) -> None:
    found = _of(mesh)
    for place in found.regions:
        for need in place.needs:
            amount = need.amount
            assert 0 < amount.minimum <= amount.maximum <= amount.rolling_maximum, need
            assert amount.minimum <= amount.rolling <= amount.rolling_maximum, need
    assert found.costs.minimum <= found.costs.maximum
    json.dumps(describe_requirements("prod", found))
    larger = _of(_larger(mesh))
    for before, after in zip(found.regions, larger.regions, strict=True):
        for one, two in zip(before.needs, after.needs, strict=True):
            assert all(a <= b for a, b in zip(astuple(one.amount), astuple(two.amount), strict=True))
    assert larger.costs.maximum >= found.costs.maximum
    assert larger.costs.minimum == found.costs.minimum


def _larger(mesh: dict[str, Any]) -> dict[str, Any]:
    """The same mesh, whose clusters may have one node more: the smallest networks have addresses for it."""
    pools = {"gke": "nodePool", "eks": "nodeGroup"}
    return changed(
        mesh,
        {
            f"clusters.{name}.{pools[cluster['type']]}": {
                "max": NodePoolConfig.model_fields["max"].default + 1
            }
            for name, cluster in mesh["clusters"].items()
            if cluster["type"] in pools
        },
    )


def test_each_part_is_printed_for_people_and_as_json() -> None:
    shown = CliRunner(env={"COLUMNS": "220"}).invoke(app, ["plan", "--stack", "prod", "--requirements"])
    assert shown.exit_code == 0
    for words in (
        "--quota-code L-0263D0A3 --desired-value 6",
        "gcloud compute regions describe europe-west4 --project example-mesh-prod",
        "gcloud services enable --project example-mesh-prod",
        "roles/container.admin",
        '"iam:PassedToService"',
        "Traffic, logs and requests are extra.",
    ):
        assert words in shown.stdout
    printed = CliRunner().invoke(app, ["plan", "--stack", "prod", "--requirements", "--json"])
    assert json.loads(printed.stdout) == json.loads(json.dumps(describe_requirements("prod", _of(PROD))))


def test_the_pages_blocks_are_those_of_the_shipped_stacks() -> None:
    page = PAGE_PATH.read_text()
    assert page == renewed(page), "run `python -m hybrid_mesh.model.reference.requirements`"
    blocks = [(found["stack"], found["part"]) for found in BLOCK.finditer(page)]
    assert {("staging", "costs"), ("prod", "costs"), ("prod", "quotas")} <= set(blocks)
    assert {part for _, part in blocks} <= set(PARTS)
