"""Istio's control plane in one cluster."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.helm.v3 import Release

from components.charts import GATEWAY_API_CRDS, istio_chart
from components.clusters.base import MeshCluster
from components.declare import declare
from model.config.istio import IstioConfig
from model.objects.manifest import SYSTEM_NAMESPACE, manifest
from model.objects.mesh import strict_peer_authentication, system_namespace


class IstioControlPlane(pulumi.ComponentResource):
    """istiod with everything that must be there before it starts, and the mesh-wide STRICT mutual TLS.

    `certificates` is the data of the cluster's Secret `cacerts`: without it istiod would sign by itself, and
    no other cluster would trust it.
    """

    namespace: pulumi.Resource
    base: pulumi.Resource
    """Istio's definitions and the reader's service account."""
    definitions: pulumi.Resource
    """The Gateway API's definitions."""
    istiod: pulumi.Resource

    def __init__(
        self,
        name: str,
        *,
        cluster: MeshCluster,
        istio: IstioConfig,
        certificates: pulumi.Input[Mapping[str, str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:IstioControlPlane", name, None, opts)
        plan = cluster.plan
        self.namespace = declare(f"{name}-namespace", system_namespace(plan.network), cluster.options(self))
        authorities = declare(
            f"{name}-cacerts",
            manifest("v1", "Secret", "cacerts", SYSTEM_NAMESPACE, type="Opaque", stringData=certificates),
            cluster.options(self, [self.namespace]),
        )
        self.definitions = Release(
            f"{name}-gateway-api",
            name="gateway-api-crds",
            namespace=SYSTEM_NAMESPACE,
            chart=GATEWAY_API_CRDS,
            values={"keep": cluster.keeps_definitions},
            opts=cluster.options(self, [self.namespace]),
        )
        self.base = Release(
            f"{name}-base",
            name="istio-base",
            namespace=SYSTEM_NAMESPACE,
            values=plan.base_values,
            opts=cluster.options(self, [self.namespace]),
            **istio_chart(istio, "base"),
        )
        self.istiod = Release(
            f"{name}-istiod",
            name="istiod",
            namespace=SYSTEM_NAMESPACE,
            values=plan.istiod_values,
            opts=cluster.options(self, [authorities, self.definitions, self.base]),
            **istio_chart(istio, "istiod"),
        )
        declare(f"{name}-strict", strict_peer_authentication(), cluster.options(self, [self.istiod]))
        self.register_outputs({})
