"""What the clusters of all clouds have in common."""

from collections.abc import Sequence

import pulumi

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.clusters.exec_kubeconfig import with_context


class CloudMeshCluster(MeshCluster):
    """A cluster that the program makes in a cloud. What is in it is deleted before it: nothing in it has
    `deleted_with`, or what it owns outside (load balancers, disks) would stay behind."""

    kubeconfig: pulumi.Output[str]
    user_kubeconfig: pulumi.Output[str]
    """Secret: for people, with a context of the cluster's own name."""

    def connect_after(self, name: str, nodes: Sequence[pulumi.Resource]) -> None:
        """Declares the provider. It needs the nodes, which so go after everything in the cluster."""
        self.user_kubeconfig = with_context(self.kubeconfig, self.plan.name)
        self.connect(name, depends_on=nodes)
