"""The clouds, and which of them a section of the configuration is in."""

from typing import Protocol

from model.clouds.aws import Aws
from model.clouds.base import AnyCloud, Cloud
from model.clouds.google import GoogleCloud
from model.config.clusters import EksClusterConfig, GkeClusterConfig
from model.config.machines import Ec2MachinesConfig, GceMachinesConfig
from model.config.networks import AwsNetworkConfig, GcpNetworkConfig

GOOGLE: Cloud[GcpNetworkConfig, GkeClusterConfig, GceMachinesConfig] = GoogleCloud()
AWS: Cloud[AwsNetworkConfig, EksClusterConfig, Ec2MachinesConfig] = Aws()

CLOUDS: tuple[AnyCloud, ...] = (GOOGLE, AWS)

_BY_KIND = {
    kind: cloud
    for cloud in CLOUDS
    for kind in (cloud.kinds.network, cloud.kinds.cluster, cloud.kinds.machines)
}


class Section(Protocol):
    """A network, a cluster or a group's VMs."""

    @property
    def type(self) -> str: ...


def cloud_of(section: Section) -> AnyCloud | None:
    """The cloud that a network, a cluster or VMs are in; None where they are in no cloud."""
    return _BY_KIND.get(section.type)
