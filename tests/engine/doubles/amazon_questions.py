"""What rules ask of an account's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.engine.doubles.amazon_api import Account, Request


def zones_of(account: Account, region: str, subnets: list[str]) -> set[str]:
    """The Availability Zones of subnets."""
    answer = account.ask("ec2", "DescribeSubnets", region, SubnetIds=subnets)
    return {each["AvailabilityZone"] for each in answer["Subnets"]}


def rules_of(account: Account, region: str, group: str, family: str, *, egress: bool) -> int:
    """How many rules of one direction a security group has that count for a family, IPv4 or IPv6."""
    found = account.moto("ec2", region).get_security_group_from_id(group)
    other = "CidrIpv6" if family == "IPv4" else "CidrIp"
    rules = (found.egress_rules if egress else found.ingress_rules) if found else []
    return sum(other not in rule.ip_range for rule in rules)


def template_data(account: Account, region: str, template: str, version: str) -> Mapping[str, Any]:
    """The LaunchTemplateData of one version of a launch template."""
    answer = account.ask(
        "ec2", "DescribeLaunchTemplateVersions", region, LaunchTemplateId=template, Versions=[version]
    )
    found: Mapping[str, Any] = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return found


def processors_of(instance_type: str) -> list[str]:
    """The architectures of an instance type, none of one that does not exist."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # noqa: PLC0415

    found: list[str] = (
        INSTANCE_TYPES.get(instance_type, {}).get("ProcessorInfo", {}).get("SupportedArchitectures", [])
    )
    return found


def cluster_of(account: Account, request: Request) -> Any:
    """moto's cluster that a request is about."""
    name = request.parameters.get("clusterName") or request.parameters["name"]
    clusters = account.moto("eks", request.region).clusters
    if name not in clusters:
        raise request.refused("ResourceNotFoundException", f"No cluster found for name: {name}.")
    return clusters[name]


def require_role(account: Account, request: Request, arn: str, service: str) -> None:
    """Refuses a request with a role that does not exist or that `service` may not assume."""
    name = arn.rpartition("/")[2]
    roles = account.moto("iam", "aws").roles.values()
    found = next((each for each in roles if each.name == name), None)
    if found is None or service not in str(found.assume_role_policy_document):
        raise request.refused("InvalidParameterException", f"Role {arn} cannot be assumed by {service}")
