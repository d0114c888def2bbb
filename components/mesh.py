"""The whole mesh, declared from its plan."""

from collections.abc import Mapping
from typing import Any

import pulumi

from hybrid_mesh.components.clouds import cloud_cluster, cloud_network, in_cloud
from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.clusters.cloud import CloudMeshCluster
from hybrid_mesh.components.clusters.existing import ExistingCluster
from hybrid_mesh.components.clusters.kubeconfig import KubeconfigMeshCluster
from hybrid_mesh.components.clusters.local import LocalMeshCluster
from hybrid_mesh.components.demo import Demo
from hybrid_mesh.components.gateways import EastWestGateway, addresses_for_vms, gateway_addresses
from hybrid_mesh.components.ingress import Ingress
from hybrid_mesh.components.istio import IstioControlPlane
from hybrid_mesh.components.labels import labelling
from hybrid_mesh.components.machines.base import MachineContext
from hybrid_mesh.components.member import ClusterMember
from hybrid_mesh.components.networks.base import CloudNetwork, CloudSite
from hybrid_mesh.components.peering import KialiClusters, Peering, ReaderToken
from hybrid_mesh.components.registry import registry_credentials
from hybrid_mesh.components.resources import LoadBalancerDrain
from hybrid_mesh.components.safeguard import Safeguard
from hybrid_mesh.components.trust import MeshTrust
from hybrid_mesh.components.workloads import WorkloadGroup
from hybrid_mesh.model.config.kiali import KialiConfig
from hybrid_mesh.model.config.trust import ExistingTrustConfig
from hybrid_mesh.model.derive.labels import lift_protection
from hybrid_mesh.model.objects.kiali import SECRET_NAME as KIALI_SECRET
from hybrid_mesh.model.plan.kinds import KubeconfigClusterPlan, LocalClusterPlan
from hybrid_mesh.model.plan.types import ClusterPlan, GroupPlan, IngressPlan, MeshPlan
from hybrid_mesh.model.reading.problems import ConfigurationError


class HybridMesh(pulumi.ComponentResource):
    """One Istio mesh across the plan's clusters and VMs.

    `secrets` has the values of the configuration keys in `plan.secrets`. `clusters` has, by name, access to
    clusters of type `kubeconfig` that the program itself created or found. `outputs` are the stack's outputs.
    The component's name should be `mesh`, as labels of cloud resources contain it.

    Raises ConfigurationError for a plan with warnings, before it declares anything, and ValueError for a
    cluster that the plan does not have as one of type `kubeconfig`.
    """

    outputs: dict[str, Any]

    def __init__(
        self,
        name: str,
        *,
        plan: MeshPlan,
        secrets: Mapping[str, pulumi.Input[str]] | None = None,
        clusters: Mapping[str, ExistingCluster] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        if plan.warnings:
            raise ConfigurationError(plan.warnings)
        self._existing = _checked(plan, clusters or {})
        safeguard = Safeguard(plan)
        of_all = pulumi.ResourceOptions(transformations=[labelling(plan.labels), safeguard.transform])
        super().__init__(
            "hybridmesh:index:HybridMesh", name, None, pulumi.ResourceOptions.merge(of_all, opts)
        )
        safeguard.begin(name, self)
        self._name, self._plan, self._secrets = name, plan, secrets or {}
        self._own = pulumi.ResourceOptions(parent=self)
        self._trust = self._declare_trust()
        self._root = self._trust.root_certificate_pem if self._trust else None
        self._networks = self._cloud_networks()
        credentials = registry_credentials(plan, self._secrets)
        self._members = {
            cluster.name: ClusterMember(name, self._cluster(cluster), credentials)
            for cluster in plan.clusters.values()
        }
        for member in self._members.values():
            member.declare(member.name, member.cluster)
        for member in self._members.values():
            self._declare_istio(member)
        self._gateways = {
            cluster: self._gateway(member)
            for cluster, member in self._members.items()
            if plan.clusters[cluster].config.gateway.enabled
        }
        self._peer()
        self._kiali = {} if plan.kiali is None else self._show_to_kiali(plan.kiali)
        self._groups = {group.name: self._group(group) for group in plan.groups.values()}
        self._ingresses = {ingress.name: self._ingress(ingress) for ingress in plan.ingresses.values()}
        if plan.demo is not None:
            for member in self._members.values():
                opts = member.cluster.component_options(self)
                Demo(f"{name}-{member.name}-demo", member=member, opts=opts)
        safeguard.end(name, self)
        self.outputs = self._outputs()
        self.register_outputs(self.outputs)
        if plan.protected:
            pulumi.log.info(lift_protection(plan.stack), self)

    def cluster(self, name: str) -> MeshCluster:
        """A cluster of the mesh, with the provider for more resources in it. Raises KeyError."""
        return self._members[name].cluster

    def _declare_trust(self) -> MeshTrust | None:
        """The root and the intermediates; None if all clusters have theirs already."""
        plan = self._plan
        if isinstance(plan.trust, ExistingTrustConfig):
            return None
        return MeshTrust(
            f"{self._name}-trust",
            trust=plan.trust,
            mesh_id=plan.mesh_id,
            trust_domain=plan.trust_domain,
            clusters=[name for name, each in plan.clusters.items() if each.config.certificates == "own"],
            secrets=self._secrets,
            protected=plan.protected,
            opts=self._own,
        )

    @property
    def _root_certificate_pem(self) -> pulumi.Output[str]:
        assert self._root is not None, "a cluster is active, so the root is known"
        return self._root

    def _cloud_networks(self) -> dict[str, CloudNetwork]:
        protected = self._plan.protected
        return {
            name: cloud_network(f"{self._name}-{name}", network, protected=protected, opts=self._own)
            for name, network in self._plan.networks.items()
            if in_cloud(network)
        }

    def _cluster(self, plan: ClusterPlan) -> MeshCluster:
        name = f"{self._name}-{plan.name}"
        match plan:
            case LocalClusterPlan():
                network = self._plan.networks[plan.network]
                return LocalMeshCluster(name, plan=plan, network=network, opts=self._own)
            case KubeconfigClusterPlan():
                cluster = KubeconfigMeshCluster(
                    name,
                    plan=plan,
                    secrets=self._secrets,
                    existing=self._existing.get(plan.name),
                    expected_root=self._root,
                    opts=self._own,
                )
                # Without an issuer, the root of the first cluster is the mesh's.
                if self._root is None:
                    self._root = cluster.root_certificate_pem
                return cluster
            case _:
                site = CloudSite(self._networks, self._plan.labels, self._plan.protected)
                return cloud_cluster(name, plan, site, opts=self._own)

    def _declare_istio(self, member: ClusterMember) -> None:
        """The control plane and, in a cloud, the resource that a destroy deletes between the load
        balancers and what they depend on."""
        cluster, name = member.cluster, f"{self._name}-{member.name}"
        member.control_plane = IstioControlPlane(
            f"{name}-istio",
            member=member,
            certificates=self._certificates(cluster.plan),
            opts=cluster.component_options(self),
        )
        if cluster.load_balancers is None:
            return
        member.made[f"{member.name}-drain"] = LoadBalancerDrain(
            f"{name}-drain",
            cluster_name=member.name,
            incarnation=cluster.incarnation,
            kubeconfig=cluster.kubeconfig,
            quarantined=not cluster.plan.active,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[member.control_plane, cluster.provider, *cluster.load_balancers],
            ),
        )

    def _certificates(self, cluster: ClusterPlan) -> pulumi.Output[Mapping[str, str]] | None:
        """The data of its Secret `cacerts`; None if it has one already."""
        if self._trust is None or cluster.config.certificates == "existing":
            return None
        return self._trust.certificates(cluster.name)

    def _gateway(self, member: ClusterMember) -> EastWestGateway:
        gateway = EastWestGateway(
            f"{self._name}-{member.name}-gateway",
            member=member,
            opts=member.cluster.component_options(self),
        )
        member.gateway = gateway
        return gateway

    def _peer(self) -> None:
        """The reader token and the remote Secret of every cluster, if the mesh has two or more clusters."""
        if len(self._members) < 2:
            return
        tokens = {
            name: ReaderToken(
                f"{self._name}-{name}-reader", member=member, opts=member.cluster.component_options(self)
            )
            for name, member in self._members.items()
        }
        for holder, member in self._members.items():
            Peering(
                f"{self._name}-{holder}-peering",
                member=member,
                tokens={peer: tokens[peer] for peer in member.cluster.plan.peers},
                opts=member.cluster.component_options(self),
            )

    def _show_to_kiali(self, kiali: KialiConfig) -> dict[str, Any]:
        """The account in each cluster other than Kiali's own, and the Secret there with their tokens, whose
        place is returned."""
        home = self._members[kiali.cluster]
        tokens = {
            name: ReaderToken(
                f"{self._name}-kiali-{name}",
                member=member,
                kiali=True,
                opts=member.cluster.component_options(self),
            )
            for name, member in self._members.items()
            if member is not home
        }
        KialiClusters(
            f"{self._name}-kiali-{home.name}",
            member=home,
            tokens={peer: tokens[peer] for peer in home.cluster.plan.peers},
            opts=home.cluster.component_options(self),
        )
        place = {"cluster": kiali.cluster, "namespace": kiali.namespace, "secret": KIALI_SECRET}
        return {**place, "clusters": list(home.cluster.plan.peers)}

    def _group(self, group: GroupPlan) -> WorkloadGroup:
        home = self._members[group.cluster].cluster
        context = MachineContext(
            group=group,
            network=self._plan.networks[group.network],
            cloud_network=self._networks.get(group.network),
            cluster=home,
            gateway_addresses=addresses_for_vms(group.name, home, self._gateways.get(group.cluster)),
            root_certificate=self._root_certificate_pem,
            istio=self._plan.istio,
            labels=self._plan.labels,
        )
        return WorkloadGroup(
            f"{self._name}-group-{group.name}", context=context, members=self._members, opts=self._own
        )

    def _ingress(self, ingress: IngressPlan) -> Ingress:
        member = self._members[ingress.cluster]
        return Ingress(
            f"{self._name}-ingress-{ingress.name}",
            plan=ingress,
            member=member,
            secrets=self._secrets,
            opts=member.cluster.component_options(self),
        )

    def _outputs(self) -> dict[str, Any]:
        members = {name: member.cluster for name, member in self._members.items()}
        clusters = {
            name: {
                "network": cluster.plan.network,
                "endpoint": cluster.endpoint,
                "peerEndpoint": cluster.peer_endpoint,
                "gatewayAddresses": gateway_addresses(cluster, self._gateways.get(name)),
            }
            for name, cluster in members.items()
        }
        kubeconfigs = {
            name: cluster.user_kubeconfig
            for name, cluster in members.items()
            if isinstance(cluster, CloudMeshCluster)
        }
        return {
            "meshId": self._plan.mesh_id,
            "trustDomain": self._plan.trust_domain,
            "rootCertificate": self._root_certificate_pem,
            "clusters": clusters,
            "groups": {name: {"machines": group.addresses} for name, group in self._groups.items()},
            "bundles": {
                name: group.bundle for name, group in self._groups.items() if group.bundle is not None
            },
            "ingresses": {name: {"address": ingress.address} for name, ingress in self._ingresses.items()},
            **({"kubeconfigs": kubeconfigs} if kubeconfigs else {}),
            **({"kiali": self._kiali} if self._kiali else {}),
        }


def _checked(plan: MeshPlan, clusters: Mapping[str, ExistingCluster]) -> Mapping[str, ExistingCluster]:
    known = sorted(name for name, each in plan.clusters.items() if isinstance(each, KubeconfigClusterPlan))
    if unknown := sorted(set(clusters) - set(known)):
        raise ValueError(
            f"clusters: {', '.join(unknown)} is not a cluster of type kubeconfig in the plan; "
            f"it has: {', '.join(known) or 'none'}"
        )
    return clusters
