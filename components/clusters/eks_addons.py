"""The add-ons of an EKS cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.clusters.eks_roles import service_role

FIRST_ADDONS = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Add-ons without which no node becomes ready."""
DNS = "coredns"
"""The add-on that every cluster has, and that needs nodes to run on."""


@dataclass(frozen=True)
class PodRole:
    """The AWS role of an add-on's pods, by EKS Pod Identity."""

    account: str
    """The add-on's service account in `kube-system`."""
    policy: str
    """An AWS managed policy."""


ROLES = {
    "aws-ebs-csi-driver": PodRole("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
}
"""EKS User Guide, "Use Kubernetes volume storage with Amazon EBS"."""


@dataclass(frozen=True)
class EksAddons:
    """Declares add-ons of `cluster`. `options` are for resources in AWS; `name` is that of the cluster's
    component."""

    name: str
    cluster: pulumi.Output[str]
    options: pulumi.ResourceOptions

    def first(self) -> list[pulumi.Resource]:
        """The add-ons that nodes need."""
        return [self._declare(addon, []) for addon in FIRST_ADDONS]

    def after(self, nodes: pulumi.Resource, configured: Sequence[str]) -> list[pulumi.Resource]:
        """The add-ons that need nodes."""
        return [self._declare(addon, [nodes]) for addon in (DNS, *configured)]

    def _declare(self, addon: str, depends_on: Sequence[pulumi.Resource]) -> pulumi.Resource:
        identities, attached = self._identities(addon)
        after = pulumi.ResourceOptions(depends_on=[*depends_on, *attached])
        return aws.eks.Addon(
            f"{self.name}-{addon}",
            cluster_name=self.cluster,
            addon_name=addon,
            pod_identity_associations=identities,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="PRESERVE",
            opts=pulumi.ResourceOptions.merge(self.options, after),
        )

    def _identities(
        self, addon: str
    ) -> tuple[list[aws.eks.AddonPodIdentityAssociationArgsDict] | None, list[pulumi.Resource]]:
        if addon not in ROLES:
            return None, []
        needed = ROLES[addon]
        role, attached = service_role(
            f"{self.name}-{addon}", "pods.eks.amazonaws.com", (needed.policy,), self.options
        )
        return [{"service_account": needed.account, "role_arn": role.arn}], attached
