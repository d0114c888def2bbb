"""What EKS refuses and moto takes. Each rule names its source.

EKS-UG is the Amazon EKS User Guide, API its API reference.
"""

from __future__ import annotations

from typing import Final

from tests.engine.doubles.amazon_api import Account, Request, Rules
from tests.engine.doubles.amazon_questions import (
    cluster_of,
    processors_of,
    require_role,
    rules_of,
    template_data,
    zones_of,
)

_ADDONS: Final = {
    "vpc-cni": False,
    "kube-proxy": False,
    "eks-pod-identity-agent": False,
    "aws-ebs-csi-driver": True,
    "coredns": True,
    "metrics-server": True,
}
"""Add-ons by name (EKS-UG "AWS add-ons" and "Community add-ons"), and whether each is a Deployment, which is
not ACTIVE before there are nodes."""


def cluster_has_two_zones(account: Account, request: Request) -> None:
    """Subnets in at least two Availability Zones (EKS-UG "Amazon EKS networking requirements"). Its role
    exists and may be assumed by EKS (EKS-UG "Amazon EKS cluster IAM role")."""
    subnets = request.parameters["resourcesVpcConfig"].get("subnetIds", [])
    if len(zones_of(account, request.region, subnets)) < 2:
        message = "Subnets specified must be in at least two different AZs"
        raise request.refused("InvalidParameterException", message)
    require_role(account, request, request.parameters["roleArn"], "eks.amazonaws.com")


def cluster_keeps_its_zones(account: Account, request: Request) -> None:
    """ "All subnets that you add must be in the same set of AZs as originally provided when you created the
    cluster", at least one in each (EKS-UG network-reqs). One kind of change in one call, public CIDRs at most
    40 (EKS-UG "View and manage Amazon EKS and Fargate service quotas")."""
    cluster, given = cluster_of(account, request), request.parameters
    if len([name for name in given if name not in ("name", "clientRequestToken")]) != 1:
        raise request.refused("InvalidParameterException", "Only one type of update can be allowed.")
    vpc = given.get("resourcesVpcConfig", {})
    if len(vpc.get("publicAccessCidrs", ())) > 40:
        raise request.refused("InvalidParameterException", "at most 40 public access CIDRs are possible")
    if "subnetIds" in vpc:
        first = account.kept["zones of clusters"][cluster.arn]
        if zones_of(account, request.region, vpc["subnetIds"]) != first:
            message = f"Provided subnets must belong to the AZs of the cluster: {', '.join(sorted(first))}"
            raise request.refused("InvalidParameterException", message)


def version_is_the_next(account: Account, request: Request) -> None:
    """One minor version at a time, none back (EKS-UG update-cluster; pulumi-aws `Cluster.version`:
    "Downgrades are not supported by EKS"), and only while all node groups have the cluster's version (API of
    UpdateClusterVersion)."""
    cluster, wanted = cluster_of(account, request), request.parameters["version"]
    now = _minor(cluster.version)
    if wanted != f"1.{now + 1}":
        message = f"Unsupported Kubernetes minor version update from {cluster.version} to {wanted}"
        raise request.refused("InvalidParameterException", message)
    behind = [each.nodegroup_name for each in cluster.nodegroups.values() if _minor(each.version) != now]
    if behind:
        message = f"Nodegroups {', '.join(behind)} must be updated to match cluster version first"
        raise request.refused("InvalidRequestException", message)


def nodes_are_not_ahead(account: Account, request: Request) -> None:
    """Nodes have at most their cluster's version and never an earlier one than before (API of
    UpdateNodegroupVersion)."""
    cluster, wanted = cluster_of(account, request), request.parameters.get("version")
    if wanted is None:
        return
    group = cluster.nodegroups[request.parameters["nodegroupName"]]
    if not _minor(group.version) <= _minor(wanted) <= _minor(cluster.version):
        message = f"Requested Nodegroup version {wanted} is not possible in a cluster of {cluster.version}"
        raise request.refused("InvalidParameterException", message)


def sizes_are_ordered(account: Account, request: Request) -> None:
    """minSize ≤ desiredSize ≤ maxSize, with what the group has for a member that is absent (the messages are
    those of terraform-aws-eks #3306, #3521, #3683)."""
    sizes = dict(request.parameters.get("scalingConfig", {}))
    if request.operation.startswith("Update"):
        group = cluster_of(account, request).nodegroups.get(request.parameters["nodegroupName"])
        sizes = {**(group.scaling_config if group else {}), **sizes}
    least, wanted, most = (sizes.get(name) for name in ("minSize", "desiredSize", "maxSize"))
    if least is None or wanted is None or most is None:
        return
    if least > wanted:
        message = f"Minimum capacity {least} can't be greater than desired size {wanted}"
        raise request.refused("InvalidParameterException", message)
    if wanted > most:
        message = f"Desired capacity {wanted} can't be greater than max size {most}"
        raise request.refused("InvalidParameterException", message)


def nodes_can_register(account: Account, request: Request) -> None:
    """ "The VPC must have DNS hostname and DNS resolution support. Otherwise, nodes can't register" (EKS-UG
    network-reqs). The image is of the processor of the instances (EKS-UG "Customize managed nodes with launch
    templates"); a new group has the cluster's version (API of CreateNodegroup)."""
    given, region, cluster = request.parameters, request.region, cluster_of(account, request)
    if given.get("version", cluster.version) != cluster.version:
        message = f"Nodegroup version {given['version']} does not match cluster version {cluster.version}"
        raise request.refused("InvalidParameterException", message)
    require_role(account, request, given["nodeRole"], "ec2.amazonaws.com")
    subnets = account.ask("ec2", "DescribeSubnets", region, SubnetIds=given["subnets"])["Subnets"]
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        answer = account.ask(
            "ec2", "DescribeVpcAttribute", region, VpcId=subnets[0]["VpcId"], Attribute=attribute
        )
        if not answer[attribute[0].upper() + attribute[1:]]["Value"]:
            message = f"Instances failed to join the kubernetes cluster: {attribute} of the VPC is off"
            raise request.refused("NodeCreationFailure", message)
    image = given.get("amiType", "")
    for name in given["instanceTypes"]:
        if ("ARM_64" in image) != ("arm64" in processors_of(name)):
            message = f"{name} is not a valid instance type for requested amiType {image}"
            raise request.refused("InvalidParameterException", message)


def controller_has_room(account: Account, request: Request) -> None:
    """The AWS Load Balancer Controller adds a rule to the nodes' security group for every Service of type
    LoadBalancer's backend group (its page "Security groups"), so that 60 rules of ours leave no room."""
    template = request.parameters.get("launchTemplate", {})
    if "id" not in template:
        return
    data = template_data(account, request.region, template["id"], template.get("version", "$Default"))
    for group in data.get("SecurityGroupIds", []):
        if rules_of(account, request.region, group, "IPv4", egress=False) >= account.rules_per_group:
            message = f"no room in {group} for the rule of the AWS Load Balancer Controller"
            raise request.refused("RulesPerSecurityGroupLimitExceeded", message)
        account.kept["groups of nodes"][group] = True


def entry_is_possible(account: Account, request: Request) -> None:
    """A group does not begin with `system:` (the message is that of terraform-aws-eks #2915). Entries of
    nodes have no groups (API of CreateAccessEntry)."""
    given = request.parameters
    groups = given.get("kubernetesGroups", [])
    for group in groups:
        if group.startswith("system:"):
            message = f"The kubernetes group name {group} is invalid, it cannot start with system:"
            raise request.refused("InvalidParameterException", message)
    if groups and given.get("type", "STANDARD") != "STANDARD":
        raise request.refused("InvalidParameterException", f"type {given['type']} has no kubernetesGroups")


def addon_exists(account: Account, request: Request) -> None:
    """The add-on is known. One that is a Deployment needs nodes (EKS-UG "Amazon EKS add-ons"): without, it is
    never ACTIVE, for which the provider waits 20 minutes."""
    cluster, name = cluster_of(account, request), request.parameters["addonName"]
    if name not in _ADDONS:
        raise request.refused("InvalidParameterException", f"Addon {name} specified is not supported")
    if _ADDONS[name] and not cluster.nodegroups:
        raise request.refused("InsufficientNumberOfReplicas", f"addon {name}: no nodes available")


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


EKS_RULES: Rules = {
    ("eks", "CreateCluster"): (cluster_has_two_zones,),
    ("eks", "UpdateClusterConfig"): (cluster_keeps_its_zones,),
    ("eks", "UpdateClusterVersion"): (version_is_the_next,),
    ("eks", "CreateNodegroup"): (sizes_are_ordered, nodes_can_register, controller_has_room),
    ("eks", "UpdateNodegroupConfig"): (sizes_are_ordered,),
    ("eks", "UpdateNodegroupVersion"): (nodes_are_not_ahead,),
    ("eks", "CreateAccessEntry"): (entry_is_possible,),
    ("eks", "UpdateAccessEntry"): (entry_is_possible,),
    ("eks", "CreateAddon"): (addon_exists,),
}
