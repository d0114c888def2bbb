"""Networks in Istio's sense: workloads of one network reach each other's addresses directly."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import LOCALITY_PATTERN, Cidr, Cidrs, Section


class WanConditionsConfig(Section):
    """Simulated WAN conditions for traffic that leaves the network (Linux netem)."""

    delay_milliseconds: float = Field(default=0, ge=0, le=10_000)
    """Delay of each packet that leaves the network, in milliseconds."""
    loss_percent: float = Field(default=0, ge=0, le=100)
    """Share of packets that are lost when they leave the network, in percent."""


class NetworkConfigBase(Section):
    gateway: str | None = Field(default=None, examples=["203.0.113.10"])
    """Address of an existing east-west gateway (port 15443) through which other networks reach this one. For
    networks in which no cluster has a gateway."""
    reachable: Literal["direct"] | None = None
    """`direct`: pods in other networks reach the VMs at their own addresses, over routes that you provide."""
    locality: str | None = Field(default=None, pattern=LOCALITY_PATTERN, examples=["eu-central/fra/rack-1"])
    """Locality of the network's VMs, for locality load balancing: `region`, `region/zone` or
    `region/zone/subzone`. Defaults in a cloud to the region and zone of each VM. Pods have that of their
    node."""
    labels: dict[str, str] = Field(default_factory=dict, examples=[{"site": "fra"}])
    """Additional labels of the network's VMs in the mesh. Those of a group take precedence."""


class _OneCidrConfig(NetworkConfigBase):
    cidr: Cidr = Field(examples=["10.10.0.0/16"])
    """CIDR of the network."""

    @property
    def cidrs(self) -> tuple[IPv4Network, ...]:
        """Every CIDR of the network."""
        return (self.cidr,)


class LocalNetworkConfig(_OneCidrConfig):
    """A network of the local site, on the host that runs the program."""

    type: Literal["local"]
    wan: WanConditionsConfig = WanConditionsConfig()
    """Simulated WAN conditions for traffic that leaves the network."""


class ExternalNetworkConfig(NetworkConfigBase):
    """An existing network that the program does not manage: a datacenter, an office, a VPC."""

    type: Literal["external"]
    cidr: Cidrs = Field(examples=["10.10.0.0/16", ["10.10.0.0/16", "100.64.0.0/16"]])
    """CIDR of the network, or a list of its CIDRs: those of nodes, VMs and pods."""
    egress: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.7/32"]])
    """Public CIDRs from which the network's traffic reaches the Internet. API servers and gateways in clouds
    allow only these; required if such clusters exist and the network has members."""

    @property
    def cidrs(self) -> tuple[IPv4Network, ...]:
        """Every CIDR of the network."""
        return self.cidr


class CloudNetworkConfigBase(_OneCidrConfig):
    region: str = Field(examples=["europe-west4"])
    """Region of the network."""
    zones: tuple[str, ...] = Field(default=(), examples=[["europe-west4-a", "europe-west4-b"]])
    """Zones over which nodes and VMs are spread. Defaults to the cloud's choice."""
    id: str | None = Field(default=None, examples=["shared-vpc"])
    """ID of an existing network in which the program creates its subnets. Without it, the program creates a
    network."""
    egress: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.7/32"]])
    """Public CIDRs from which the traffic of an existing network (`id`) reaches the Internet. Without it, the
    program creates a NAT with reserved addresses."""


class GcpNetworkConfig(CloudNetworkConfigBase):
    """A VPC network of Google Cloud with one subnet in one region.

    `cidr` is divided as follows: nodes and VMs use the first sixteenth; the Services of a cluster use the
    second, its control plane the first /28 of the third, and its pods the upper half.
    """

    type: Literal["gcp"]
    project: str | None = Field(default=None, examples=["my-project"])
    """Google Cloud project. Defaults to `project` of the mesh."""
    nat_addresses: int = Field(default=2, strict=True, ge=1, le=16)
    """Number of reserved addresses of the NAT. Each supports 64,512 simultaneous connections to one
    destination. Google uses an added address before other clusters allow it, so they may refuse connections
    until `up` ends; removing one ends its connections."""


class AwsNetworkConfig(CloudNetworkConfigBase):
    """An AWS VPC with a public and a private subnet in each zone.

    `cidr` is divided into eighths, and the letter of a zone selects its eighth. Adding a zone therefore does
    not move the subnets of the others.
    """

    type: Literal["aws"]
    region: str = Field(examples=["us-east-1"])
    """Region of the network."""
    zones: tuple[str, ...] = Field(default=(), examples=[["us-east-1a", "us-east-1b"]])
    """Zones over which nodes and VMs are spread. Defaults to three zones of the region. You can add zones
    later, but cannot remove those with which an EKS cluster of the network was created."""
    id: str | None = Field(default=None, examples=["vpc-0a1b2c3d4e5f60718"])
    """ID of an existing VPC in which the program creates its subnets. Without it, the program creates a
    VPC."""
    rules_per_security_group: int = Field(default=60, strict=True, ge=60, le=1000)
    """Maximum number of inbound rules of a security group: your account's quota, which AWS raises on request.
    """


CloudNetworkConfig = GcpNetworkConfig | AwsNetworkConfig

NetworkConfig = Annotated[
    LocalNetworkConfig | ExternalNetworkConfig | GcpNetworkConfig | AwsNetworkConfig,
    Field(discriminator="type"),
]
