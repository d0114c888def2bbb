"""Answers to the operations of AWS that moto lacks or does not really do. Their requests are checked too."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from tests.engine.doubles import authorities
from tests.engine.doubles.amazon_api import Account, Answers, Request
from tests.engine.doubles.amazon_questions import cluster_of
from tests.engine.doubles.amazon_rules import days_of

_NUMBERS: Final = itertools.count(1)


def create_cluster(account: Account, request: Request) -> dict[str, Any]:
    """With the security group that EKS makes for it, whose members reach each other."""
    vpc = dict(request.parameters["resourcesVpcConfig"])
    subnets = account.ask("ec2", "DescribeSubnets", request.region, SubnetIds=vpc["subnetIds"])["Subnets"]
    answer = account.from_moto(request)
    cluster = account.moto("eks", request.region).clusters[request.parameters["name"]]
    group = account.ask(
        "ec2",
        "CreateSecurityGroup",
        request.region,
        GroupName=f"eks-cluster-sg-{cluster.name}-{next(_NUMBERS)}",
        Description="EKS created security group",
        VpcId=subnets[0]["VpcId"],
    )["GroupId"]
    own = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    account.ask("ec2", "AuthorizeSecurityGroupIngress", request.region, GroupId=group, IpPermissions=[own])
    account.kept["zones of clusters"][cluster.arn] = {each["AvailabilityZone"] for each in subnets}
    inside = {**vpc, "clusterSecurityGroupId": group, "vpcId": subnets[0]["VpcId"]}
    cluster.resources_vpc_config = inside
    cluster.deletion_protection = request.parameters.get("deletionProtection", False)
    return {"cluster": {**answer["cluster"], "resourcesVpcConfig": inside}}


def delete_cluster(account: Account, request: Request) -> dict[str, Any]:
    cluster = cluster_of(account, request)
    if cluster.deletion_protection:
        raise request.refused("InvalidRequestException", "deletion protection is on")
    answer = account.from_moto(request)
    for kind in ("entries", "addons", "associations"):
        for key in [key for key in account.kept[kind] if key.split("|")[0] == cluster.arn]:
            del account.kept[kind][key]
    group = cluster.resources_vpc_config["clusterSecurityGroupId"]
    account.ask("ec2", "DeleteSecurityGroup", request.region, GroupId=group)
    return answer


def update_cluster(account: Account, request: Request) -> dict[str, Any]:
    cluster, given = cluster_of(account, request), request.parameters
    cluster.resources_vpc_config = {**cluster.resources_vpc_config, **given.get("resourcesVpcConfig", {})}
    cluster.deletion_protection = given.get("deletionProtection", cluster.deletion_protection)
    return {"update": {"id": str(next(_NUMBERS)), "status": "Successful"}}


def update_cluster_version(account: Account, request: Request) -> dict[str, Any]:
    cluster_of(account, request).version = request.parameters["version"]
    return {"update": {"id": str(next(_NUMBERS)), "status": "Successful"}}


def create_nodes(account: Account, request: Request) -> dict[str, Any]:
    """moto's default is an old version: a group gets its cluster's."""
    version = request.parameters.get("version") or cluster_of(account, request).version
    whole = {**request.parameters, "version": version}
    return account.from_moto(Request("eks", request.operation, request.region, whole))


def update_nodes_version(account: Account, request: Request) -> dict[str, Any]:
    cluster, given = cluster_of(account, request), request.parameters
    group = cluster.nodegroups[given["nodegroupName"]]
    group.version = given.get("version", group.version)
    group.launch_template = {**(group.launch_template or {}), **given.get("launchTemplate", {})}
    return {"update": {"id": str(next(_NUMBERS)), "status": "Successful"}}


def scale_nodes(account: Account, region: str, identity: str, size: int) -> None:
    """What an autoscaler does: it sets the desired size of the node group with this id."""
    cluster, _, name = identity.partition(":")
    account.ask(
        "eks",
        "UpdateNodegroupConfig",
        region,
        clusterName=cluster,
        nodegroupName=name,
        scalingConfig={"desiredSize": size},
    )


def attach_policy(account: Account, request: Request) -> dict[str, Any]:
    """AWS' own policies exist in every account; moto would read all of them for each."""
    arn = request.parameters["PolicyArn"]
    name = arn.removeprefix("arn:aws:iam::aws:policy/")
    known = account.moto("iam", "aws").managed_policies
    if name in _policies_of_aws() and arn not in known:
        from moto.iam.models import AWSManagedPolicy  # noqa: PLC0415

        made = AWSManagedPolicy.from_data(name, account.number, "us-east-1", _policies_of_aws()[name])
        known[arn] = made
    return account.from_moto(request)


@cache
def _policies_of_aws() -> dict[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # noqa: PLC0415

    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found


class Kept:
    """Things of a cluster that moto does not know, such as access entries: created, updated, described,
    deleted. `key` are the parameters that name one; an empty key is one that the service numbers."""

    def __init__(self, kind: str, answer: str, key: str, arn: str) -> None:
        self.kind, self.answer, self.key, self.arn = kind, answer, key, arn

    def create(self, account: Account, request: Request) -> dict[str, Any]:
        cluster, given = cluster_of(account, request), dict(request.parameters)
        given.setdefault(self.key, f"a-{next(_NUMBERS):08x}")
        name = f"{cluster.arn}|{given[self.key]}"
        if name in account.kept[self.kind]:
            raise request.refused("ResourceInUseException", f"{given[self.key]} already exists")
        number = f"{account.number}:{self.arn.removesuffix('Arn').lower()}"
        arn = f"arn:aws:eks:{request.region}:{number}/{cluster.name}/{next(_NUMBERS):08x}"
        made = {**given, self.arn: arn, "addonVersion": given.get("addonVersion", "v1-eksbuild.1")}
        account.kept[self.kind][name] = made
        return {self.answer: made}

    def update(self, account: Account, request: Request) -> dict[str, Any]:
        found = self._found(account, request)
        found.update(request.parameters)
        return {self.answer: found}

    def describe(self, account: Account, request: Request) -> dict[str, Any]:
        return {self.answer: self._found(account, request)}

    def delete(self, account: Account, request: Request) -> dict[str, Any]:
        self._found(account, request)
        del account.kept[self.kind][f"{cluster_of(account, request).arn}|{request.parameters[self.key]}"]
        return {}

    def _found(self, account: Account, request: Request) -> dict[str, Any]:
        cluster, name = cluster_of(account, request), request.parameters[self.key]
        found: dict[str, Any] | None = account.kept[self.kind].get(f"{cluster.arn}|{name}")
        if found is None:
            raise request.refused("ResourceNotFoundException", f"{name} of {cluster.name} does not exist")
        return found


_ENTRIES: Final = Kept("entries", "accessEntry", "principalArn", "accessEntryArn")
_ADDONS: Final = Kept("addons", "addon", "addonName", "addonArn")
_ASSOCIATIONS: Final = Kept("associations", "association", "associationId", "associationArn")


def associate_policy(account: Account, request: Request) -> dict[str, Any]:
    """Only for an entry that exists."""
    return {"associatedAccessPolicy": {}, **_ENTRIES.describe(account, request)}


def nothing(account: Account, request: Request) -> dict[str, Any]:
    """For what changes nothing that anything asks."""
    return {}


def start_refresh(account: Account, request: Request) -> dict[str, Any]:
    names = [request.parameters["AutoScalingGroupName"]]
    found = account.ask(
        "autoscaling", "DescribeAutoScalingGroups", request.region, AutoScalingGroupNames=names
    )
    if not found["AutoScalingGroups"]:
        raise request.refused("ValidationError", f"AutoScalingGroup name not found - {names[0]}")
    account.kept["refreshes"][f"{names[0]}|{next(_NUMBERS)}"] = request.parameters
    return {"InstanceRefreshId": str(next(_NUMBERS))}


def create_authority(account: Account, request: Request) -> dict[str, Any]:
    answer = account.from_moto(request)
    given = request.parameters
    give_authority(
        account,
        answer["CertificateAuthorityArn"],
        key=given["CertificateAuthorityConfiguration"]["KeyAlgorithm"],
        status="PENDING_CERTIFICATE",
        usage_mode=given.get("UsageMode", "GENERAL_PURPOSE"),
    )
    return answer


def give_authority(
    account: Account,
    arn: str,
    *,
    key: str = "EC_prime256v1",
    status: str = "ACTIVE",
    usage_mode: str = "GENERAL_PURPOSE",
    days: int = 3650,
) -> None:
    """An authority that exists already, as an organization's root does; `days` are those that it is valid."""
    until = datetime.now(UTC) + timedelta(days=days)
    account.kept["authorities"][arn] = {
        "key": key,
        "status": status,
        "usage mode": usage_mode,
        "not after": until,
    }


def issue(account: Account, request: Request) -> dict[str, Any]:
    """Really signed: by the authority's own key, of which moto's certificates know nothing."""
    given, arn = request.parameters, request.parameters["CertificateAuthorityArn"]
    key = account.kept["authorities"][arn]["key"]
    root = authorities.root(account.world, arn, key)
    name = f"{arn}/certificate/{next(_NUMBERS):032x}"
    made = {"Certificate": root, "CertificateChain": ""}
    if "RootCACertificate" not in given.get("TemplateArn", ""):
        days = days_of(given["Validity"])
        signed = authorities.sign(account.world, arn, given["Csr"].decode(), days, key)
        made = {"Certificate": signed, "CertificateChain": root}
    account.kept["certificates"][name] = {**made, "serial": f"{next(_NUMBERS):032x}"}
    return {"CertificateArn": name}


def certificate(account: Account, request: Request) -> dict[str, Any]:
    found: Mapping[str, Any] = account.kept["certificates"][request.parameters["CertificateArn"]]
    return {name: found[name] for name in ("Certificate", "CertificateChain")}


def install(account: Account, request: Request) -> dict[str, Any]:
    account.kept["authorities"][request.parameters["CertificateAuthorityArn"]]["status"] = "ACTIVE"
    return account.from_moto(request)


ANSWERS: Answers = {
    ("eks", "CreateCluster"): create_cluster,
    ("eks", "DeleteCluster"): delete_cluster,
    ("eks", "UpdateClusterConfig"): update_cluster,
    ("eks", "UpdateClusterVersion"): update_cluster_version,
    ("eks", "CreateNodegroup"): create_nodes,
    ("eks", "UpdateNodegroupVersion"): update_nodes_version,
    ("eks", "CreateAccessEntry"): _ENTRIES.create,
    ("eks", "UpdateAccessEntry"): _ENTRIES.update,
    ("eks", "DescribeAccessEntry"): _ENTRIES.describe,
    ("eks", "DeleteAccessEntry"): _ENTRIES.delete,
    ("eks", "AssociateAccessPolicy"): associate_policy,
    ("eks", "DisassociateAccessPolicy"): associate_policy,
    ("eks", "CreateAddon"): _ADDONS.create,
    ("eks", "UpdateAddon"): _ADDONS.update,
    ("eks", "DescribeAddon"): _ADDONS.describe,
    ("eks", "DeleteAddon"): _ADDONS.delete,
    ("eks", "CreatePodIdentityAssociation"): _ASSOCIATIONS.create,
    ("eks", "UpdatePodIdentityAssociation"): _ASSOCIATIONS.update,
    ("eks", "DeletePodIdentityAssociation"): _ASSOCIATIONS.delete,
    ("eks", "TagResource"): nothing,
    ("eks", "UntagResource"): nothing,
    ("iam", "AttachRolePolicy"): attach_policy,
    ("autoscaling", "StartInstanceRefresh"): start_refresh,
    ("acm-pca", "CreateCertificateAuthority"): create_authority,
    ("acm-pca", "IssueCertificate"): issue,
    ("acm-pca", "GetCertificate"): certificate,
    ("acm-pca", "ImportCertificateAuthorityCertificate"): install,
    ("acm-pca", "RevokeCertificate"): nothing,
}
