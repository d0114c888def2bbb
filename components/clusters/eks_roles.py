"""The AWS roles of the parts of an EKS cluster."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.names import child

LONGEST_NAME = 64
"""Maximum length of a role's name."""
CLUSTER_POLICIES = ("AmazonEKSClusterPolicy",)
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly")
"""EKS User Guide, "Amazon EKS node IAM role". Pods do not get this role, as IMDS answers nodes only (one
hop)."""


def service_role(
    name: str, service: str, policies: tuple[str, ...], opts: pulumi.ResourceOptions
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """A role that `service` assumes, with AWS managed `policies`, and their attachments."""
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if service == "pods.eks.amazonaws.com" else [])]
    role = aws.iam.Role(
        child(name, limit=LONGEST_NAME), assume_role_policy=trust_policy(service, actions), opts=opts
    )
    attachments: list[pulumi.Resource] = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy.rpartition('/')[2]}",
            role=role.name,
            policy_arn=f"arn:aws:iam::aws:policy/{policy}",
            opts=opts,
        )
        for policy in policies
    ]
    return role, attachments


def trust_policy(service: str, actions: list[str]) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def load_balancer_policy(region: str, vpc: str) -> str:
    """The permissions of the AWS Load Balancer Controller for network load balancers of Services in one VPC.

    A subset of the controller's documented policy ("Installation guide", IAM permissions), without
    application load balancers, WAF, Shield and Cognito, which are turned off. The controller may only change
    resources with the tag that it sets on everything it creates (pkg/deploy/tracking/provider.go).
    """
    own = {"Null": {f"aws:ResourceTag/{_CLUSTER_TAG}": "false"}}
    asked_for = {"Null": {f"aws:RequestTag/{_CLUSTER_TAG}": "false"}}
    in_vpc = {"ArnLike": {"ec2:Vpc": f"arn:aws:ec2:{region}:*:vpc/{vpc}"}}
    statements = [
        _allow(["iam:CreateServiceLinkedRole"], {"StringEquals": {"iam:AWSServiceName": _BALANCING}}),
        _allow([*_LOOKS_AT_NETWORK, *_LOOKS_AT_BALANCERS]),
        _allow(["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"], in_vpc),
        _allow(["ec2:CreateSecurityGroup"]),
        _allow(["ec2:CreateTags"], {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}}),
        _allow(["ec2:CreateTags", "ec2:DeleteTags", "ec2:DeleteSecurityGroup"], own),
        _allow(_balancing("CreateLoadBalancer", "CreateTargetGroup"), asked_for),
        _allow(_balancing("CreateListener", "DeleteListener", "ModifyListener", "ModifyListenerAttributes")),
        _allow(_balancing("AddTags", "RemoveTags"), own),
        _allow(_balancing("AddTags"), {**asked_for, "StringEquals": {_CREATE_ACTION: list(_CREATES)}}),
        _allow(_balancing(*_CHANGES_BALANCERS), own),
        _allow(_balancing("RegisterTargets", "DeregisterTargets"), own),
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(actions: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


def _balancing(*actions: str) -> list[str]:
    return [f"elasticloadbalancing:{action}" for action in actions]


_CLUSTER_TAG = "elbv2.k8s.aws/cluster"
_BALANCING = "elasticloadbalancing.amazonaws.com"
_CREATE_ACTION = "elasticloadbalancing:CreateAction"
_CREATES = ("CreateLoadBalancer", "CreateTargetGroup", "CreateListener")
_LOOKS_AT_NETWORK = [
    f"ec2:{action}"
    for action in (
        "DescribeAccountAttributes",
        "DescribeAddresses",
        "DescribeAvailabilityZones",
        "DescribeInstances",
        "DescribeInternetGateways",
        "DescribeNetworkInterfaces",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeTags",
        "DescribeVpcPeeringConnections",
        "DescribeVpcs",
        "GetSecurityGroupsForVpc",
    )
]
_LOOKS_AT_BALANCERS = _balancing(
    "DescribeCapacityReservation",
    "DescribeListenerAttributes",
    "DescribeListenerCertificates",
    "DescribeListeners",
    "DescribeLoadBalancerAttributes",
    "DescribeLoadBalancers",
    "DescribeRules",
    "DescribeSSLPolicies",
    "DescribeTags",
    "DescribeTargetGroupAttributes",
    "DescribeTargetGroups",
    "DescribeTargetHealth",
    "DescribeTrustStores",
)
_CHANGES_BALANCERS = (
    "DeleteLoadBalancer",
    "DeleteTargetGroup",
    "ModifyCapacityReservation",
    "ModifyLoadBalancerAttributes",
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "SetIpAddressType",
    "SetSecurityGroups",
    "SetSubnets",
)
