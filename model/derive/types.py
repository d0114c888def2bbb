"""What is planned in a cloud only: subnets, firewalls, who may call an API server, sets of machines."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SubnetPlan:
    """One subnet of a cloud's network.

    `key` is its stable name inside the network: `nodes` (gcp), `private-a`, `public-a` (aws: the zone's
    letter). `secondary` has the ranges that GKE puts into a gcp subnet, and takes out with the cluster that
    they are for: `pods-<cluster>` and `services-<cluster>`.
    """

    key: str
    cidr: str
    zone: str | None = None
    public: bool = False
    secondary: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Source:
    """Whose traffic is let in: a range that is known (`cidr`), or every egress address of a network of the
    mesh that the program makes the NAT of (`egress_of`), which only the run tells. One of the two is set.
    """

    purpose: str
    cidr: str | None = None
    egress_of: str | None = None


@dataclass(frozen=True)
class ApiAccessPlan:
    """Whom the API server of a cloud's cluster admits."""

    endpoint: Literal["restricted", "private"]
    sources: tuple[Source, ...]
    """Sorted: known ranges, then networks. For a private endpoint: the callers' own addresses."""


@dataclass(frozen=True)
class GatewayExposurePlan:
    """How the east-west gateway of a cloud's cluster is exposed."""

    reserved_addresses: int
    """Addresses to reserve before Istio is installed: 1 on GKE, one per public subnet on EKS."""
    sources: tuple[Source, ...]
    """Whom its load balancer lets in (`loadBalancerSourceRanges`): members of the mesh, nobody else."""


Role = Literal["nodes", "control-plane", "machines", "addresses"]


@dataclass(frozen=True)
class Party:
    """One end of a firewall rule: the nodes (and pods) of cluster `name`, its control plane, the machines of
    group `name`, or plain addresses. `ranges` are the addresses of any of them in CIDR notation; () where
    the cloud does not tell them (EKS: the control plane, known by its security group)."""

    role: Role
    name: str
    ranges: tuple[str, ...]


@dataclass(frozen=True)
class FirewallRulePlan:
    """Traffic that is let in at `target`. `ports` are TCP ports, () for all; `protocol` `all` is every
    protocol. `purpose` has only what EC2 takes in a rule's description (IpRange: letters, digits, spaces and
    `._-:/()#,@[]+=&;{}!$*`, no apostrophe)."""

    key: str
    """Stable name inside the network, a DNS label of 40 characters at most."""
    target: Party
    sources: tuple[Party, ...]
    ports: tuple[int, ...]
    purpose: str
    protocol: Literal["tcp", "all"] = "tcp"


@dataclass(frozen=True)
class MachineSetPlan:
    """The machines of a group on GCE or EC2: one set of equal machines over the zones."""

    type: Literal["gce", "ec2"]
    region: str
    zones: tuple[str, ...]
    minimum: int
    maximum: int
    """Equal to `minimum` for a set of a fixed size, which has no autoscaler."""
    target_cpu_percent: int
    machine_type: str
    image: str
    disk_gigabytes: int
    package: Literal["deb", "rpm"]
    architecture: Literal["amd64", "arm64"]
    ready_seconds: int
    """Time before the cloud judges a new machine's health."""
    agent_port: int
    """Where Istio's agent takes connections as long as it runs."""
    root_device: str | None = None
    """EC2: name of the image's root disk; by any other name a second disk would be made, and the root's would
    stay unencrypted."""
    service_account_id: str | None = None
    """GCE: the account id of the group's own service account in `project`."""
    project: str | None = None

    @property
    def autoscaled(self) -> bool:
        return self.maximum > self.minimum
