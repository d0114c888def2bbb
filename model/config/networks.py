"""Networks, in Istio's sense: workloads of one network reach each other's addresses directly."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from model.config.base import Section


class WanConditions(Section):
    """What the lab's WAN does to this network's traffic (Linux netem)."""

    delay_milliseconds: float = Field(default=0, ge=0, le=10_000)
    loss_percent: float = Field(default=0, ge=0, le=100)


class LocalNetwork(Section):
    """A network inside the lab of this machine."""

    type: Literal["local"]
    cidr: IPv4Network
    wan: WanConditions = WanConditions()
    gateway: str | None = None
    reachable: Literal["direct"] | None = None


class ExternalNetwork(Section):
    """A network that others own: a datacenter, an office, an existing VPC."""

    type: Literal["external"]
    cidr: IPv4Network
    gateway: str | None = None
    reachable: Literal["direct"] | None = None


Network = Annotated[LocalNetwork | ExternalNetwork, Field(discriminator="type")]
