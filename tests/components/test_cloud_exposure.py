"""Who may connect from outside, and what has no egress, on the stack `prod`."""

import base64
import gzip

import pytest

from tests.components.cloud_stacks import only, values
from tests.components.conftest import Declared
from tests.filled import DATACENTER, OPERATORS

EVERYBODY = "0.0.0.0/0"


def test_api_endpoints_allow_named_ranges_only(prod: Declared) -> None:
    gke = only(prod, "gcp:container/cluster:Cluster")["masterAuthorizedNetworksConfig"]
    eks = only(prod, "aws:eks/cluster:Cluster")["vpcConfig"]
    admitted = {block["cidrBlock"] for block in gke["cidrBlocks"]}
    assert EVERYBODY not in {*admitted, *eks["publicAccessCidrs"]}
    assert gke["gcpPublicCidrsAccessEnabled"] is False
    operators = OPERATORS
    addresses = prod.recording.of_type("aws:ec2/eip:Eip")
    nat = {each.name for each in addresses if "-nat-" in each.name}
    assert len(nat) == 3
    assert operators in admitted
    assert operators in eks["publicAccessCidrs"]
    assert len([cidr for cidr in admitted if cidr.endswith("/32")]) >= len(nat)


def test_nothing_lets_everybody_in(prod: Declared) -> None:
    ways_out = ("aws:ec2/route:Route", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    for each in prod.recording.declared:
        assert each.typ in ways_out or EVERYBODY not in set(values(each.inputs)), each.name


def test_gateways_allow_members_only(prod: Declared) -> None:
    for cluster in ("gke-eu", "eks-us"):
        service = prod.recording.named(f"mesh-{cluster}-gateway-release").inputs["values"]["service"]
        assert DATACENTER in service["loadBalancerSourceRanges"], "the datacenter of the bundle"
        assert 15017 not in {port["port"] for port in service["ports"]}


def test_nodes_are_private(prod: Declared) -> None:
    cluster = only(prod, "gcp:container/cluster:Cluster")
    assert cluster["privateClusterConfig"]["enablePrivateNodes"] is True
    private = {f"mesh-aws-us-private-{zone}-id" for zone in "abc"}
    assert set(only(prod, "aws:eks/nodeGroup:NodeGroup")["subnetIds"]) == private
    assert {
        each.inputs["mapPublicIpOnLaunch"] for each in prod.recording.of_type("aws:ec2/subnet:Subnet")
    } == {False}


def test_machines_have_no_public_address(prod: Declared) -> None:
    template = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
    assert [set(each) for each in template["networkInterfaces"]] == [{"subnetwork"}]
    (interface,) = prod.recording.named("mesh-group-orders-machines-template").inputs["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "false"
    private = {f"mesh-aws-us-private-{zone}-id" for zone in "abc"}
    assert set(only(prod, "aws:autoscaling/group:Group")["vpcZoneIdentifiers"]) == private


def test_gateways_take_reserved_addresses(prod: Declared) -> None:
    told = prod.outputs["clusters"]
    gke = prod.recording.named("mesh-gke-eu-gateway-release").inputs["values"]["service"]
    assert (gke["loadBalancerIP"],) == told["gke-eu"]["gatewayAddresses"]
    eks = prod.recording.named("mesh-eks-us-gateway-release").inputs["values"]["service"]["annotations"]
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    assert len(set(eks[f"{prefix}-eip-allocations"].split(","))) == 3
    assert len(set(eks[f"{prefix}-subnets"].split(","))) == 3
    assert eks[f"{prefix}-attributes"] == "load_balancing.cross_zone.enabled=true"
    assert len(set(told["eks-us"]["gatewayAddresses"])) == 3


@pytest.mark.parametrize(("cluster", "number"), [("gke-eu", 1), ("eks-us", 3)])
def test_hosts_files_list_every_address_of_the_gateway(prod: Declared, cluster: str, number: int) -> None:
    """On EKS they are the Elastic IPs: the Service's status has a host name."""
    addresses = prod.outputs["clusters"][cluster]["gatewayAddresses"]
    assert len(set(addresses)) == number
    for address in addresses:
        assert f"{address} istiod.istio-system.svc" in user_data(prod, cluster)


@pytest.mark.parametrize("cluster", ["gke-eu", "eks-us"])
def test_user_data_holds_the_api_servers_authority_and_no_other(prod: Declared, cluster: str) -> None:
    """Neither a root of the mesh, which would be stale one day, nor anything secret."""
    text = user_data(prod, cluster)
    assert text.count("BEGIN CERTIFICATE") == 1
    assert "API server of a cloud" in text
    for secret in ("root of a cloud", "an intermediate's key", "PRIVATE KEY", "eyJ"):
        assert secret not in text


def user_data(prod: Declared, cluster: str) -> str:
    """What the VMs that register with `cluster` boot with."""
    if cluster == "gke-eu":
        template = only(prod, "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate")
        return str(template["metadata"]["user-data"])
    packed = prod.recording.named("mesh-group-orders-machines-template").inputs["userData"]
    return gzip.decompress(base64.b64decode(packed)).decode()
