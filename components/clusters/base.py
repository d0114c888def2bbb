"""What every cluster of the mesh offers, wherever it is."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from hybrid_mesh.model.plan.types import ClusterPlan


class MeshCluster(pulumi.ComponentResource):
    """A Kubernetes cluster of the mesh: the way into it, and what its peers and VMs call it by."""

    TYPE: str
    plan: ClusterPlan
    provider: kubernetes.Provider
    incarnation: pulumi.Output[str]
    """Names this very cluster: another one under the same name has another."""
    kubeconfig: pulumi.Output[str] | None
    """Secret: a text or a path; None where the ambient kubeconfig is used."""
    context: str | None = None
    certificate_authority: pulumi.Output[str] | None = None
    """Of the API server, in PEM, for VMs; None where no VM of the program asks it."""
    endpoint: pulumi.Output[str]
    """The API server's URL for whoever runs the program."""
    peer_endpoint: pulumi.Output[str]
    """The API server's URL for the peers' istiods and the machines."""
    reserved_gateway_addresses: pulumi.Output[tuple[str, ...]] | None = None
    """The east-west gateway's addresses where they are known before the gateway exists."""
    gateway_service: Mapping[str, Any] = {}
    """What the Service of the east-west gateway is told beside the plan's values."""
    prerequisites: Sequence[pulumi.Resource] = ()
    """What must work before anything else is declared in the cluster, and outlives it."""
    load_balancers: Sequence[pulumi.Resource] | None = None
    """What the load balancers of a cluster in a cloud need until they are gone; None for other clusters."""
    vanishes_with: pulumi.Resource | None = None
    """What takes everything in the cluster along when it goes; None for clusters that others own."""
    shared: bool = False
    """Whether others have objects in it, also in the namespaces of the mesh."""
    keeps_definitions: bool = True
    """Whether an uninstall leaves the custom resource definitions, which others may use too."""

    def __init__(self, name: str, *, plan: ClusterPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.TYPE, name, None, opts)
        self.plan = plan

    def connect(
        self,
        name: str,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        deleted_with: pulumi.Resource | None = None,
        **settings: Any,
    ) -> None:
        """Declares the provider of what is in the cluster, from `kubeconfig`, `context` and `incarnation`.

        `settings` are the provider's options that only this kind of cluster has. Drift of what the program
        declares is repaired even where another field manager took a field (`enable_patch_force`).
        """
        self.provider = kubernetes.Provider(
            f"{name}-provider",
            kubeconfig=self.kubeconfig,
            context=self.context,
            cluster_identifier=self.incarnation,
            enable_server_side_apply=True,
            enable_patch_force=True,
            enable_secret_mutable=True,
            skip_update_unreachable=None if self.plan.active else True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(depends_on), deleted_with=deleted_with),
            **settings,
        )

    def component_options(self, parent: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a component in this cluster; its children inherit the provider and, in quarantine, stay
        behind.
        """
        return pulumi.ResourceOptions(
            parent=parent,
            providers=[self.provider],
            retain_on_delete=not self.plan.active,
        )

    def options(
        self, parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource] = ()
    ) -> pulumi.ResourceOptions:
        """Options of a resource in this cluster."""
        return pulumi.ResourceOptions(
            parent=parent,
            provider=self.provider,
            depends_on=[*depends_on, *self.prerequisites],
            deleted_with=self.vanishes_with,
            retain_on_delete=not self.plan.active,
        )
