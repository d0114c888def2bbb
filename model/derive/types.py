"""What is planned in a cloud only: firewalls, and who may reach API servers and gateways."""

from dataclasses import dataclass
from typing import Literal


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
