"""Networks, in Istio's sense: workloads of one network reach each other's addresses directly."""

from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import Cidr, Section


class WanConditionsConfig(Section):
    """What the lab's WAN does to this network's traffic (Linux netem)."""

    delay_milliseconds: float = Field(default=0, ge=0, le=10_000)
    """Delay of each packet that leaves the network, in milliseconds."""
    loss_percent: float = Field(default=0, ge=0, le=100)
    """Share of the packets that are lost on leaving the network, in percent."""


class NetworkConfigBase(Section):
    cidr: Cidr = Field(examples=["10.10.0.0/16"])
    """The range of the network's addresses; no two networks overlap."""
    gateway: str | None = Field(default=None, examples=["203.0.113.10"])
    """Address of a gateway (port 15443) that lets others in, where no cluster's gateway does."""
    reachable: Literal["direct"] | None = None
    """`direct`: others reach this network's machines by their addresses, over routes that you provide."""


class LocalNetworkConfig(NetworkConfigBase):
    """A network inside the lab of this machine."""

    type: Literal["local"]
    wan: WanConditionsConfig = WanConditionsConfig()
    """What happens to traffic that leaves the network."""


class ExternalNetworkConfig(NetworkConfigBase):
    """A network that others own: a datacenter, an office, an existing VPC."""

    type: Literal["external"]
    egress: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.7/32"]])
    """Ranges from which the network's traffic reaches the Internet; clusters of a cloud let only them in."""


class CloudNetworkConfigBase(NetworkConfigBase):
    region: str = Field(examples=["europe-west4"])
    """The cloud's region that the network is in."""
    zones: tuple[str, ...] = Field(default=(), examples=[["europe-west4-a", "europe-west4-b"]])
    """Zones of the region that nodes and machines are spread over."""
    id: str | None = Field(default=None, examples=["shared-vpc"])
    """An existing network to make the subnets in; without it a network is made."""
    egress: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.7/32"]])
    """With `id`, where that network has a way out already: the ranges from which its traffic reaches the
    Internet. Without it, a NAT with reserved addresses is made."""


class GcpNetworkConfig(CloudNetworkConfigBase):
    """A VPC network of Google Cloud, one subnet of it in one region.

    Ranges are carved from `cidr`: its first sixteenth is the nodes' and machines', the second the Services'
    of a cluster, its upper half the pods' of a cluster.
    """

    type: Literal["gcp"]
    project: str | None = Field(default=None, examples=["my-project"])
    """The Google Cloud project; that of the mesh by default."""
    nat_addresses: int = Field(default=2, strict=True, ge=1, le=16)
    """Reserved addresses of the NAT; each is good for 64,512 connections to one destination at a time."""


class AwsNetworkConfig(CloudNetworkConfigBase):
    """A VPC of AWS with a public and a private subnet in each zone.

    Ranges are carved from `cidr`: each zone has the eighth that its letter tells, so that a further zone
    moves no other.
    """

    type: Literal["aws"]
    rules_per_security_group: int = Field(default=60, strict=True, ge=60, le=1000)
    """Inbound rules that one security group may have: the account's quota, which AWS raises on request."""


CloudNetworkConfig = GcpNetworkConfig | AwsNetworkConfig

NetworkConfig = Annotated[
    LocalNetworkConfig | ExternalNetworkConfig | GcpNetworkConfig | AwsNetworkConfig,
    Field(discriminator="type"),
]
