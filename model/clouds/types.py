"""The types of what a cloud plans for a network, a cluster and a group of VMs, and of its refusals."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal, NamedTuple

from hybrid_mesh.model.config.istio import Architecture, PackageForm

IdentityKind = Literal["User", "Group"]
"""Whether Kubernetes knows the VMs of a group as a user or as a group."""

Platform = Literal["aws", "azure", "gcp"]
"""The cloud's name for Istio's agent (CLOUD_PLATFORM), which selects the metadata server."""


class Refusal(NamedTuple):
    """Why a value cannot be used in a cloud, and what to write instead."""

    message: str
    remedy: str


class PodRoom(NamedTuple):
    """The maximum number of nodes whose pods have addresses, and what limits it."""

    nodes: int
    reason: str


@dataclass(frozen=True)
class NameForm:
    """The form of a name in a cloud: a pattern of the whole name, and an example for error messages."""

    pattern: re.Pattern[str]
    example: str

    def matches(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None


@dataclass(frozen=True)
class NetworkSizes:
    """Prefix lengths of the smallest networks with and without clusters, and of the largest network."""

    smallest: int
    smallest_with_cluster: int
    largest: int


@dataclass(frozen=True)
class ClusterCidrs:
    """The CIDRs of a cluster inside its network's; None if the cloud uses none of it."""

    pods: IPv4Network | None = None
    services: IPv4Network | None = None
    control_plane: IPv4Network | None = None


@dataclass(frozen=True)
class SubnetPlan:
    """One subnet of a cloud's network.

    `key` is its stable name inside the network: `nodes` (gcp), `private-a`, `public-a` (aws: the zone's
    letter). `secondary` are the CIDRs that GKE adds to a gcp subnet, and removes with their cluster:
    `pods-<cluster>` and `services-<cluster>`.
    """

    key: str
    cidr: str
    zone: str | None = None
    public: bool = False
    secondary: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class MachineSetPlan:
    """The VMs of a group in a cloud: identical VMs, spread over the zones. Each cloud has its own
    subclass."""

    region: str
    zones: tuple[str, ...]
    minimum: int
    maximum: int
    """Equal to `minimum` for a set of a fixed size, which has no autoscaler."""
    target_cpu_percent: int
    machine_type: str
    image: str
    disk_gigabytes: int
    package: PackageForm
    architecture: Architecture
    ready_seconds: int
    """Time that a new VM has to get into service."""
    health_port: int
    """Port of the endpoint that answers 200 to HTTP while the VM is in service."""
    shell: bool
    """Whether people with the cloud's permissions can open a shell."""

    @property
    def autoscaled(self) -> bool:
        return self.maximum > self.minimum
