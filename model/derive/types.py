"""The types of what is planned in clouds only: firewalls, and access to API servers and gateways."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Source:
    """A source of allowed traffic: a known CIDR (`cidr`), or all egress addresses of a network whose NAT the
    program creates (`egress_of`), which are known at run time only. One of the two is set."""

    purpose: str
    cidr: str | None = None
    egress_of: str | None = None


@dataclass(frozen=True)
class ApiAccessPlan:
    """Who may reach the API server of a cluster in a cloud."""

    endpoint: Literal["restricted", "private"]
    sources: tuple[Source, ...]
    """Sorted: known CIDRs, then networks. For a private endpoint, the callers' own addresses."""


@dataclass(frozen=True)
class GatewayExposurePlan:
    """How the east-west gateway of a cluster in a cloud is exposed."""

    reserved_addresses: int
    """Number of addresses to reserve before Istio is installed: 1 on GKE, one per public subnet on EKS."""
    sources: tuple[Source, ...]
    """The members of the mesh that its load balancer allows (`loadBalancerSourceRanges`)."""


Role = Literal["nodes", "control-plane", "machines", "addresses"]


@dataclass(frozen=True)
class Party:
    """One end of a firewall rule: the nodes (and pods) of cluster `name`, its control plane, the VMs of group
    `name`, or plain addresses. `ranges` are its CIDRs; () if the cloud does not report them (the control
    plane of EKS, which is identified by its security group)."""

    role: Role
    name: str
    ranges: tuple[str, ...]


@dataclass(frozen=True)
class FirewallRulePlan:
    """Traffic that `target` accepts. `ports` are TCP ports, () for all; `protocol` `all` is every protocol.
    `purpose` must only have characters that EC2 allows in a rule's description (IpRange: letters, digits,
    spaces and `._-:/()#,@[]+=&;{}!$*`, no apostrophe)."""

    key: str
    """Stable name inside the network, a DNS label of 40 characters at most."""
    target: Party
    sources: tuple[Party, ...]
    ports: tuple[int, ...]
    purpose: str
    protocol: Literal["tcp", "all"] = "tcp"
    destinations: tuple[str, ...] = ()
    """CIDRs of the target's addresses that accept the traffic; () for all of them."""
