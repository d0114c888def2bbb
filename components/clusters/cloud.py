"""What the clusters of all clouds have in common."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from components.clusters.base import MeshCluster
from components.clusters.exec_kubeconfig import with_context


class CloudMeshCluster(MeshCluster):
    """A cluster that the program makes in a cloud. What is in it is deleted before it: nothing in it has
    `deleted_with`, or what it owns outside (load balancers, disks) would stay behind."""

    kubeconfig: pulumi.Output[str]
    user_kubeconfig: pulumi.Output[str]
    """Secret: for people, with a context of the cluster's own name."""

    def _connect(self, name: str, depends_on: Sequence[pulumi.Resource]) -> None:
        """The provider of what is in the cluster. It needs the nodes, so that they go after everything in
        the cluster."""
        self.user_kubeconfig = with_context(self.kubeconfig, self.plan.name)
        self.provider = kubernetes.Provider(
            f"{name}-provider",
            kubeconfig=self.kubeconfig,
            cluster_identifier=self.incarnation,
            enable_server_side_apply=True,
            enable_patch_force=True,
            enable_secret_mutable=True,
            skip_update_unreachable=None if self.plan.active else True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(depends_on)),
        )
