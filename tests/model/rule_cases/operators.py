"""Meshes that break the rules of `model.checks.operators`, and what an operator's role cannot be."""

from tests.model.rule_cases.cloud import prod

ROLE = "arn:aws:iam::123456789012:role/mesh-preview"
ASSUMED = "arn:aws:sts::123456789012:assumed-role/mesh-preview/session"
ROLES = "operators.awsRoles"

OPERATORS = [
    prod(
        "aws_roles_are_unique",
        {ROLES: [{"arn": ROLE, "access": access} for access in ("view", "admin")]},
        "List each role once",
        path=f"{ROLES}.1.arn",
        value=ROLE,
    ),
    prod(
        "aws_roles_are_for_eks_clusters",
        {ROLES: [{"arn": ROLE, "access": "view", "clusters": ["eks-us", "gke-eu"]}]},
        "Use one of: eks-us.",
        path=f"{ROLES}.0.clusters.1",
        value="gke-eu",
    ),
    prod(
        "aws_roles_are_for_eks_clusters",
        {ROLES: [{"arn": ROLE, "access": "view", "clusters": ["eks-eu"]}]},
        "Use one of: eks-us.",
        path=f"{ROLES}.0.clusters.0",
        value="eks-eu",
    ),
]
