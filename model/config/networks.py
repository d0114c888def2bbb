"""Networks, in Istio's sense: workloads of one network reach each other's addresses directly."""

from typing import Annotated, Literal

from pydantic import Field

from model.config.base import Cidr, Section


class WanConditions(Section):
    """What the lab's WAN does to this network's traffic (Linux netem)."""

    delay_milliseconds: float = Field(default=0, ge=0, le=10_000)
    """Delay of each packet that leaves the network, in milliseconds."""
    loss_percent: float = Field(default=0, ge=0, le=100)
    """Share of the packets that are lost on leaving the network, in percent."""


class NetworkBase(Section):
    cidr: Cidr = Field(examples=["10.10.0.0/16"])
    """The range of the network's addresses; no two networks overlap."""
    gateway: str | None = Field(default=None, examples=["203.0.113.10"])
    """Address of a gateway (port 15443) that lets others in, where no cluster's gateway does."""
    reachable: Literal["direct"] | None = None
    """`direct`: others reach this network's machines by their addresses, over routes that you provide."""


class LocalNetwork(NetworkBase):
    """A network inside the lab of this machine."""

    type: Literal["local"]
    wan: WanConditions = WanConditions()
    """What happens to traffic that leaves the network."""


class ExternalNetwork(NetworkBase):
    """A network that others own: a datacenter, an office, an existing VPC."""

    type: Literal["external"]


Network = Annotated[LocalNetwork | ExternalNetwork, Field(discriminator="type")]
