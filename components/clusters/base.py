"""The interface of every cluster of the mesh."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from hybrid_mesh.model.derive.kubeconfigs import Endpoint
from hybrid_mesh.model.plan.types import ClusterPlan


class MeshCluster(pulumi.ComponentResource):
    """A Kubernetes cluster of the mesh: its access, and its addresses for peers and VMs."""

    TYPE: str
    plan: ClusterPlan
    provider: kubernetes.Provider
    incarnation: pulumi.Output[str]
    """Identifies this cluster. A new cluster with the same name has another incarnation."""
    kubeconfig: pulumi.Output[str] | None
    """Secret: a text or a path; None for the default kubeconfig."""
    context: str | None = None
    certificate_authority: pulumi.Output[str] | None = None
    """Certificate authority (PEM) of the API server, for VMs; None if no VM that the program creates needs
    it."""
    endpoint: pulumi.Output[str]
    """The API server's URL for the host that runs the program."""
    peer_endpoint: pulumi.Output[str]
    """The API server's URL for the peers' istiods and the VMs."""
    peer_tls: pulumi.Output[Endpoint] | None = None
    """How peers verify the certificate at `peer_endpoint`; None: with the cluster's own authority."""
    network_endpoint: pulumi.Output[str] | None = None
    """The API server's URL for members of the cluster's own network, if it is another one."""
    reserved_gateway_addresses: pulumi.Output[tuple[str, ...]] | None = None
    """The east-west gateway's addresses, if they are known before the gateway exists."""
    gateway_service: Mapping[str, Any] = {}
    """Helm values of the east-west gateway's Service in addition to the planned ones."""
    load_balancer_annotations: Mapping[str, pulumi.Input[str]] = {}
    """Annotations of a Service of type LoadBalancer in addition to the planned ones."""
    prerequisites: Sequence[pulumi.Resource] = ()
    """Resources that must work before anything else is declared in the cluster, and are deleted after it."""
    load_balancers: Sequence[pulumi.Resource] | None = None
    """The resource that load balancers in a cloud depend on until they are deleted; None for other
    clusters."""
    vanishes_with: pulumi.Resource | None = None
    """The resource whose deletion deletes everything in the cluster; None for clusters that the program
    does not own."""
    shared: bool = False
    """Whether the cluster has objects of other owners, also in the namespaces of the mesh."""
    keeps_definitions: bool = True
    """Whether an uninstall keeps the CRDs, which other owners may use."""

    def __init__(self, name: str, *, plan: ClusterPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.TYPE, name, None, opts)
        self.plan = plan

    def endpoint_for(self, network: str) -> pulumi.Output[str]:
        """The API server's URL for istiods and VMs in `network`."""
        own = self.network_endpoint if network == self.plan.network else None
        return self.peer_endpoint if own is None else own

    def connect(
        self,
        name: str,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        deleted_with: pulumi.Resource | None = None,
        **settings: Any,
    ) -> None:
        """Declares the provider of the cluster's objects, from `kubeconfig`, `context` and `incarnation`.

        `settings` are the provider's options that only this kind of cluster has. Drift is repaired even if
        another field manager has taken over a field (`enable_patch_force`).
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
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(depends_on),
                deleted_with=deleted_with,
                transformations=[_ambient] if self.kubeconfig is None else None,
            ),
            **settings,
        )

    def component_options(self, parent: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a component in this cluster. Its children inherit the provider and, in quarantine,
        are retained."""
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


def _ambient(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """Leaves the default kubeconfig to the plug-in, which merges the files of KUBECONFIG. The SDK would hand
    it the variable's value as the path of one file (`Provider._internal_init` of pulumi_kubernetes)."""
    props = {key: value for key, value in args.props.items() if key != "kubeconfig"}
    return pulumi.ResourceTransformationResult(props, args.opts)
