"""What the double of Amazon's plug-in refuses, as AWS does, and which calls it makes."""

import base64
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.handler import CreateCall
from hybrid_mesh.plugins.framework.values import UNKNOWN
from tests.engine.console import REGION, TOKENS, Console, context
from tests.engine.doubles.amazon_answers import give_authority
from tests.engine.doubles.together import MemoryWorld

ROOT = "arn:aws:acm-pca:::template/RootCACertificate/V1"
SUBORDINATE = "arn:aws:acm-pca:::template/SubordinateCACertificate_PathLen0/V1"
GIVEN = f"arn:aws:acm-pca:{REGION}:111122223333:certificate-authority/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def console(tmp_path: Path) -> Console:
    world = MemoryWorld(tmp_path)
    world.offer({"aws": [{"server": "https://127.0.0.1:1", "authority": "PEM"}]})
    return Console(world)


# the form of requests


@pytest.mark.parametrize(
    ("kind", "inputs", "reason"),
    [
        ("Vpc", {"cidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range"),
        ("Vpc", {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "shared"}, "InstanceTenancy 'shared'"),
        ("Vpc", {"cidrBlock": "10.0.0.0/16", "tags": {"aws:x": "y"}}, "Tag key 'aws:x' is not valid"),
        ("LaunchTemplate", {"metadataOptions": {"httpTokens": "must"}}, "HttpTokens 'must'"),
    ],
    ids=["CIDR", "enum", "tag", "nested enum"],
)
def test_a_request_that_aws_refuses_is_refused(
    console: Console, kind: str, inputs: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ResourceError, match=reason):
        console.make(kind, "a", **inputs)
    assert console.world.things() == []


def test_a_subnet_is_inside_its_vpc_and_overlaps_no_other(console: Console) -> None:
    vpc = console.vpc()
    where = {"vpcId": vpc.identity, "availabilityZone": f"{REGION}a"}
    console.make("Subnet", "a", cidrBlock="10.20.0.0/20", **where)
    for name, cidr, reason in (("b", "10.20.1.0/24", "Conflict"), ("c", "10.9.0.0/24", "Range")):
        with pytest.raises(ResourceError, match=f"InvalidSubnet.{reason}"):
            console.make("Subnet", name, cidrBlock=cidr, **where)


def test_an_unknown_policy_cannot_be_attached(console: Console) -> None:
    console.role("nodes", "ec2.amazonaws.com")
    role = console.world.things()[0].identity
    known = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
    console.make("RolePolicyAttachment", "known", role=role, policyArn=known)
    with pytest.raises(ResourceError, match="NoSuchEntity"):
        console.make("RolePolicyAttachment", "unknown", role=role, policyArn=f"{known}Please")


# networks


def test_a_security_group_of_nodes_has_room_for_one_rule_less(console: Console) -> None:
    account = console.amazon.account
    assert account.rules_per_group == 60, "the quota of a new account"
    account.rules_per_group = 6
    vpc = console.vpc()
    subnets = console.subnets(vpc)
    full, almost = (console.make("SecurityGroup", name, vpcId=vpc.identity) for name in ("full", "almost"))

    def allow(group: str, count: int, first: int = 0) -> None:
        for port in range(first, first + count):
            rule = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIpv4": "10.0.0.0/8"}
            console.make("IngressRule", f"{group}-{port}", securityGroupId=group, **rule)

    allow(full.identity, 6)
    with pytest.raises(ResourceError, match="RulesPerSecurityGroupLimitExceeded"):
        allow(full.identity, 1, first=6)
    allow(almost.identity, 5)
    cluster = console.cluster(subnets)
    for group, fits in ((full, False), (almost, True)):
        given = {"vpcSecurityGroupIds": [group.identity]}
        template = console.make("LaunchTemplate", f"template-{group.name}", **given)
        launch = {"launchTemplate": {"id": template.identity, "version": "1"}}
        if fits:
            console.nodes(cluster, subnets, **launch)
        else:
            with pytest.raises(ResourceError, match="rule of the AWS Load Balancer Controller"):
                console.nodes(cluster, subnets, **launch)
            console.delete(console.last("Role"))
    with pytest.raises(ResourceError, match="RulesPerSecurityGroupLimitExceeded"):
        allow(almost.identity, 1, first=5)


def test_a_vpc_with_something_in_it_stays(console: Console) -> None:
    vpc = console.vpc()
    subnet = console.subnet(vpc, "a")
    with pytest.raises(ResourceError, match="DependencyViolation"):
        console.delete(vpc)
    console.delete(subnet)
    console.delete(vpc)
    assert console.world.things() == []


# clusters


def test_a_cluster_keeps_the_zones_that_it_began_with(console: Console) -> None:
    vpc = console.vpc()
    three = console.subnets(vpc, "abc")
    cluster = console.cluster(three)
    fourth = console.subnet(vpc, "d").identity
    with pytest.raises(ResourceError, match="must belong to the AZs of the cluster"):
        console.change(cluster, vpcConfig={"subnetIds": [*three, fourth]})
    with pytest.raises(ResourceError, match="must belong to the AZs of the cluster"):
        console.change(cluster, vpcConfig={"subnetIds": three[:2]})
    console.change(cluster, vpcConfig={"subnetIds": three[::-1]})


def test_a_cluster_is_in_two_zones(console: Console) -> None:
    with pytest.raises(ResourceError, match="at least two different AZs"):
        console.cluster(console.subnets(console.vpc(), "a"))


@pytest.mark.parametrize("version", ["1.35", "1.32", "1.33.1"])
def test_a_cluster_goes_to_the_next_version_only(console: Console, version: str) -> None:
    cluster = console.cluster(console.subnets(console.vpc()))
    with pytest.raises(ResourceError, match="Unsupported Kubernetes minor version update"):
        console.change(cluster, version=version)
    console.change(cluster, version="1.34")


def test_nodes_follow_before_the_cluster_goes_on(console: Console) -> None:
    subnets = console.subnets(console.vpc())
    cluster = console.cluster(subnets)
    nodes = console.nodes(cluster, subnets, version="1.33")
    with pytest.raises(ResourceError, match="Requested Nodegroup version"):
        console.change(nodes, version="1.34")
    console.change(cluster, version="1.34")
    with pytest.raises(ResourceError, match="must be updated to match cluster version"):
        console.change(cluster, version="1.35")
    console.change(nodes, version="1.34")
    console.change(cluster, version="1.35")


def test_a_change_of_one_thing_is_one_call(console: Console) -> None:
    subnets = console.subnets(console.vpc())
    cluster = console.cluster(subnets, enabledClusterLogTypes=["api"], deletionProtection=True)
    assert console.actions[-1] == "eks:CreateCluster"
    cidrs = {"endpointPublicAccess": True, "publicAccessCidrs": ["192.0.2.0/24"]}
    console.change(
        cluster,
        version="1.34",
        enabledClusterLogTypes=["audit"],
        deletionProtection=False,
        vpcConfig={"subnetIds": subnets, **cidrs},
    )
    assert console.actions == ["eks:UpdateClusterVersion", *["eks:UpdateClusterConfig"] * 3]


def test_amazon_computes_inside_what_a_program_gives(console: Console) -> None:
    subnets = console.subnets(console.vpc())
    tags = {"defaultTags": {"tags": {"stack": "prod"}}}
    console.amazon.configure({"region": REGION, **tags}, context("provider"))
    given = {"roleArn": "arn:r", "vpcConfig": {"subnetIds": subnets}}
    handler = console.amazon.handler(TOKENS["Cluster"])
    previewed = handler.create(CreateCall(given, True, 0, context("e"))).outputs
    unknown = {"clusterSecurityGroupId": UNKNOWN, "vpcId": UNKNOWN}
    assert previewed["vpcConfig"] == {"subnetIds": subnets, **unknown}
    outputs = console.cluster(subnets, tags={"component": "clusters"}).outputs
    assert outputs["vpcConfig"]["subnetIds"] == subnets
    assert outputs["vpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
    assert outputs["arn"].startswith(f"arn:aws:eks:{REGION}:")
    assert outputs["tagsAll"] == {"stack": "prod", "component": "clusters"}


# sizes of nodes


def test_a_higher_minimum_is_refused_with_the_desired_size_of_the_state(console: Console) -> None:
    """The engine sends the old input for what `ignoreChanges` names, and the provider the whole block."""
    subnets = console.subnets(console.vpc())
    nodes = console.nodes(console.cluster(subnets), subnets)
    console.scale_nodes(nodes, 6)
    with pytest.raises(ResourceError, match="Minimum capacity 6 can't be greater than desired size 3"):
        console.change(nodes, scalingConfig={"minSize": 6, "maxSize": 12, "desiredSize": 3})
    assert console.read(nodes).inputs["scalingConfig"]["desiredSize"] == 6
    console.change(nodes, scalingConfig={"minSize": 6, "maxSize": 12, "desiredSize": 6})


def test_another_maximum_sends_the_desired_size_along(console: Console) -> None:
    subnets = console.subnets(console.vpc())
    cluster = console.cluster(subnets)
    nodes = console.nodes(cluster, subnets)
    (name,) = console.ask("aws:eks/getNodeGroups:getNodeGroups", clusterName=cluster.identity)["names"]
    assert name.startswith("nodes-")
    console.scale_nodes(nodes, 9)
    console.change(nodes, scalingConfig={"minSize": 3, "maxSize": 15, "desiredSize": 3})
    asked = {"clusterName": cluster.identity, "nodeGroupName": name}
    found = console.ask("aws:eks/getNodeGroup:getNodeGroup", **asked)
    assert found["scalingConfigs"] == [{"minSize": 3, "maxSize": 15, "desiredSize": 3}], "it was scaled in"
    with pytest.raises(ResourceError, match="Desired capacity 3 can't be greater than max size 2"):
        console.change(nodes, scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 3})


@pytest.mark.parametrize("flag", ["enableDnsSupport", "enableDnsHostnames"])
def test_nodes_need_names_in_their_vpc(console: Console, flag: str) -> None:
    vpc = console.vpc(**{flag: False})
    assert console.ask("aws:ec2/getVpc:getVpc", id=vpc.identity)[flag] is False
    subnets = console.subnets(vpc)
    with pytest.raises(ResourceError, match=f"{flag} of the VPC is off"):
        console.nodes(console.cluster(subnets), subnets)


@pytest.mark.parametrize(
    ("machine_type", "image", "fits"),
    [
        ("a1.xlarge", "AL2023_x86_64_STANDARD", False),
        ("m6g.xlarge", "AL2023_x86_64_STANDARD", False),
        ("m6i.xlarge", "AL2023_ARM_64_STANDARD", False),
        ("m6g.xlarge", "AL2023_ARM_64_STANDARD", True),
    ],
)
def test_nodes_have_an_image_of_their_processor(
    console: Console, machine_type: str, image: str, fits: bool
) -> None:
    subnets = console.subnets(console.vpc())
    cluster = console.cluster(subnets)
    if fits:
        console.nodes(cluster, subnets, instanceTypes=[machine_type], amiType=image)
        return
    with pytest.raises(ResourceError, match="not a valid instance type for requested amiType"):
        console.nodes(cluster, subnets, instanceTypes=[machine_type], amiType=image)


def test_an_entry_of_a_reserved_group_and_an_unknown_addon_are_refused(console: Console) -> None:
    cluster = console.cluster(console.subnets(console.vpc()))
    entry = {"clusterName": cluster.identity, "principalArn": "arn:aws:iam::111122223333:role/vm"}
    with pytest.raises(ResourceError, match="cannot start with system:"):
        console.make("AccessEntry", "a", **entry, kubernetesGroups=["system:masters"])
    console.make("AccessEntry", "b", **entry, kubernetesGroups=["hybrid-mesh:orders"])
    with pytest.raises(ResourceError, match="not supported"):
        console.make("Addon", "c", clusterName=cluster.identity, addonName="core-dns")
    with pytest.raises(ResourceError, match="no nodes available"):
        console.make("Addon", "d", clusterName=cluster.identity, addonName="coredns")


# VMs


def group_of(console: Console, **inputs: Any) -> Any:
    subnets = console.subnets(console.vpc())
    image = inputs.pop("image", "ami-0123456789abcdef0")
    template = console.make("LaunchTemplate", "template", imageId=image, instanceType="t3.medium")
    launch = {"launchTemplate": {"id": template.identity, "version": "1"}, "vpcZoneIdentifiers": subnets}
    return template, console.make("Group", "group", **launch, **inputs)


def test_user_data_has_at_most_16_kilobytes(console: Console) -> None:
    for size, fits in ((16384, True), (16385, False)):
        data = base64.b64encode(b"x" * size).decode()
        if fits:
            console.make("LaunchTemplate", "fits", userData=data)
            continue
        with pytest.raises(ResourceError, match="limited to 16384 bytes"):
            console.make("LaunchTemplate", "too-big", userData=data)


def test_the_bounds_of_a_group_move_its_size_only_into_them(console: Console) -> None:
    _, group = group_of(console, minSize=1, maxSize=4)
    console.change(group, minSize=2)
    assert console.ask("aws:autoscaling/getGroup:getGroup", name=group.identity)["desiredCapacity"] == 2
    for sizes in ({"minSize": 5}, {"desiredCapacity": 9}):
        with pytest.raises(ResourceError, match="ValidationError"):
            console.change(group, **sizes)


@pytest.mark.parametrize(("seconds", "fits"), [(7200, True), (7201, False), (29, False)])
def test_a_lifecycle_hook_waits_at_most_two_hours(console: Console, seconds: int, fits: bool) -> None:
    _, group = group_of(console, minSize=0, maxSize=1)
    hook = {"lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "heartbeatTimeout": seconds}
    if fits:
        console.make("LifecycleHook", "hook", autoscalingGroupName=group.identity, **hook)
        return
    with pytest.raises(ResourceError, match="between 30 and 7200"):
        console.make("LifecycleHook", "hook", autoscalingGroupName=group.identity, **hook)


def test_a_group_with_hooks_launches_nothing_before_they_exist(console: Console) -> None:
    hook = {"name": "joined", "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
    group_of(console, minSize=1, maxSize=2, initialLifecycleHooks=[hook])
    calls = [action for action in console.actions if action.startswith("autoscaling:")]
    assert calls == [
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:PutLifecycleHook",
        "autoscaling:UpdateAutoScalingGroup",
        "autoscaling:DescribeAutoScalingGroups",
    ]


@pytest.mark.parametrize(
    ("image", "preferences", "reason"),
    [
        ("resolve:ssm:/aws/service/debian", {"autoRollback": True}, "Systems Manager parameter"),
        ("ami-1", {"minHealthyPercentage": 0, "maxHealthyPercentage": 150}, "Healthy percentages"),
        ("ami-1", {"checkpointPercentages": [100, 20]}, "do not ascend"),
        ("ami-1", {"autoRollback": True}, ""),
    ],
)
def test_an_instance_refresh_that_cannot_be_is_refused(
    console: Console, image: str, preferences: dict[str, Any], reason: str
) -> None:
    refresh = {"strategy": "Rolling", "preferences": preferences}
    template, group = group_of(console, image=image, minSize=0, maxSize=1, instanceRefresh=refresh)
    console.change(template, instanceType="t3.large")
    renewed = {"launchTemplate": {"id": template.identity, "version": "2"}}
    if reason:
        with pytest.raises(ResourceError, match=reason):
            console.change(group, **renewed)
        return
    console.actions.clear()
    console.change(group, **renewed)
    assert console.actions[-2:] == ["autoscaling:UpdateAutoScalingGroup", "autoscaling:StartInstanceRefresh"]


# certificate authorities


def certificate(console: Console, arn: str, **inputs: Any) -> None:
    given = {
        "certificateAuthorityArn": arn,
        "certificateSigningRequest": "-----BEGIN CERTIFICATE REQUEST-----",
        "signingAlgorithm": "SHA256WITHECDSA",
        "templateArn": SUBORDINATE,
        "validity": {"type": "DAYS", "value": "90"},
        **inputs,
    }
    console.make("Certificate", "intermediate", **given)


@pytest.mark.parametrize(
    ("given", "inputs", "reason"),
    [
        ({"key": "RSA_2048"}, {}, "does not match the CA's key algorithm RSA_2048"),
        ({}, {"signingAlgorithm": "SHA256WITHRSA"}, "does not match the CA's key algorithm EC"),
        ({"status": "DISABLED"}, {}, "The CA is DISABLED"),
        ({"usage_mode": "SHORT_LIVED_CERTIFICATE"}, {}, "at most 7 days"),
        ({"days": 30}, {}, "would outlive its CA"),
    ],
    ids=["RSA", "EC", "disabled", "short-lived", "old"],
)
def test_an_authority_signs_only_what_it_can(
    console: Console, given: dict[str, Any], inputs: dict[str, str], reason: str
) -> None:
    give_authority(console.amazon.account, GIVEN, **given)
    with pytest.raises(ResourceError, match=reason):
        certificate(console, GIVEN, **inputs)


def test_an_authority_that_does_not_exist_signs_nothing(console: Console) -> None:
    with pytest.raises(ResourceError, match="ResourceNotFoundException"):
        certificate(console, GIVEN)


@pytest.mark.parametrize(("organization", "fits"), [("o" * 64, True), ("o" * 65, False)])
def test_an_organization_has_at_most_64_characters(console: Console, organization: str, fits: bool) -> None:
    given = {
        "type": "ROOT",
        "certificateAuthorityConfiguration": {
            "keyAlgorithm": "EC_prime256v1",
            "signingAlgorithm": "SHA256WITHECDSA",
            "subject": {"organization": organization, "commonName": "mesh Root CA"},
        },
    }
    if fits:
        console.make("CertificateAuthority", "root", **given)
        return
    with pytest.raises(ResourceError, match="Organization must have length less than or equal to 64"):
        console.make("CertificateAuthority", "root", **given)


@pytest.mark.parametrize("key", ["EC_prime256v1", "RSA_2048"])
def test_a_look_up_tells_what_an_authority_is(console: Console, key: str) -> None:
    give_authority(console.amazon.account, GIVEN, key=key)
    found = console.ask("aws:acmpca/getCertificateAuthority:getCertificateAuthority", arn=GIVEN)
    assert (found["status"], found["usageMode"]) == ("ACTIVE", "GENERAL_PURPOSE")
    assert found["certificate"].startswith("-----BEGIN CERTIFICATE")
