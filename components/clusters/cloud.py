"""The common base of clusters in clouds."""

from collections.abc import Sequence

import pulumi

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.clusters.exec_kubeconfig import with_context


class CloudMeshCluster(MeshCluster):
    """A cluster that the program creates in a cloud. Its objects are deleted before it: they have no
    `deleted_with`, which would leave behind what they own outside the cluster (load balancers, disks)."""

    kubeconfig: pulumi.Output[str]
    user_kubeconfig: pulumi.Output[str]
    """Secret: for people, with a context named after the cluster."""

    def connect_after(self, name: str, nodes: Sequence[pulumi.Resource]) -> None:
        """Declares the provider. It depends on the nodes, so that they are deleted after the cluster's
        objects."""
        self.user_kubeconfig = with_context(self.kubeconfig, self.plan.name)
        self.connect(name, depends_on=nodes)
