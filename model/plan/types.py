"""What the mesh will be: everything derived from the configuration that decides which resources exist.

All values are plain and immutable. Only what a cluster or a machine tells about itself at run time
(addresses,
certificates, tokens) is missing here; the components add it as Pulumi outputs.
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
from hybrid_mesh.model.config.networks import NetworkConfig
from hybrid_mesh.model.config.trust import TrustConfig
from hybrid_mesh.model.derive.types import FirewallRulePlan
from hybrid_mesh.model.objects.planned import PlannedObject, PlannedRelease


@dataclass(frozen=True)
class NetworkPlan:
    """One network: who is in it, and how others come in."""

    name: str
    config: NetworkConfig
    clusters: tuple[str, ...]
    groups: tuple[str, ...]
    gateway_clusters: tuple[str, ...]
    """Clusters whose east-west gateways are the ways into this network."""
    gateway_address: str | None
    """Address of a gateway that is no cluster's (configured), if any."""
    direct: bool
    """Whether other networks reach this network's machines without a gateway."""
    project: str | None = None
    """The Google Cloud project of a network of type gcp."""
    zones: tuple[str, ...] = ()
    """Zones of a cloud's network, sorted; () on gcp: those that Google chooses in the region."""
    subnets: tuple[SubnetPlan, ...] = ()
    """Subnets to make in a cloud's network."""
    firewall: tuple[FirewallRulePlan, ...] = ()
    """What a cloud's network lets in; everything else is refused."""
    nat_addresses: int = 0
    """Addresses to reserve for the NAT; 0: no NAT is made, the egress is configured or others'."""
    egress: tuple[str, ...] = ()
    """Ranges of the network's egress that are known already; where `nat_addresses` is not 0, those addresses
    are the egress."""


@dataclass(frozen=True)
class ClusterPlan:
    """One cluster: its place, its peers and everything that is declared in it. `model.plan.kinds` has what
    only one kind of cluster plans."""

    name: str
    config: ClusterConfig
    peers: tuple[str, ...]
    """The other active clusters, sorted: those whose remote secrets this cluster holds."""
    pod_cidr: str | None
    service_cidr: str | None
    groups: tuple[str, ...]
    """Groups whose machines register with this cluster."""
    objects: tuple[PlannedObject | PlannedRelease, ...]
    """Every Kubernetes object and Helm release that the program declares in the cluster, in an order in which
    each comes after what it waits for."""

    @property
    def network(self) -> str:
        return self.config.network

    @property
    def active(self) -> bool:
        return self.config.state == "active"


@dataclass(frozen=True)
class MachinePlan:
    """One machine that the program itself makes."""

    name: str
    group: str
    index: int


@dataclass(frozen=True)
class GroupPlan:
    """One workload group: what its cluster, the other clusters and its machines are given."""

    name: str
    config: WorkloadGroupConfig
    """The group as configured; its `application` includes the demo's where the demo runs on these
    machines."""
    service_account: str
    labels: Mapping[str, str]
    """Labels of the WorkloadGroup, `hybrid-mesh/group` among them."""
    hosts: tuple[str, ...]
    """Names by which the group is called: `<group>.<namespace>.svc.cluster.local` or the user's own."""
    minimum: int
    """Machines that must be registered before `up` ends."""
    machines: tuple[MachinePlan, ...]
    machine_identity: str | None
    """The name by which the API server knows the group's machines, a user's (an e-mail) or a group's; None
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
    """What `machine_identity` is to Kubernetes: a user (local, GCE), or a group of an access entry (EC2)."""
    machine_set: MachineSetPlan | None = None
    """The machines of a group on GCE or EC2; None for others."""

    @property
    def namespace(self) -> str:
        return self.config.namespace

    @property
    def cluster(self) -> str:
        """The cluster with whose control plane the VMs register."""
        return self.config.cluster

    @property
    def network(self) -> str:
        return self.config.network


@dataclass(frozen=True)
class RemoteSecretEntry:
    """`holder`'s merged remote Secret has one key for `peer`."""

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
    """All clusters, the quarantined ones too."""
    groups: Mapping[str, GroupPlan]
    ingresses: Mapping[str, IngressPlan]
    remote_secrets: tuple[RemoteSecretEntry, ...]
    demo: DemoConfig | None
    secrets: tuple[str, ...]
    """Names of the flat keys `hybrid-mesh:<name>` that the program will ask for (`model.plan.secrets`)."""
    project: str | None = None
    """The Google Cloud project of whatever names none itself."""
    protected: bool = False
    """Whether networks, clusters and the root are protected from deletion."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels and tags of everything that can carry them: `stack`, `mesh`, `owner` and the user's; each
    component adds `component`."""
