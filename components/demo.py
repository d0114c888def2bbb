"""The demo in one cluster: an echo server in the mesh, and a pod outside it."""

import pulumi

from components.clusters.base import MeshCluster
from components.declare import declare
from components.istio import IstioControlPlane
from model.config.demo import DemoConfig
from model.objects.demo import (
    demo_authorization_policy,
    demo_deployment,
    demo_service,
    demo_service_account,
    outside_deployment,
    outside_namespace,
)


class Demo(pulumi.ComponentResource):
    """Istio's echo server, by which `hybrid-mesh verify` proves the mesh."""

    def __init__(
        self,
        name: str,
        *,
        demo: DemoConfig,
        cluster: MeshCluster,
        control_plane: IstioControlPlane,
        namespaces: dict[str, pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:Demo", name, None, opts)
        inside, outside = namespaces[demo.namespace], namespaces[outside_namespace(demo)]
        account = declare(f"{name}-account", demo_service_account(demo), cluster.options(self, [inside]))
        where = cluster.plan.name
        injected = cluster.options(self, [account, control_plane.istiod])
        declare(f"{name}-deployment", demo_deployment(demo, where), injected)
        declare(f"{name}-service", demo_service(demo), cluster.options(self, [inside]))
        guarded = cluster.options(self, [inside, control_plane.istiod])
        declare(f"{name}-policy", demo_authorization_policy(demo), guarded)
        declare(f"{name}-outside", outside_deployment(demo, where), cluster.options(self, [outside]))
        self.register_outputs({})
