"""The whole mesh, declared from its plan."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.clouds import cloud_cluster, cloud_network
from components.clusters.base import MeshCluster
from components.clusters.cloud import CloudMeshCluster
from components.clusters.kubeconfig import KubeconfigMeshCluster
from components.clusters.local import LocalMeshCluster
from components.declare import declare
from components.demo import Demo
from components.gateways import EastWestGateway, gateway_addresses
from components.ingress import Ingress
from components.istio import IstioControlPlane
from components.labels import labelling
from components.networks.base import CloudNetwork
from components.peering import Peering, ReaderToken
from components.resources import LoadBalancerDrain
from components.safeguard import Safeguard
from components.trust import MeshTrust
from components.workloads import GroupSite, WorkloadGroup
from model.config.clusters import CloudClusterConfig, LocalClusterConfig
from model.derive.labels import lift_protection
from model.objects.namespaces import cluster_namespaces
from model.plan.types import ClusterPlan, GroupPlan, MeshPlan


class HybridMesh(pulumi.ComponentResource):
    """One Istio mesh over the plan's clusters and machines.

    `secrets` has the values of the flat configuration keys that `plan.secrets` names. `outputs` is what the
    stack exports.
    """

    outputs: dict[str, Any]

    def __init__(
        self,
        name: str,
        *,
        plan: MeshPlan,
        secrets: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        safeguard = Safeguard(plan)
        of_all = pulumi.ResourceOptions(transformations=[labelling(plan.labels), safeguard.transform])
        super().__init__(
            "hybridmesh:index:HybridMesh", name, None, pulumi.ResourceOptions.merge(of_all, opts)
        )
        safeguard.begin(name, self)
        self._name, self._plan, self._secrets = name, plan, secrets
        self._own = pulumi.ResourceOptions(parent=self)
        self._trust = MeshTrust(
            f"{name}-trust",
            trust=plan.trust,
            mesh_id=plan.mesh_id,
            trust_domain=plan.trust_domain,
            clusters=list(plan.clusters),
            secrets=secrets,
            project=plan.project,
            protected=plan.protected,
            opts=self._own,
        )
        self._networks = self._cloud_networks()
        self._clusters = {cluster.name: self._cluster(cluster) for cluster in plan.clusters.values()}
        self._namespaces = {cluster: self._cluster_namespaces(cluster) for cluster in self._clusters}
        self._control_planes = {cluster: self._control_plane(cluster) for cluster in self._clusters}
        self._drains = {
            name: self._drain(cluster)
            for name, cluster in self._clusters.items()
            if cluster.load_balancers is not None
        }
        self._gateways = {
            cluster: self._gateway(cluster)
            for cluster, planned in plan.clusters.items()
            if planned.gateway_values
        }
        self._peer()
        self._groups = {group.name: self._group(group) for group in plan.groups.values()}
        self._ingresses = self._declare_ingresses()
        self._declare_demo()
        safeguard.end(name, self)
        self.outputs = self._outputs()
        self.register_outputs(self.outputs)
        if plan.protected:
            pulumi.log.info(lift_protection(plan.stack), self)

    def _cloud_networks(self) -> dict[str, CloudNetwork]:
        protected = self._plan.protected
        made = {
            name: cloud_network(f"{self._name}-{name}", network, protected=protected, opts=self._own)
            for name, network in self._plan.networks.items()
        }
        return {name: network for name, network in made.items() if network is not None}

    def _cluster(self, plan: ClusterPlan) -> MeshCluster:
        name = f"{self._name}-{plan.name}"
        if isinstance(plan.config, LocalClusterConfig):
            network = self._plan.networks[plan.network]
            return LocalMeshCluster(name, plan=plan, network=network, opts=self._own)
        if isinstance(plan.config, CloudClusterConfig):
            return cloud_cluster(name, plan, mesh=self._plan, networks=self._networks, opts=self._own)
        return KubeconfigMeshCluster(name, plan=plan, secrets=self._secrets, opts=self._own)

    def _cluster_namespaces(self, cluster: str) -> dict[str, pulumi.Resource]:
        """The namespaces that groups, ingresses and the demo share, each declared once."""
        options = self._clusters[cluster].options(self._clusters[cluster])
        return {
            manifest["metadata"]["name"]: declare(
                f"{self._name}-{cluster}-namespace-{manifest['metadata']['name']}", manifest, options
            )
            for manifest in cluster_namespaces(self._plan, cluster)
        }

    def _control_plane(self, name: str) -> IstioControlPlane:
        cluster = self._clusters[name]
        return IstioControlPlane(
            f"{self._name}-{name}-istio",
            cluster=cluster,
            istio=self._plan.istio,
            certificates=self._trust.certificates(name),
            opts=cluster.component_options(self),
        )

    def _drain(self, cluster: MeshCluster) -> LoadBalancerDrain:
        """What on a destroy stands between a cloud's load balancers and whatever takes them away."""
        name = cluster.plan.name
        return LoadBalancerDrain(
            f"{self._name}-{name}-drain",
            cluster_name=name,
            incarnation=cluster.incarnation,
            kubeconfig=cluster.kubeconfig,
            quarantined=not cluster.plan.active,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self._control_planes[name], cluster.provider, *(cluster.load_balancers or ())],
            ),
        )

    def _gateway(self, name: str) -> EastWestGateway:
        cluster = self._clusters[name]
        return EastWestGateway(
            f"{self._name}-{name}-gateway",
            cluster=cluster,
            istio=self._plan.istio,
            control_plane=self._control_planes[name],
            drain=self._drains.get(name),
            opts=cluster.component_options(self),
        )

    def _peer(self) -> None:
        """Every cluster has its reader token and its remote Secret as soon as there are two clusters, whoever
        is in quarantine: what is no longer declared would be deleted, in a cluster that may not answer."""
        if len(self._clusters) < 2:
            return
        tokens = {
            name: ReaderToken(
                f"{self._name}-{name}-reader",
                cluster=cluster,
                control_plane=self._control_planes[name],
                opts=cluster.component_options(self),
            )
            for name, cluster in self._clusters.items()
        }
        for holder, cluster in self._clusters.items():
            peers = sorted(entry.peer for entry in self._plan.remote_secrets if entry.holder == holder)
            Peering(
                f"{self._name}-{holder}-peering",
                cluster=cluster,
                control_plane=self._control_planes[holder],
                tokens={peer: tokens[peer] for peer in peers},
                opts=cluster.component_options(self),
            )

    def _group(self, group: GroupPlan) -> WorkloadGroup:
        home = self._clusters[group.cluster]
        sites = {
            cluster: GroupSite(
                self._clusters[cluster],
                self._control_planes[cluster],
                self._namespaces[cluster][group.namespace],
                self._gateways.get(cluster),
            )
            for cluster in {group.cluster, *group.service_clusters}
        }
        return WorkloadGroup(
            f"{self._name}-group-{group.name}",
            group=group,
            network=self._plan.networks[group.network],
            cloud_network=self._networks.get(group.network),
            sites=sites,
            certificate_authority=home.certificate_authority,
            root_certificate=self._trust.root_certificate_pem,
            gateway_addresses=gateway_addresses(home, self._gateways.get(group.cluster)),
            istio=self._plan.istio,
            opts=self._own,
        )

    def _declare_ingresses(self) -> dict[str, Ingress]:
        return {
            ingress.name: Ingress(
                f"{self._name}-ingress-{ingress.name}",
                plan=ingress,
                cluster=self._clusters[ingress.cluster],
                control_plane=self._control_planes[ingress.cluster],
                namespaces=self._namespaces[ingress.cluster],
                drain=self._drains.get(ingress.cluster),
                opts=self._clusters[ingress.cluster].component_options(self),
            )
            for ingress in self._plan.ingresses.values()
        }

    def _declare_demo(self) -> None:
        if self._plan.demo is None:
            return
        for name, cluster in self._clusters.items():
            Demo(
                f"{self._name}-{name}-demo",
                demo=self._plan.demo,
                cluster=cluster,
                control_plane=self._control_planes[name],
                namespaces=self._namespaces[name],
                opts=cluster.component_options(self),
            )

    def _outputs(self) -> dict[str, Any]:
        clusters = {
            name: {
                "network": cluster.plan.network,
                "endpoint": cluster.endpoint,
                "peerEndpoint": cluster.peer_endpoint,
                "gatewayAddresses": gateway_addresses(cluster, self._gateways.get(name)),
            }
            for name, cluster in self._clusters.items()
        }
        kubeconfigs = {
            name: cluster.user_kubeconfig
            for name, cluster in self._clusters.items()
            if isinstance(cluster, CloudMeshCluster)
        }
        return {
            "meshId": self._plan.mesh_id,
            "trustDomain": self._plan.trust_domain,
            "rootCertificate": self._trust.root_certificate_pem,
            "clusters": clusters,
            "groups": {name: {"machines": group.addresses} for name, group in self._groups.items()},
            "bundles": {
                name: group.bundle for name, group in self._groups.items() if group.bundle is not None
            },
            "ingresses": {name: {"address": ingress.address} for name, ingress in self._ingresses.items()},
            **({"kubeconfigs": kubeconfigs} if kubeconfigs else {}),
        }
