"""Google Cloud: VPC networks, GKE and Compute Engine.

A network's CIDR is divided into sixteenths: 0 for nodes and VMs; 1 for the Services and 8 to 15 for the pods
of the one cluster that uses the default CIDRs; the first /28 of 2 for its control plane. The rest is spare,
for the CIDRs that further clusters set. A subnet's CIDR depends only on the network's CIDR, so that adding a
cluster or a network never moves an existing subnet.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from hybrid_mesh.model.clouds.cidrs import part
from hybrid_mesh.model.clouds.images import VENDOR_PROJECTS, project_of_image, refused_on_gce
from hybrid_mesh.model.clouds.kinds import GOOGLE as KINDS
from hybrid_mesh.model.clouds.kinds import Kinds
from hybrid_mesh.model.clouds.names import google_name
from hybrid_mesh.model.clouds.types import (
    ClusterCidrs,
    IdentityKind,
    MachineSetPlan,
    NameForm,
    NetworkSizes,
    Platform,
    PodRoom,
    Refusal,
    SubnetPlan,
)
from hybrid_mesh.model.config.clusters import GkeClusterConfig, GkeNodePoolConfig
from hybrid_mesh.model.config.istio import Architecture
from hybrid_mesh.model.config.machines import UBUNTU_ON_GCE, GceMachinesConfig
from hybrid_mesh.model.config.networks import GcpNetworkConfig
from hybrid_mesh.model.istio_facts import WEBHOOK_PORT

ZONES_OF_GKE = 3
"""Zones that GKE chooses for a regional cluster (GKE, "Regional clusters")."""

CONTROL_PLANE_PREFIX = 28
"""Prefix length of the CIDR of a GKE control plane."""

BRIDGE_OF_NODES = IPv4Network("172.17.0.0/16")
"""CIDR that no part of a cluster may overlap: nodes use it for Docker's bridge (GKE, "Creating a private
cluster", "Restrictions")."""

SERVICE_PREFIXES = (16, 27)
"""Prefix lengths of the largest and the smallest Service CIDR that GKE allows (GKE, "VPC-native clusters").
"""

NODE_SURGE = 1
"""Nodes that an upgrade adds to a pool, so that it never has fewer than before."""

ADDRESSES_OF_PODS = 256
"""Pod addresses that GKE assigns to each node, for at most 110 pods."""

ACCOUNT_ID_LIMIT = 30
"""Characters of a Google service account's id (IAM: "Create service accounts")."""

HEALTH_CHECKS = ("130.211.0.0/22", "35.191.0.0/16")
"""CIDRs from which Google checks the health of VMs (Cloud Load Balancing, "Probe IP ranges")."""

_ARM = re.compile(r"(t2a|c4a|n4a|a4x)-")
"""Machine series with Arm processors: Ampere Altra (T2A), Google Axion (C4A, N4A), NVIDIA Grace (A4X).

Source: "Arm VMs on Compute" and "Accelerator-optimized machine family" of Compute Engine."""
_HYPERDISK_ONLY = re.compile(r"[a-z]([4-9]|[1-9][0-9])[a-z]*-.*|.*-metal|a3-ultragpu-.*")
"""Machine types that Persistent Disks cannot be attached to: the fourth generation of machine series (C4,
C4A, C4D, N4, N4A, N4D, M4, H4D, X4, A4, G4) and later, bare metal, and A3 Ultra.

Source: Compute Engine, "About Google Cloud Hyperdisk", "Machine series support"."""
_NETWORK_ID = re.compile(
    r"(https://www\.googleapis\.com/compute/v1/)?(projects/[^/]+/global/networks/)?[a-z][-a-z0-9]{0,62}"
)


CLASS_E = IPv4Network("240.0.0.0/4")
"""Addresses that Google Cloud allows in subnets (VPC, "Valid IPv4 ranges"), and GKE for pods. The last one is
broadcast."""


@dataclass(frozen=True)
class GkeCidrs:
    """The CIDRs of one GKE cluster."""

    pods: IPv4Network
    services: IPv4Network
    control_plane: IPv4Network


@dataclass(frozen=True)
class GceMachineSetPlan(MachineSetPlan):
    """A regional managed instance group of Compute Engine."""

    service_account_id: str
    """The account id of the group's own service account in `project`."""
    project: str | None


class GoogleCloud:
    """Google Cloud (`model.clouds.base.Cloud`)."""

    __slots__ = ()

    kinds: Kinds = KINDS
    title: str = "Google"
    regions: NameForm = NameForm(re.compile(r"[a-z]+-[a-z]+[0-9]{1,2}"), "europe-west4")
    machine_types: NameForm = NameForm(
        re.compile(r"[a-z][0-9]+[a-z]*-[a-z0-9]+(-[a-z0-9]+)*|custom-[0-9]+-[0-9]+(-ext)?"),
        "e2-standard-4",
    )
    """`custom-4-8192` is an N1 type (Compute Engine, "Create a VM with a custom machine type")."""
    images: NameForm = NameForm(
        re.compile(r"(projects/)?[a-z][a-z0-9.:-]*/(global/images/(family/)?)?[a-z][-a-z0-9]*"),
        UBUNTU_ON_GCE,
    )
    sizes: NetworkSizes = NetworkSizes(smallest=24, smallest_with_cluster=20, largest=1)
    """/24 of nodes and Services, /21 of pods; without a cluster a /28."""
    reserved_in_subnet: int = 4
    """VPC, "Unusable addresses in IPv4 subnet ranges"."""
    api_source_limit: int = 100
    """GKE, "Limitations" of authorized networks (100 where nodes are private, as they are here). They apply
    to private endpoints as well."""
    node_pool_key: str = "nodePool"
    control_plane_ports: tuple[int, ...] = (WEBHOOK_PORT,)
    """GKE opens 443 and 10250 to private nodes automatically ("Adding firewall rules for specific use
    cases")."""
    control_plane_in_network: bool = False
    health_check_cidrs: tuple[str, ...] = HEALTH_CHECKS
    shell_cidrs: tuple[str, ...] = ("35.235.240.0/20",)
    """Identity-Aware Proxy, "Using IAP for TCP forwarding"."""
    identity_kind: IdentityKind = "User"
    platform: Platform = "gcp"
    istiod_values: Mapping[str, Any] = {"global": {"platform": "gke"}}
    gateway_drain_seconds: int | None = None
    """Nodes are the targets, and each stops to choose a pod as soon as its shutdown begins."""
    gateway_namespace_labels: Mapping[str, str] = {}
    gateway_timeout_seconds: int | None = None
    load_balancers_name_subnets: bool = False

    def load_balancer_annotations(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Source: GKE, "LoadBalancer Service parameters"."""
        del labels
        return {"cloud.google.com/l4-rbs": "enabled"}

    def refused_region(self, region: str) -> str | None:
        del region
        return None

    def zone_form(self, region: str) -> NameForm:
        return NameForm(re.compile(rf"{re.escape(region)}-[a-z]"), f"{region}-a")

    def zones(self, network: GcpNetworkConfig) -> tuple[str, ...]:
        return tuple(sorted(set(network.zones)))

    def refused_zones(self, network: GcpNetworkConfig) -> Refusal | None:
        del network
        return None

    def refused_network_id(self, network: GcpNetworkConfig) -> Refusal | None:
        if network.id is None or _NETWORK_ID.fullmatch(network.id):
            return None
        return Refusal(
            "not a valid name of a VPC network",
            "Write its name, or projects/<project>/global/networks/<name>.",
        )

    def project(self, network: GcpNetworkConfig, default: str | None) -> str | None:
        return network.project or default

    def subnets(
        self, network: GcpNetworkConfig, clusters: Mapping[str, GkeClusterConfig]
    ) -> tuple[SubnetPlan, ...]:
        secondary: list[tuple[str, str]] = []
        if network.cidr.prefixlen <= self.sizes.smallest_with_cluster:
            for name, cluster in clusters.items():
                cidrs = gke_cidrs(network.cidr, cluster)
                secondary += [(f"pods-{name}", str(cidrs.pods)), (f"services-{name}", str(cidrs.services))]
        return (
            SubnetPlan(key="nodes", cidr=str(nodes_cidr(network.cidr)), secondary=tuple(sorted(secondary))),
        )

    def machine_cidrs(self, network: GcpNetworkConfig) -> tuple[IPv4Network, ...]:
        return (nodes_cidr(network.cidr),)

    def nat_addresses(self, network: GcpNetworkConfig) -> int:
        return network.nat_addresses

    def gateway_addresses(self, network: GcpNetworkConfig) -> int:
        del network
        return 1

    def cluster_cidrs(self, network: GcpNetworkConfig, cluster: GkeClusterConfig) -> ClusterCidrs:
        cidrs = gke_cidrs(network.cidr, cluster)
        return ClusterCidrs(cidrs.pods, cidrs.services, cidrs.control_plane)

    def node_pool(self, cluster: GkeClusterConfig) -> GkeNodePoolConfig:
        return cluster.node_pool

    def first_nodes(self, network: GcpNetworkConfig) -> int:
        """A regional pool starts with at least one node in each zone."""
        return len(self.zones(network)) or ZONES_OF_GKE

    def node_surge(self, network: GcpNetworkConfig) -> int:
        del network
        return NODE_SURGE

    def vm_surge(
        self, network: GcpNetworkConfig, machines: GceMachinesConfig, *, minimum: int, size: int
    ) -> int:
        """One VM for each zone at least (Compute Engine, regional instance groups, `maxSurge`)."""
        del minimum, size
        return max(machines.rollout.max_unavailable, self.first_nodes(network))

    def addresses_of_node(self, cluster: GkeClusterConfig) -> int:
        del cluster
        return 1

    def pod_room(self, network: GcpNetworkConfig, cluster: GkeClusterConfig, free: int) -> PodRoom:
        """The nodes of an upgrade's surge need addresses for their pods as well."""
        surge = self.node_surge(network)
        del free
        pods = gke_cidrs(network.cidr, cluster).pods
        nodes = pods.num_addresses // ADDRESSES_OF_PODS
        reason = f"pod CIDR {pods} has addresses for {nodes} nodes, and an upgrade needs one more than `max`"
        return PodRoom(max(0, nodes - surge), reason)

    def refused_nodes(self, machine_type: str) -> Refusal | None:
        del machine_type
        return None

    def architecture(self, machine_type: str) -> Architecture:
        return "arm64" if _ARM.match(machine_type) else "amd64"

    def refused_image(self, machines: GceMachinesConfig) -> Refusal | None:
        return refused_on_gce(machines.image)

    def is_vendor_image(self, image: str) -> bool:
        return project_of_image(image) in VENDOR_PROJECTS

    def machine_identity(self, stack: str, group: str, project: str | None) -> str:
        """The e-mail address of the group's service account, which GKE uses as the user name."""
        return service_account_email(service_account_id(stack, group), project or "unknown")

    def machine_set(
        self,
        planned: MachineSetPlan,
        machines: GceMachinesConfig,
        *,
        stack: str,
        group: str,
        project: str | None,
    ) -> GceMachineSetPlan:
        del machines
        account = service_account_id(stack, group)
        return GceMachineSetPlan(**vars(planned), service_account_id=account, project=project)

    def identity_settings(self, region: str, cluster: str | None) -> dict[str, str]:
        del region, cluster
        return {}


def disk_type(machine_type: str) -> str:
    """The type of boot disk for nodes and VMs of `machine_type`: a balanced Persistent Disk where the machine
    series supports it."""
    return "hyperdisk-balanced" if _HYPERDISK_ONLY.fullmatch(machine_type) else "pd-balanced"


def nodes_cidr(cidr: IPv4Network) -> IPv4Network:
    """The CIDR of nodes and VMs in a gcp network."""
    return part(cidr, 4, 0)


def gke_cidrs(cidr: IPv4Network, cluster: GkeClusterConfig) -> GkeCidrs:
    """The CIDRs of a cluster in the gcp network `cidr`, Services of a /16 at most. Raises ValueError where
    the network is too small for them."""
    services = part(cidr, 4, 1)
    if services.prefixlen < SERVICE_PREFIXES[0]:
        services = next(services.subnets(new_prefix=SERVICE_PREFIXES[0]))
    control_plane = next(part(cidr, 4, 2).subnets(new_prefix=CONTROL_PLANE_PREFIX))
    return GkeCidrs(
        pods=cluster.pod_cidr or part(cidr, 1, 1),
        services=cluster.service_cidr or services,
        control_plane=cluster.control_plane_cidr or control_plane,
    )


def first_nodes_of_zone(pool: GkeNodePoolConfig, zones: int) -> int:
    """The number of nodes with which a pool starts in each of its zones: enough for `min`, as the autoscaler
    does not add nodes until a pod needs one, unless all zones together would exceed `max`."""
    each = -(-pool.min // zones)
    return each if each * zones <= pool.max else max(1, pool.min // zones)


def service_account_id(stack: str, group: str) -> str:
    """The id of a group's Google service account: 6 to 30 characters, the first a letter."""
    return google_name("hm", stack, group, limit=ACCOUNT_ID_LIMIT)


def service_account_email(account_id: str, project: str) -> str:
    """The e-mail of a service account; the parts of a domain's project (`example.com:web`) are reversed.

    Source: Google Cloud's IAM, "Service accounts overview".
    """
    domain, colon, name = project.rpartition(":")
    return f"{account_id}@{f'{name}.{domain}' if colon else project}.iam.gserviceaccount.com"
