"""The clouds, and which of them a section of the configuration is in."""

from typing import Protocol, overload

from hybrid_mesh.model.clouds.aws import Aws
from hybrid_mesh.model.clouds.base import AnyCloud, Cloud
from hybrid_mesh.model.clouds.google import GoogleCloud
from hybrid_mesh.model.config.clusters import CloudClusterConfig, EksClusterConfig, GkeClusterConfig
from hybrid_mesh.model.config.machines import CloudMachinesConfig, Ec2MachinesConfig, GceMachinesConfig
from hybrid_mesh.model.config.networks import AwsNetworkConfig, CloudNetworkConfig, GcpNetworkConfig

GOOGLE: Cloud[GcpNetworkConfig, GkeClusterConfig, GceMachinesConfig] = GoogleCloud()
AWS: Cloud[AwsNetworkConfig, EksClusterConfig, Ec2MachinesConfig] = Aws()

CLOUDS: tuple[AnyCloud, ...] = (GOOGLE, AWS)

_BY_KIND = {
    kind: cloud
    for cloud in CLOUDS
    for kind in (cloud.kinds.network, cloud.kinds.cluster, cloud.kinds.machines)
}


CloudSection = CloudNetworkConfig | CloudClusterConfig | CloudMachinesConfig


class Section(Protocol):
    """A network, a cluster or a group's VMs."""

    @property
    def type(self) -> str: ...


@overload
def cloud_of(section: CloudSection) -> AnyCloud: ...


@overload
def cloud_of(section: Section) -> AnyCloud | None: ...


def cloud_of(section: Section) -> AnyCloud | None:
    """The cloud of a network, a cluster or a group's VMs; None if it is not in a cloud."""
    return _BY_KIND.get(section.type)
