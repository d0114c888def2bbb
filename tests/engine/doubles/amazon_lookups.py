"""What the functions of pulumi-aws find in an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles import authorities
from tests.engine.doubles.amazon_api import Account

Lookup = Callable[[Account, str, Properties], Properties]


def look_up(account: Account, region: str, token: str, arguments: Properties) -> Properties | None:
    """The answer to an invoke; None for a function that the double does not know. Raises ResourceError where
    the provider does."""
    found = _LOOKUPS.get(token)
    return found(account, region, arguments) if found else None


def _zones(account: Account, region: str, arguments: Properties) -> Properties:
    return {
        "names": [f"{region}{zone}" for zone in "abc"],
        "zoneIds": [f"{region}-az{zone}" for zone in "123"],
    }


def _caller(account: Account, region: str, arguments: Properties) -> Properties:
    arn = f"arn:aws:iam::{account.number}:role/operator"
    return {"accountId": account.number, "arn": arn, "userId": "AROAOPERATOR"}


def _partition(account: Account, region: str, arguments: Properties) -> Properties:
    return {"partition": "aws", "dnsSuffix": "amazonaws.com"}


def _image(account: Account, region: str, arguments: Properties) -> Properties:
    return {"imageId": "ami-0123456789abcdef0", "architecture": "x86_64"}


def _parameter(account: Account, region: str, arguments: Properties) -> Properties:
    return {"value": "ami-0123456789abcdef0", "type": "String"}


def _node_groups(account: Account, region: str, arguments: Properties) -> Properties:
    named = {"clusterName": arguments["clusterName"]}
    return {"names": account.ask("eks", "ListNodegroups", region, **named)["nodegroups"]}


def _node_group(account: Account, region: str, arguments: Properties) -> Properties:
    named = {"clusterName": arguments["clusterName"], "nodegroupName": arguments["nodeGroupName"]}
    found = account.ask("eks", "DescribeNodegroup", region, **named)["nodegroup"]
    return {
        "scalingConfigs": [found["scalingConfig"]],
        "version": found["version"],
        "status": found["status"],
        "arn": found["nodegroupArn"],
    }


def _cluster(account: Account, region: str, arguments: Properties) -> Properties:
    found = account.ask("eks", "DescribeCluster", region, name=arguments["name"])["cluster"]
    return {name: found[name] for name in ("name", "arn", "version", "status", "endpoint")}


def _vpc(account: Account, region: str, arguments: Properties) -> Properties:
    (found,) = account.ask("ec2", "DescribeVpcs", region, VpcIds=[arguments["id"]])["Vpcs"]
    flags = {
        name: account.ask("ec2", "DescribeVpcAttribute", region, VpcId=found["VpcId"], Attribute=name)
        for name in ("enableDnsSupport", "enableDnsHostnames")
    }
    blocks = [
        {"cidrBlock": each["CidrBlock"], "associationId": each["AssociationId"], "state": "associated"}
        for each in found["CidrBlockAssociationSet"]
    ]
    return {
        "cidrBlock": found["CidrBlock"],
        "cidrBlockAssociations": blocks,
        "default": found["IsDefault"],
        "state": "available",
        **{name: flag[name[0].upper() + name[1:]]["Value"] for name, flag in flags.items()},
    }


def _internet_gateway(account: Account, region: str, arguments: Properties) -> Properties:
    filters = [{"Name": each["name"], "Values": each["values"]} for each in arguments.get("filters", [])]
    (found,) = account.ask("ec2", "DescribeInternetGateways", region, Filters=filters)["InternetGateways"]
    return {"internetGatewayId": found["InternetGatewayId"]}


def _group(account: Account, region: str, arguments: Properties) -> Properties:
    names = [arguments["name"]]
    answer = account.ask("autoscaling", "DescribeAutoScalingGroups", region, AutoScalingGroupNames=names)
    (found,) = answer["AutoScalingGroups"]
    sizes = {"MinSize": "minSize", "MaxSize": "maxSize", "DesiredCapacity": "desiredCapacity"}
    return {ours: found[theirs] for theirs, ours in sizes.items()}


def _authority(account: Account, region: str, arguments: Properties) -> Properties:
    """Of one that exists: its certificate shows the family of its key."""
    arn = arguments["arn"]
    found: Mapping[str, Any] = account.kept["authorities"][arn]
    return {
        "certificate": authorities.root(account.world, arn, found["key"]),
        "certificateChain": "",
        "status": found["status"],
        "usageMode": found["usage mode"],
        "type": "ROOT",
        "notBefore": "2020-01-01T00:00:00Z",
        "notAfter": found["not after"].strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


_LOOKUPS: Final[dict[str, Lookup]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getPartition:getPartition": _partition,
    "aws:ec2/getAmi:getAmi": _image,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getInternetGateway:getInternetGateway": _internet_gateway,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:eks/getCluster:getCluster": _cluster,
    "aws:eks/getNodeGroups:getNodeGroups": _node_groups,
    "aws:eks/getNodeGroup:getNodeGroup": _node_group,
    "aws:autoscaling/getGroup:getGroup": _group,
    "aws:acmpca/getCertificateAuthority:getCertificateAuthority": _authority,
}
