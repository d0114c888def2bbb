"""The plan of a mesh: everything derived from the configuration that decides which resources exist.

All values are plain and immutable. Values of a running cluster or VM (addresses, certificates, tokens) are
not part of the plan; the components add them as Pulumi outputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hybrid_mesh.model.clouds.types import IdentityKind, MachineSetPlan, SubnetPlan
from hybrid_mesh.model.config.clusters import ClusterConfig
from hybrid_mesh.model.config.demo import DemoConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.istio import IstioConfig
from hybrid_mesh.model.config.kiali import KialiConfig
from hybrid_mesh.model.config.networks import NetworkConfig
from hybrid_mesh.model.config.telemetry import TelemetryConfig
from hybrid_mesh.model.config.trust import TrustConfig
from hybrid_mesh.model.derive.collectors import Collector
from hybrid_mesh.model.derive.types import FirewallRulePlan
from hybrid_mesh.model.objects.planned import PlannedObject, PlannedRelease
from hybrid_mesh.model.reading.problems import Problem


@dataclass(frozen=True)
class NetworkPlan:
    """One network: its members, and how other networks reach it."""

    name: str
    config: NetworkConfig
    clusters: tuple[str, ...]
    groups: tuple[str, ...]
    cidrs: tuple[str, ...]
    """CIDRs of the network, and of pods of GKE outside of them."""
    gateway_clusters: tuple[str, ...]
    """Clusters whose east-west gateways other networks use to reach this network."""
    gateway_address: str | None
    """Address of a configured gateway that belongs to no cluster, if any."""
    direct: bool
    """Whether other networks reach this network's VMs without a gateway."""
    project: str | None = None
    """The Google Cloud project of a network of type gcp."""
    zones: tuple[str, ...] = ()
    """Zones of a cloud's network, sorted; () if Google chooses them in the region."""
    subnets: tuple[SubnetPlan, ...] = ()
    """Subnets to create in a cloud's network."""
    firewall: tuple[FirewallRulePlan, ...] = ()
    """Traffic that a cloud's network allows; everything else is refused."""
    nat_addresses: int = 0
    """Number of addresses to reserve for the NAT; 0 if the program creates no NAT."""
    egress: tuple[str, ...] = ()
    """Known egress CIDRs of the network. If `nat_addresses` is not 0, the NAT's addresses are the egress."""


@dataclass(frozen=True)
class ClusterPlan:
    """One cluster: its network, its peers and everything that is declared in it. `model.plan.kinds`
    extends it for each kind of cluster."""

    name: str
    config: ClusterConfig
    peers: tuple[str, ...]
    """The other active clusters, sorted, whose remote secrets this cluster holds."""
    pod_cidr: str | None
    service_cidr: str | None
    groups: tuple[str, ...]
    """Groups whose VMs register with this cluster."""
    objects: tuple[PlannedObject | PlannedRelease, ...]
    """Every Kubernetes object and Helm release that the program declares in the cluster, each after the
    objects that it depends on."""

    @property
    def network(self) -> str:
        return self.config.network

    @property
    def active(self) -> bool:
        return self.config.state == "active"


@dataclass(frozen=True)
class MachinePlan:
    """One VM that the program creates as a resource of its own."""

    name: str
    group: str
    index: int


@dataclass(frozen=True)
class GroupPlan:
    """One workload group: what its cluster, the other clusters and its VMs get."""

    name: str
    config: WorkloadGroupConfig
    """The group as configured. Its `application` includes the demo's if the demo runs on the group."""
    service_account: str
    labels: Mapping[str, str]
    """Labels of the WorkloadGroup, `hybrid-mesh/group` among them."""
    hosts: tuple[str, ...]
    """Host names of the group: `<group>.<namespace>.svc.cluster.local`, or the configured one."""
    minimum: int
    """VMs that must be registered before `up` ends."""
    machines: tuple[MachinePlan, ...]
    machine_identity: str | None
    """Identity of the group's VMs at the API server: a user name (an e-mail address) or a group name; None
    for bundles."""
    workload_group: Mapping[str, Any]
    """Manifest of the WorkloadGroup."""
    cluster_env: str
    mesh_yaml: str
    files: tuple[str, ...]
    """Paths of the files that each VM gets: the mesh's and the application's."""
    units: tuple[str, ...]
    """Names of the systemd units that each VM gets."""
    identity_kind: IdentityKind = "User"
    """Whether `machine_identity` is a user (local, GCE) or the group of an access entry (EC2)."""
    machine_set: MachineSetPlan | None = None
    """The VMs of a group on GCE or EC2; None for others."""
    http_proxy: Mapping[str, str] = field(default_factory=dict)
    """Environment of the VMs' downloads; {} without an HTTP proxy."""

    @property
    def namespace(self) -> str:
        return self.config.namespace

    @property
    def cluster(self) -> str:
        """The cluster whose istiod the VMs register with."""
        return self.config.cluster

    @property
    def network(self) -> str:
        return self.config.network


@dataclass(frozen=True)
class RemoteSecretEntry:
    """A pair of clusters: the merged remote Secret of `holder` has a key for `peer`."""

    holder: str
    peer: str


@dataclass(frozen=True)
class IngressPlan:
    name: str
    config: IngressConfig
    gateway: Mapping[str, Any]
    """Manifest of the Gateway."""
    routes: tuple[Mapping[str, Any], ...]
    """Manifests of the HTTPRoutes (in the gateway's namespace) and the ReferenceGrants that they need."""

    @property
    def cluster(self) -> str:
        return self.config.cluster

    @property
    def namespace(self) -> str:
        return self.config.namespace


@dataclass(frozen=True)
class MeshPlan:
    stack: str
    mesh_id: str
    trust_domain: str
    istio: IstioConfig
    trust: TrustConfig
    networks: Mapping[str, NetworkPlan]
    clusters: Mapping[str, ClusterPlan]
    """All clusters, including quarantined ones."""
    groups: Mapping[str, GroupPlan]
    ingresses: Mapping[str, IngressPlan]
    remote_secrets: tuple[RemoteSecretEntry, ...]
    demo: DemoConfig | None
    secrets: tuple[str, ...]
    """Names of the configuration keys `hybrid-mesh:<name>` that the program requires
    (`model.plan.secrets`)."""
    telemetry: TelemetryConfig | None = None
    """What proxies report; None for Istio's defaults."""
    reporting: tuple[str, ...] = ()
    """Clusters whose proxies report it, sorted."""
    inside_collectors: tuple[Collector, ...] = ()
    """Collectors that are Services of a cluster or of a group."""
    outside_collectors: tuple[Collector, ...] = ()
    """Collectors outside the mesh, that proxies must be able to reach."""
    kiali: KialiConfig | None = None
    """Where Kiali runs; None if it is not to read the mesh."""
    project: str | None = None
    """Default Google Cloud project."""
    protected: bool = False
    """Whether networks, clusters, reserved addresses and the root are protected from deletion."""
    warnings: tuple[Problem, ...] = ()
    """What the configuration leaves open. A plan with warnings can be printed, but not created."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels and tags of all cloud resources: `stack`, `mesh` and the configured ones. Each component adds
    `component`."""
