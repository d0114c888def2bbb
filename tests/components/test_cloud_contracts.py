"""What the program promises of everything that it makes in clouds, on the stack `prod`."""

import json
import re
import sys
from typing import Any

import pulumi
import pytest

from tests.components.cloud_stacks import of_clouds
from tests.components.conftest import Declared, declare_mesh, read_stack
from tests.components.recording import Answers
from tests.engine.doubles.google_bodies import REQUESTS
from tests.model.meshes import changed

GATEWAY = "aws:ec2/getInternetGateway:getInternetGateway"
VPC = "aws:ec2/getVpc:getVpc"
SUITABLE = {
    "enableDnsSupport": True,
    "enableDnsHostnames": True,
    "cidrBlockAssociations": [{"cidrBlock": "10.20.0.0/16", "state": "associated", "associationId": "a"}],
}

TOKENS = {
    "hybridmesh:index:GcpNetwork",
    "hybridmesh:index:AwsNetwork",
    "hybridmesh:index:GkeMeshCluster",
    "hybridmesh:index:EksMeshCluster",
    "hybridmesh:index:LoadBalancerController",
    "hybridmesh:index:LoadBalancerDrain",
    "hybridmesh:index:GceMachines",
    "hybridmesh:index:Ec2Machines",
    "hybridmesh:index:GoogleCasIssuer",
    "hybridmesh:index:AwsPrivateCaIssuer",
    "hybridmesh:index:CertificateRequest",
    "hybridmesh:index:Foundation",
    "hybridmesh:index:Protection",
}
"""The type tokens are in the state of every stack: changing one replaces what it names."""


def test_type_tokens(prod: Declared, private_ca: Declared) -> None:
    seen = {each.typ for declared in (prod, private_ca) for each in declared.recording.declared}
    assert seen >= TOKENS


def test_every_object_goes_to_its_own_cluster(prod: Declared) -> None:
    homes = {"public": "gke-eu", "ratings": "gke-eu", "ledger": "gke-eu", "orders": "eks-us"}
    for each in prod.recording.in_clusters():
        named = [cluster for cluster in ("gke-eu", "eks-us") if f"-{cluster}" in each.name]
        home = named[-1] if named else next(homes[key] for key in homes if f"-{key}" in each.name)
        assert each.provider.split("::")[3] == f"mesh-{home}-provider", each.name


def test_everything_in_a_cloud_names_its_provider(prod: Declared) -> None:
    """Default providers are off: one that is not named would not be there."""
    for each in of_clouds(prod):
        kind = each.provider.split("::")[2].split(":")[-1]
        assert kind == each.typ.split(":")[0], each.name


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "clusters.gke-eu.endpoint": "private",
            "clusters.gke-eu.peerEndpoint": "https://10.10.32.2",
            "clusters.gke-eu.authorizedNetworks": ["10.99.0.0/24"],
            "networks.gcp-eu.id": "shared-vpc",
        },
        {"workloadGroups.ratings.machines": {"type": "gce", "count": 4, "machineType": "n4-standard-2"}},
    ],
    ids=["shipped", "private endpoint", "other machines"],
)
def test_google_takes_the_body_of_every_request(changes: dict[str, Any]) -> None:
    """Against the discovery documents of its APIs; every type that the program declares has its request."""
    declared = declare_mesh(changed(read_stack("prod"), changes), stack="prod").recording.declared
    ours = [each for each in declared if each.typ.startswith("gcp:")]
    assert {each.typ for each in ours} <= REQUESTS.keys()
    refused = {each.name: list(REQUESTS[each.typ].problems(each.inputs, each.name[:63])) for each in ours}
    assert {name: found for name, found in refused.items() if found} == {}


def test_long_names_are_shortened_where_a_cloud_limits_them() -> None:
    text = json.dumps(read_stack("prod"))
    long = text.replace("gke-eu", "gke-" + "e" * 40).replace("gcp-eu", "gcp-" + "n" * 40)
    recording = declare_mesh(json.loads(long), stack="prod").recording
    limits = {
        "gcp:container/cluster:Cluster": 40,
        "gcp:container/nodePool:NodePool": 40,
        "aws:iam/role:Role": 64,
    }
    for each in recording.declared:
        if each.typ in limits or each.typ.startswith("gcp:compute/"):
            assert len(each.name) + len("-1a2b3c4") <= limits.get(each.typ, 63), each.name


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"cidrs": ["10.21.0.0/16"]},
            "networks.aws-us.cidr (10.20.0.0/16) is not part of vpc-0123456789abcdef0",
        ),
        ({"cidrs": ["10.20.0.0/17", "10.20.128.0/17"]}, "aws ec2 associate-vpc-cidr-block"),
        ({"state": "disassociated"}, "networks.aws-us.cidr"),
        ({"enableDnsHostnames": False}, "--enable-dns-hostnames"),
        ({"enableDnsSupport": False}, "networks.aws-us.id (vpc-0123456789abcdef0)"),
    ],
)
def test_an_adopted_vpc_that_does_not_suit_is_refused_before_anything_depends_on_it(
    found: dict[str, Any], said: str
) -> None:
    raw = read_stack("prod")
    raw["networks"]["aws-us"]["id"] = "vpc-0123456789abcdef0"
    associations = [
        {"cidrBlock": cidr, "state": found.get("state", "associated"), "associationId": "a"}
        for cidr in found.get("cidrs", ["10.99.0.0/16", "10.20.0.0/16"])
    ]
    vpc = {**SUITABLE, "cidrBlockAssociations": associations}
    vpc |= {key: value for key, value in found.items() if key in vpc}
    answers: Answers = {GATEWAY: lambda _: {"internetGatewayId": "igw-theirs"}, VPC: lambda _: vpc}
    with pytest.raises(pulumi.RunError, match=re.escape(said)):
        declare_mesh(raw, stack="prod", answers=answers, preview=True)


def test_an_ingress_on_eks_names_the_subnets_of_its_load_balancer() -> None:
    """Others may have subnets in the same VPC, with the tag by which load balancers find theirs."""
    raw = read_stack("prod")
    raw["ingress"]["public"]["cluster"] = "eks-us"
    gateway = declare_mesh(raw, stack="prod").recording.named("mesh-ingress-public-gateway").inputs
    annotations = gateway["spec"]["infrastructure"]["annotations"]
    public = ",".join(f"mesh-aws-us-public-{zone}-id" for zone in "abc")
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-subnets"] == public
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internet-facing"


def test_an_adopted_network_gets_subnets_only() -> None:
    raw = read_stack("prod")
    raw["networks"]["gcp-eu"]["id"] = "shared-vpc"
    raw["networks"]["aws-us"]["id"] = "vpc-0123456789abcdef0"
    answers: Answers = {GATEWAY: lambda _: {"internetGatewayId": "igw-theirs"}, VPC: lambda _: SUITABLE}
    recording = declare_mesh(raw, stack="prod", answers=answers).recording
    for token in (
        "gcp:compute/network:Network",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/internetGateway:InternetGateway",
    ):
        assert not recording.of_type(token)
    assert recording.named("mesh-gcp-eu-nodes").inputs["network"] == "shared-vpc"
    subnets = recording.of_type("aws:ec2/subnet:Subnet")
    assert {each.inputs["vpcId"] for each in subnets} == {"vpc-0123456789abcdef0"}
    (out,) = [each for each in recording.of_type("aws:ec2/route:Route") if "gatewayId" in each.inputs]
    assert out.inputs["gatewayId"] == "igw-theirs"


def test_no_export_holds_a_credential(prod: Declared) -> None:
    """The Python SDK writes a stack's outputs in plain into a verbose log, the secret ones too. Kubeconfigs
    are secret by custom; these name a command."""
    assert [name for name, secret in prod.secret.items() if secret] == ["kubeconfigs"]
    assert "an intermediate's key" not in str(prod.outputs)
    for cluster, text in prod.outputs["kubeconfigs"].items():
        document = json.loads(text)
        assert document["current-context"] == cluster
        assert [set(user["user"]) for user in document["users"]] == [{"exec"}]


def test_preview_with_unknowns_declares_the_same(prod: Declared) -> None:
    previewed = declare_mesh(read_stack("prod"), stack="prod", preview=True).recording
    assert {each.name for each in previewed.declared} == {each.name for each in prod.recording.declared}


def test_a_stack_loads_the_sdk_of_no_other_cloud() -> None:
    """They take long to load. In a process of its own, since this one has both."""
    import subprocess  # noqa: PLC0415

    code = (
        "import sys; import hybrid_mesh.components.mesh; "
        "print([name for name in ('pulumi_aws', 'pulumi_gcp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
