"""What the program promises of VMs on Compute Engine and EC2."""

import copy
import json

import pytest

from hybrid_mesh.model.clouds.aws import LAUNCH_HOOK
from tests.components.cloud_stacks import only
from tests.components.conftest import Declared, declare_mesh, read_stack


def test_disks_are_encrypted_and_metadata_is_v2(prod: Declared) -> None:
    templates = prod.recording.of_type("aws:ec2/launchTemplate:LaunchTemplate")
    assert len(templates) == 2
    for each in templates:
        assert {mapping["ebs"]["encrypted"] for mapping in each.inputs["blockDeviceMappings"]} == {"true"}
        options = each.inputs["metadataOptions"]
        assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)


@pytest.mark.parametrize(
    ("machines", "device"),
    [
        ({}, "/dev/xvda"),
        (
            {"image": "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/current/amd64/ami-id"},
            "/dev/sda1",
        ),
        ({"image": "ami-0abcdef1234567890", "package": "rpm", "rootDevice": "/dev/sda1"}, "/dev/sda1"),
    ],
    ids=["debian", "ubuntu", "custom"],
)
def test_the_encrypted_disk_of_machines_is_the_root_disk_of_their_image(
    machines: dict[str, str], device: str
) -> None:
    raw = copy.deepcopy(read_stack("prod"))
    raw["workloadGroups"]["orders"]["machines"] |= machines
    declared = declare_mesh(raw, stack="prod")
    (mapping,) = declared.recording.named("mesh-group-orders-machines-template").inputs["blockDeviceMappings"]
    assert (mapping["deviceName"], mapping["ebs"]["encrypted"]) == (device, "true")


def test_gce_machines(prod: Declared) -> None:
    template = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    scopes = {scope.rpartition("/")[2] for scope in template["serviceAccount"]["scopes"]}
    assert scopes == {"cloud-platform", "userinfo.email"}
    assert template["shieldedInstanceConfig"]["enableSecureBoot"] is True
    binding = prod.recording.named("mesh-group-ratings-role-binding").inputs["subjects"]
    assert binding == [
        {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "User",
            "name": template["serviceAccount"]["email"],
        }
    ]
    group = only(prod, "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager")
    assert group["autoHealingPolicies"]["initialDelaySec"] >= 300
    assert group["updatePolicy"]["maxUnavailableFixed"] == 0
    assert group["updatePolicy"]["maxSurgeFixed"] >= 1
    assert (group["updatePolicy"]["type"], group["updatePolicy"]["minimalAction"]) == ("PROACTIVE", "REPLACE")
    assert "targetSize" not in group
    scaling = only(prod, "gcp:compute/regionAutoscaler:RegionAutoscaler")["autoscalingPolicy"]
    assert (scaling["minReplicas"], scaling["maxReplicas"]) == (3, 20)
    check = only(prod, "gcp:compute/healthCheck:HealthCheck")
    assert check["httpHealthCheck"] == {"port": 15029, "requestPath": "/"}, "new VMs serve, not only run"
    assert group["instanceLifecyclePolicy"] == {
        "defaultActionOnFailure": "REPAIR",
        "onFailedHealthCheck": "DO_NOTHING",
    }, "an outage of the API server must not delete VMs that boot"


@pytest.mark.parametrize(("together", "surge"), [(1, 3), (5, 5)])
def test_a_gce_group_adds_a_machine_per_zone_or_more_before_old_ones_leave(together: int, surge: int) -> None:
    raw = copy.deepcopy(read_stack("prod"))
    raw["workloadGroups"]["ratings"]["machines"]["rollout"] = {"maxUnavailable": together}
    declared = declare_mesh(raw, stack="prod")
    policy = only(declared, "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager")[
        "updatePolicy"
    ]
    assert (policy["maxSurgeFixed"], policy["maxUnavailableFixed"]) == (surge, 0)


@pytest.mark.parametrize(
    ("machine", "disk"), [("e2-small", "pd-balanced"), ("c4a-standard-1", "hyperdisk-balanced")]
)
def test_the_disk_of_gce_machines_suits_their_series(machine: str, disk: str) -> None:
    raw = copy.deepcopy(read_stack("prod"))
    image = "ubuntu-os-cloud/ubuntu-2404-lts-arm64" if machine.startswith("c4a") else None
    raw["workloadGroups"]["ratings"]["machines"] |= {
        "machineType": machine,
        **({"image": image} if image else {}),
    }
    template = only(
        declare_mesh(raw, stack="prod"), "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate"
    )
    assert template["disks"][0]["diskType"] == disk


def test_ec2_machines(prod: Declared) -> None:
    entry = only(prod, "aws:eks/accessEntry:AccessEntry")
    assert (entry["type"], entry["kubernetesGroups"]) == ("STANDARD", ["hybrid-mesh:orders"])
    subject = prod.recording.named("mesh-group-orders-role-binding").inputs["subjects"][0]
    assert (subject["kind"], subject["name"]) == ("Group", "hybrid-mesh:orders")
    [policy] = [
        each
        for each in prod.recording.declared
        if each.typ.startswith("aws:iam/rolePolicy") and "orders" in each.name
    ]
    assert json.loads(policy.inputs["policy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "autoscaling:CompleteLifecycleAction",
            "Resource": "arn:aws:test:::mesh-group-orders-machines-group",
        }
    ], "a machine's role may report in AWS that it is in service, and nothing else"
    group = only(prod, "aws:autoscaling/group:Group")
    assert "desiredCapacity" not in group, "its size belongs to AWS: new bounds must not move it"
    template = prod.recording.named("mesh-group-orders-machines-template").inputs
    assert template["monitoring"] == {"enabled": True}
    assert template["metadataOptions"]["instanceMetadataTags"] == "enabled", "from which it reads its group"
    assert group["launchTemplate"]["version"] == "1", "a further version starts a refresh"
    assert group["healthCheckType"] == "EC2", "the instance's own health, which istiod's outage leaves"
    assert group["healthCheckGracePeriod"] >= 300


@pytest.mark.parametrize(
    ("machines", "together", "percent"),
    [
        ({}, 1, 134),
        ({}, 2, 167),
        ({}, 12, 200),
        ({"min": None, "max": None, "targetCpuPercent": None, "count": 1}, 1, 200),
    ],
)
@pytest.mark.parametrize("canary", [True, False])
def test_an_ec2_group_is_replaced_in_steps_whose_vms_serve(
    machines: dict[str, object], together: int, percent: int, canary: bool
) -> None:
    raw = copy.deepcopy(read_stack("prod"))
    wanted = raw["workloadGroups"]["orders"]["machines"] | machines
    wanted["rollout"] = {"maxUnavailable": together, "canary": canary}
    raw["workloadGroups"]["orders"]["machines"] = {k: v for k, v in wanted.items() if v is not None}
    declared = declare_mesh(raw, stack="prod")
    preferences = only(declared, "aws:autoscaling/group:Group")["instanceRefresh"]["preferences"]
    assert preferences["minHealthyPercentage"] == 100
    assert preferences["maxHealthyPercentage"] == percent
    assert preferences.get("checkpointPercentages") == ([1, 100] if canary else None)
    assert preferences.get("checkpointDelay") == ("0" if canary else None)
    hook = only(declared, "aws:autoscaling/lifecycleHook:LifecycleHook")
    assert hook == {
        "name": LAUNCH_HOOK,
        "autoscalingGroupName": "mesh-group-orders-machines-group",
        "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        "defaultResult": "ABANDON",
        "heartbeatTimeout": 900,
    }


def test_a_group_of_fixed_size_has_no_autoscaler() -> None:
    staging = declare_mesh(read_stack("staging"), stack="staging")
    assert not staging.recording.of_type("gcp:compute/regionAutoscaler:RegionAutoscaler")
    group = only(staging, "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager")
    assert group["targetSize"] == 2


@pytest.mark.parametrize("access", [False, True])
def test_people_have_shells_on_machines_of_both_clouds_if_the_operators_want_them(access: bool) -> None:
    raw = copy.deepcopy(read_stack("prod"))
    raw["operators"]["vmAccess"] = access
    declared = declare_mesh(raw, stack="prod")
    ssh = [
        rule.inputs
        for rule in declared.recording.of_type("gcp:compute/firewall:Firewall")
        if {"protocol": "tcp", "ports": ["22"]} in rule.inputs["allows"]
    ]
    assert [(rule["sourceRanges"], rule["targetTags"]) for rule in ssh] == (
        [(["35.235.240.0/20"], ["machines-ratings"])] if access else []
    )
    attached = [
        each.inputs["policyArn"]
        for each in declared.recording.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if each.name.startswith("mesh-group-orders")
    ]
    assert attached == (["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"] if access else [])
