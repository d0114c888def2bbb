"""What an identity needs on AWS beyond the policies that AWS manages, to create and delete roles of clusters,
nodes and VMs.

Source: the IAM calls of terraform-provider-aws (internal/service/iam: role.go, role_policy.go,
role_policy_attachment.go, instance_profile.go); "Actions, resources, and condition keys for AWS Identity and
Access Management" in the Service Authorization Reference.
"""

from collections.abc import Mapping
from typing import Any, Final

UP: Final = "PowerUserAccess"
PREVIEW: Final = "ReadOnlyAccess"
"""Policies that AWS manages. The first allows everything but IAM, organizations and accounts."""

PASSED_TO: Final = ("ec2.amazonaws.com", "eks.amazonaws.com", "pods.eks.amazonaws.com")
"""Services to which the program hands roles: VMs and nodes, control planes, and pods."""

STATEMENTS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "Effect": "Allow",
        "Action": [
            "iam:AddRoleToInstanceProfile",
            "iam:AttachRolePolicy",
            "iam:CreateInstanceProfile",
            "iam:CreateRole",
            "iam:DeleteInstanceProfile",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:GetInstanceProfile",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListRolePolicies",
            "iam:PutRolePolicy",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:TagInstanceProfile",
            "iam:TagRole",
            "iam:UntagInstanceProfile",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ],
        "Resource": ["arn:aws:iam::*:role/mesh-*", "arn:aws:iam::*:instance-profile/mesh-*"],
    },
    {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::*:role/mesh-*",
        "Condition": {"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
    },
    {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::*:role/aws-service-role/*"},
)
"""EKS looks up its own service-linked role with the rights of its caller before it creates a node group
(terraform-aws-eks, issue 823: "Failed to validate if SLR … due to missing permissions for 'iam:GetRole'").
The names of the other roles begin with the name of the mesh's component, which is `mesh` in the project's
program."""


def policy() -> dict[str, Any]:
    """The statements as the document of a policy."""
    return {"Version": "2012-10-17", "Statement": list(STATEMENTS)}
