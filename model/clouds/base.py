"""The interface of a cloud to the rest of the model: one object that answers every question about it.

Rules and derivations loop over `model.clouds.registry.CLOUDS`, or ask the cloud of a section
(`cloud_of`). Nothing else in the model distinguishes the clouds.
"""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any, Protocol, TypeVar

from hybrid_mesh.model.clouds.kinds import Kinds
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
from hybrid_mesh.model.config.clusters import NodePoolConfig
from hybrid_mesh.model.config.istio import Architecture

Network_contra = TypeVar("Network_contra", contravariant=True)
Cluster_contra = TypeVar("Cluster_contra", contravariant=True)
Machines_contra = TypeVar("Machines_contra", contravariant=True)


class Cloud(Protocol[Network_contra, Cluster_contra, Machines_contra]):
    """One cloud: the kinds of its sections, its names, limits and arithmetic.

    Methods on CIDRs raise ValueError for a network that `sizes` says is too small.
    """

    @property
    def kinds(self) -> Kinds: ...

    @property
    def title(self) -> str:
        """The cloud's name in messages."""

    @property
    def regions(self) -> NameForm: ...

    @property
    def machine_types(self) -> NameForm: ...

    @property
    def images(self) -> NameForm: ...

    @property
    def sizes(self) -> NetworkSizes: ...

    @property
    def reserved_in_subnet(self) -> int:
        """Addresses of each subnet that the cloud reserves."""

    @property
    def api_source_limit(self) -> int:
        """Maximum number of CIDRs that an API server's public endpoint allows."""

    @property
    def node_pool_key(self) -> str:
        """The key of a cluster's section that describes its nodes."""

    @property
    def control_plane_ports(self) -> tuple[int, ...]:
        """TCP ports of nodes and pods that the control plane calls and no default rule of the cloud opens."""

    @property
    def control_plane_in_network(self) -> bool:
        """Whether the network's firewall protects the API server's private address, at which callers in the
        network reach it, instead of the list of allowed CIDRs."""

    @property
    def health_check_cidrs(self) -> tuple[str, ...]:
        """CIDRs from which the cloud checks the health of VMs over the network; () if it does not."""

    @property
    def shell_cidrs(self) -> tuple[str, ...]:
        """CIDRs from which the cloud's own service for shells reaches SSH on VMs; () if the VM calls it."""

    @property
    def identity_kind(self) -> IdentityKind:
        """Whether Kubernetes knows the VMs of a group as a user or as a group."""

    @property
    def platform(self) -> Platform: ...

    @property
    def istiod_values(self) -> Mapping[str, Any]:
        """Values of the chart `istiod` that every cluster of this cloud needs."""

    @property
    def gateway_drain_seconds(self) -> int | None:
        """How long a load balancer may send new connections to a gateway's pod that is being stopped; None if
        Istio's default suffices."""

    @property
    def gateway_namespace_labels(self) -> Mapping[str, str]:
        """Labels of the namespaces of gateways."""

    @property
    def gateway_timeout_seconds(self) -> int | None:
        """How long a rollout of a gateway may take; None if Helm's default suffices."""

    @property
    def load_balancers_name_subnets(self) -> bool:
        """Whether a Service names the subnets of its load balancer, which are known at run time only."""

    def load_balancer_annotations(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Annotations of a Service of type LoadBalancer, for a load balancer with stable addresses and with
        health checks of the agents."""

    def refused_region(self, region: str) -> str | None:
        """Why a valid region cannot be used; None if it can."""

    def zone_form(self, region: str) -> NameForm: ...

    def zones(self, network: Network_contra) -> tuple[str, ...]:
        """The zones of a network, sorted; () where the cloud chooses them."""

    def refused_zones(self, network: Network_contra) -> Refusal | None: ...

    def refused_network_id(self, network: Network_contra) -> Refusal | None:
        """Why the `id` of an existing network is not an ID of this cloud; None if it is."""

    def project(self, network: Network_contra, default: str | None) -> str | None:
        """The Google Cloud project of a network; None on other clouds."""

    def subnets(
        self, network: Network_contra, clusters: Mapping[str, Cluster_contra]
    ) -> tuple[SubnetPlan, ...]:
        """The subnets of a network, sorted by key. A cluster without room has no CIDRs in them."""

    def machine_cidrs(self, network: Network_contra) -> tuple[IPv4Network, ...]:
        """The CIDRs that nodes and VMs of a network get their addresses from."""

    def nat_addresses(self, network: Network_contra) -> int:
        """Addresses of the NAT that a network without `egress` gets."""

    def gateway_addresses(self, network: Network_contra) -> int:
        """Addresses to reserve for an east-west gateway's load balancer."""

    def cluster_cidrs(self, network: Network_contra, cluster: Cluster_contra) -> ClusterCidrs: ...

    def node_pool(self, cluster: Cluster_contra) -> NodePoolConfig: ...

    def first_nodes(self, network: Network_contra) -> int:
        """The number of nodes that a pool starts with, independent of its minimum."""

    def node_surge(self, network: Network_contra) -> int:
        """The number of nodes that a pool has in addition while it is upgraded."""

    def vm_surge(self, network: Network_contra, machines: Machines_contra, *, minimum: int, size: int) -> int:
        """The number of VMs that a group of `size` VMs, `minimum` or more, has in addition while they are
        replaced."""

    def addresses_of_node(self, cluster: Cluster_contra) -> int:
        """Number of subnet addresses that a node uses, including those of its pods if they share the CIDR."""

    def pod_room(self, network: Network_contra, cluster: Cluster_contra, free: int) -> PodRoom:
        """The maximum size of a cluster's pool at which all pods have addresses. `free` is the number of
        subnet addresses that no other member of the network uses."""

    def refused_nodes(self, machine_type: str) -> Refusal | None:
        """Why nodes cannot have a valid machine type; None if they can."""

    def architecture(self, machine_type: str) -> Architecture: ...

    def refused_image(self, machines: Machines_contra) -> Refusal | None:
        """Why VMs of an image with a valid name would never join; None if they would."""

    def is_vendor_image(self, image: str) -> bool:
        """Whether an image is known to be its vendor's, so that it contains no application of the user's."""

    def machine_identity(self, stack: str, group: str, project: str | None) -> str:
        """The name by which the API server knows the VMs of a group."""

    def machine_set(
        self,
        planned: MachineSetPlan,
        machines: Machines_contra,
        *,
        stack: str,
        group: str,
        project: str | None,
    ) -> MachineSetPlan:
        """`planned` with the settings that only this cloud needs."""

    def identity_settings(self, region: str, cluster: str | None) -> dict[str, str]:
        """The settings of the VM's identity script; `cluster` is the cluster's actual name in the cloud.

        Raises ValueError if the cloud requires that name and it is None.
        """


AnyCloud = Cloud[Any, Any, Any]
