"""Clusters of the local site."""

import pulumi

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.local_resources import LocalCluster, LocalNetwork
from hybrid_mesh.model.config.networks import LocalNetworkConfig
from hybrid_mesh.model.plan.kinds import LocalClusterPlan
from hybrid_mesh.model.plan.types import NetworkPlan


class LocalMeshCluster(MeshCluster):
    """A cluster of the lab on this host, and the provider of its objects."""

    TYPE = "hybridmesh:index:LocalMeshCluster"
    keeps_definitions = False

    def __init__(
        self,
        name: str,
        *,
        plan: LocalClusterPlan,
        network: NetworkPlan,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, plan=plan, opts=opts)
        own = pulumi.ResourceOptions(parent=self, retain_on_delete=not plan.active)
        self.cluster = LocalCluster(
            f"{name}-cluster",
            cluster_name=plan.name,
            network=local_network(network),
            pod_cidr=str(plan.pod_cidr),
            service_cidr=str(plan.service_cidr),
            kubernetes_version=plan.config.kubernetes_version,
            quarantined=not plan.active,
            opts=own,
        )
        self.vanishes_with = self.cluster
        self.incarnation = self.cluster.instance_id
        self.kubeconfig = pulumi.Output.secret(self.cluster.kubeconfig)
        self.certificate_authority = self.cluster.certificate_authority_pem
        self.endpoint = self.cluster.endpoint
        self.peer_endpoint = self.cluster.peer_endpoint
        self.reserved_gateway_addresses = self.cluster.gateway_address.apply(lambda address: (address,))
        self.gateway_service = {"loadBalancerIP": self.cluster.gateway_address}
        self.connect(name, deleted_with=self.cluster, delete_unreachable=True, upsert_existing_objects=True)
        self.register_outputs({"endpoint": self.endpoint, "gatewayAddress": self.cluster.gateway_address})


def local_network(plan: NetworkPlan) -> LocalNetwork:
    """A network, as an input of the lab's resources."""
    config = plan.config
    if not isinstance(config, LocalNetworkConfig):
        raise pulumi.RunError(f"networks.{plan.name}: local clusters and VMs require a network of type local")
    return LocalNetwork(
        name=plan.name,
        cidr=str(config.cidr),
        direct=plan.direct,
        delayMilliseconds=config.wan.delay_milliseconds,
        lossPercent=config.wan.loss_percent,
    )
