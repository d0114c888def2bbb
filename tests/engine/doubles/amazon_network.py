"""Networks on AWS as calls of the API (internal/service/ec2/vpc_*.go of terraform-provider-aws)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

from hybrid_mesh.plugins.framework.errors import ResourceError
from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.amazon_resource import ApiResource, Caller, Differences, Made, tag_list


class Ec2Resource(ApiResource):
    """A resource that one call makes with its tags, and one deletes by its id."""

    service = "ec2"
    kind: ClassVar[str]
    """In `TagSpecifications`."""
    create_with: ClassVar[str]
    answered: ClassVar[tuple[str, ...]]
    """Where the answer has the id."""
    delete_with: ClassVar[str]
    delete_by: ClassVar[str]

    def create(self, api: Caller, inputs: Properties) -> Made:
        made = self.made(api, self.parameters(self.create_with, inputs), inputs)
        return Made(made)

    def made(self, api: Caller, parameters: Mapping[str, Any], inputs: Properties) -> str:
        found: Any = api("ec2", self.create_with, **parameters, **self.tag_specifications(api, inputs))
        for step in self.answered:
            found = found[step]
        return str(found)

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("ec2", self.delete_with, **{self.delete_by: api.identity})

    def tag(self, api: Caller, tags: Mapping[str, str]) -> None:
        api("ec2", "CreateTags", Resources=[api.identity], Tags=tag_list(tags))

    def untag(self, api: Caller, tags: Mapping[str, str]) -> None:
        api("ec2", "DeleteTags", Resources=[api.identity], Tags=tag_list(tags))

    def tag_specifications(self, api: Caller, inputs: Properties) -> dict[str, Any]:
        tags = api.tags(inputs)
        specification = {"ResourceType": self.kind, "Tags": tag_list(tags)}
        return {"TagSpecifications": [specification]} if tags else {}


class Vpc(Ec2Resource):
    kind, create_with, answered = "vpc", "CreateVpc", ("Vpc", "VpcId")
    delete_with, delete_by = "DeleteVpc", "VpcId"
    attributes: ClassVar[Mapping[str, str]] = {
        "enableDnsSupport": "EnableDnsSupport",
        "enableDnsHostnames": "EnableDnsHostnames",
    }
    unsent = frozenset(attributes)

    def create(self, api: Caller, inputs: Properties) -> Made:
        identity = super().create(api, inputs).identity
        for name in self.attributes.keys() & inputs.keys():
            self._set(api, identity, name, inputs[name])
        return Made(identity)

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        for name in self.attributes.keys() & change.changed:
            self._set(api, api.identity, name, change.news[name])
        return self.updated(api, change, self.attributes)

    def _set(self, api: Caller, identity: str, name: str, value: Any) -> None:
        api("ec2", "ModifyVpcAttribute", VpcId=identity, **{self.attributes[name]: {"Value": value}})


class Subnet(Ec2Resource):
    kind, create_with, answered = "subnet", "CreateSubnet", ("Subnet", "SubnetId")
    delete_with, delete_by = "DeleteSubnet", "SubnetId"
    unsent = frozenset({"mapPublicIpOnLaunch"})

    def create(self, api: Caller, inputs: Properties) -> Made:
        identity = super().create(api, inputs).identity
        if inputs.get("mapPublicIpOnLaunch"):
            api("ec2", "ModifySubnetAttribute", SubnetId=identity, MapPublicIpOnLaunch={"Value": True})
        return Made(identity)


class InternetGateway(Ec2Resource):
    kind, create_with = "internet-gateway", "CreateInternetGateway"
    answered = ("InternetGateway", "InternetGatewayId")
    delete_with, delete_by = "DeleteInternetGateway", "InternetGatewayId"
    unsent = frozenset({"vpcId"})

    def create(self, api: Caller, inputs: Properties) -> Made:
        identity = super().create(api, inputs).identity
        api("ec2", "AttachInternetGateway", InternetGatewayId=identity, VpcId=inputs["vpcId"])
        return Made(identity)

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("ec2", "DetachInternetGateway", InternetGatewayId=api.identity, VpcId=inputs["vpcId"])
        super().delete(api, inputs, outputs)


class Eip(Ec2Resource):
    kind, create_with, answered = "elastic-ip", "AllocateAddress", ("AllocationId",)
    delete_with, delete_by = "ReleaseAddress", "AllocationId"

    def create(self, api: Caller, inputs: Properties) -> Made:
        identity = super().create(api, inputs).identity
        return Made(identity, {"allocationId": identity})


class NatGateway(Ec2Resource):
    kind, create_with, answered = "natgateway", "CreateNatGateway", ("NatGateway", "NatGatewayId")
    delete_with, delete_by = "DeleteNatGateway", "NatGatewayId"


class RouteTable(Ec2Resource):
    kind, create_with, answered = "route-table", "CreateRouteTable", ("RouteTable", "RouteTableId")
    delete_with, delete_by = "DeleteRouteTable", "RouteTableId"


class Route(ApiResource):
    service = "ec2"

    def create(self, api: Caller, inputs: Properties) -> Made:
        api("ec2", "CreateRoute", **self.parameters("CreateRoute", inputs))
        table, destination = inputs["routeTableId"], inputs["destinationCidrBlock"]
        mark = int(hashlib.sha256(destination.encode()).hexdigest()[:8], 16)
        return Made(f"r-{table}{mark}", {"state": "active", "origin": "CreateRoute"})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        if change.changed <= {"gatewayId", "natGatewayId"}:
            api("ec2", "ReplaceRoute", **self.parameters("ReplaceRoute", change.news))
            return {}
        return super().update(api, change)

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        table, destination = inputs["routeTableId"], inputs["destinationCidrBlock"]
        api("ec2", "DeleteRoute", RouteTableId=table, DestinationCidrBlock=destination)


class RouteTableAssociation(ApiResource):
    service = "ec2"

    def create(self, api: Caller, inputs: Properties) -> Made:
        answer = api("ec2", "AssociateRouteTable", **self.parameters("AssociateRouteTable", inputs))
        return Made(answer["AssociationId"])

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api("ec2", "DisassociateRouteTable", AssociationId=api.identity)


class SecurityGroup(Ec2Resource):
    """Without the rule that AWS gives a new group, which allows all egress: the provider revokes it."""

    kind, create_with, answered = "security-group", "CreateSecurityGroup", ("GroupId",)
    delete_with, delete_by = "DeleteSecurityGroup", "GroupId"
    renamed: ClassVar[Mapping[str, str]] = {"name": "GroupName"}

    def create(self, api: Caller, inputs: Properties) -> Made:
        described = {**inputs, "description": inputs.get("description", "Managed by Pulumi")}
        identity = super().create(api, described).identity
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        api("ec2", "RevokeSecurityGroupEgress", GroupId=identity, IpPermissions=[everything])
        return Made(identity)


class DefaultSecurityGroup(Ec2Resource):
    """The provider adopts the VPC's own group, revokes its rules and makes those that are given; a delete
    only forgets it."""

    def create(self, api: Caller, inputs: Properties) -> Made:
        if inputs.get("ingress") or inputs.get("egress"):
            raise ResourceError("the double does not know rules of a default security group")
        filters = [
            {"Name": "vpc-id", "Values": [inputs["vpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        (group,) = api("ec2", "DescribeSecurityGroups", Filters=filters)["SecurityGroups"]
        for direction, permissions in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
            if rules := group[permissions]:
                identity = group["GroupId"]
                api("ec2", f"RevokeSecurityGroup{direction}", GroupId=identity, IpPermissions=rules)
        if tags := api.tags(inputs):
            api("ec2", "CreateTags", Resources=[group["GroupId"]], Tags=tag_list(tags))
        return Made(group["GroupId"])

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        """Nothing: it goes with its VPC."""


class SecurityGroupRule(Ec2Resource):
    """A rule with an id of its own (vpc_security_group_ingress_rule.go)."""

    kind = "security-group-rule"
    sides: ClassVar[Mapping[str, tuple[str, str]]] = {
        "cidrIpv4": ("IpRanges", "CidrIp"),
        "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
        "prefixListId": ("PrefixListIds", "PrefixListId"),
        "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    }

    def __init__(self, direction: str) -> None:
        self.direction = direction

    def create(self, api: Caller, inputs: Properties) -> Made:
        (side,) = self.sides.keys() & inputs.keys()
        plural, member = self.sides[side]
        source = {member: inputs[side]}
        if "description" in inputs:
            source["Description"] = inputs["description"]
        permission: dict[str, Any] = {"IpProtocol": inputs["ipProtocol"], plural: [source]}
        for port in ("fromPort", "toPort"):
            if port in inputs:
                permission[f"{port[0].upper()}{port[1:]}"] = inputs[port]
        answer = api(
            "ec2",
            f"AuthorizeSecurityGroup{self.direction}",
            GroupId=inputs["securityGroupId"],
            IpPermissions=[permission],
            **self.tag_specifications(api, inputs),
        )
        identity = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Made(identity, {"securityGroupRuleId": identity})

    def update(self, api: Caller, change: Differences) -> Mapping[str, Any]:
        if change.changed - {"tags"}:
            rule = {
                k: v for k, v in change.news.items() if k not in {"securityGroupId", "tags", "__defaults"}
            }
            names = {"referencedSecurityGroupId": "ReferencedGroupId"}
            sent = {names.get(k, k[0].upper() + k[1:]): v for k, v in rule.items()}
            api(
                "ec2",
                "ModifySecurityGroupRules",
                GroupId=change.news["securityGroupId"],
                SecurityGroupRules=[{"SecurityGroupRuleId": api.identity, "SecurityGroupRule": sent}],
            )
        self.update_tags(api, change)
        return {}

    def delete(self, api: Caller, inputs: Properties, outputs: Properties) -> None:
        api(
            "ec2",
            f"RevokeSecurityGroup{self.direction}",
            GroupId=inputs["securityGroupId"],
            SecurityGroupRuleIds=[api.identity],
        )


NETWORK = {
    "aws:ec2/vpc:Vpc": Vpc(),
    "aws:ec2/subnet:Subnet": Subnet(),
    "aws:ec2/internetGateway:InternetGateway": InternetGateway(),
    "aws:ec2/eip:Eip": Eip(),
    "aws:ec2/natGateway:NatGateway": NatGateway(),
    "aws:ec2/routeTable:RouteTable": RouteTable(),
    "aws:ec2/route:Route": Route(),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": RouteTableAssociation(),
    "aws:ec2/securityGroup:SecurityGroup": SecurityGroup(),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": DefaultSecurityGroup(),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": SecurityGroupRule("Ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": SecurityGroupRule("Egress"),
}
