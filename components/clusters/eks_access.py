"""Who may use an EKS cluster in addition to the identity that created it."""

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from hybrid_mesh.model.config.mesh import AwsAccess, AwsRoleConfig

POLICIES: dict[AwsAccess, str] = {
    "admin": "AmazonEKSClusterAdminPolicy",
    "view": "AmazonEKSAdminViewPolicy",
}
"""EKS User Guide, "Review access policy permissions". The second may read Secrets, which a refresh does."""


def grant_access(
    name: str,
    cluster: pulumi.Output[str],
    roles: Iterable[AwsRoleConfig],
    options: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """An access entry for each of `roles`, with the policy of its access to the whole cluster."""
    made: list[pulumi.Resource] = []
    for role in roles:
        account, named = role.arn.split(":")[4], role.arn.rpartition("/")[2]
        key = f"{account}-{named}"
        entry = aws.eks.AccessEntry(
            f"{name}-role-{key}",
            cluster_name=cluster,
            principal_arn=role.arn,
            type="STANDARD",
            opts=options,
        )
        policy = aws.eks.AccessPolicyAssociation(
            f"{name}-role-{key}",
            cluster_name=cluster,
            principal_arn=entry.principal_arn,
            policy_arn=f"arn:aws:eks::aws:cluster-access-policy/{POLICIES[role.access]}",
            access_scope={"type": "cluster"},
            opts=options,
        )
        made += [entry, policy]
    return made
