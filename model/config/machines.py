"""Where the machines of a group come from."""

from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import DEVICE_PATTERN, Section
from hybrid_mesh.model.config.istio import Architecture, PackageForm

MachineCount = Annotated[int, Field(strict=True, ge=1, le=5000)]

UBUNTU_ON_GCE = "ubuntu-os-cloud/ubuntu-2404-lts-amd64"
"""An image with cloud-init, which reads the user-data (`model.clouds.google.WITHOUT_CLOUD_INIT`)."""
DEBIAN_ON_EC2 = "resolve:ssm:/aws/service/debian/release/12/latest/amd64"
"""Debian's own parameter of AWS Systems Manager, which EC2 resolves when it launches a machine."""


class LocalMachinesConfig(Section):
    """Machines that the embedded site boots on this machine."""

    type: Literal["local"]
    count: int = Field(default=1, strict=True, ge=1, le=50)
    """How many."""


class BundleMachinesConfig(Section):
    """Machines that somebody owns already, joined by a folder that `hybrid-mesh bundle GROUP` writes."""

    type: Literal["bundle"]
    minimum: int = Field(default=0, strict=True, ge=0)
    """How many must have joined before `pulumi up` ends."""
    package: PackageForm = "deb"
    """The form of Istio's package that the machines install."""
    architecture: Architecture = "amd64"
    """The architecture of the machines."""


class CloudMachinesConfigBase(Section):
    count: MachineCount | None = None
    """How many; 1 by default. Leave it out where `min` and `max` say it."""
    min: MachineCount | None = Field(default=None, examples=[2])
    """With `max`: machines that there always are; how many more there are follows their load."""
    max: MachineCount | None = Field(default=None, examples=[10])
    """With `min`: machines that there are at most."""
    target_cpu_percent: int = Field(default=60, strict=True, ge=10, le=95)
    """With `min` and `max`: the load of the processors that the cloud keeps to."""
    disk_gigabytes: int = Field(default=20, strict=True, ge=10, le=2000)
    """Size of each machine's disk, which is encrypted."""
    package: PackageForm | None = None
    """The form of Istio's package for the image; told by the image's name where it says its distribution."""
    ready_seconds: int = Field(default=300, strict=True, ge=300, le=3600)
    """Time that a machine has to join before the cloud takes it for broken."""


class GceMachinesConfig(CloudMachinesConfigBase):
    """Machines of Compute Engine, in one managed group over the zones of their network."""

    type: Literal["gce"]
    machine_type: str = "e2-small"
    """Kind of the machines."""
    image: str = UBUNTU_ON_GCE
    """Image that has cloud-init: `project/family`, or `projects/<project>/global/images/<name>`."""


class Ec2MachinesConfig(CloudMachinesConfigBase):
    """Machines of EC2, in one autoscaling group over the zones of their network."""

    type: Literal["ec2"]
    machine_type: str = "t3.small"
    """Kind of the machines, which AWS calls their instance type."""
    image: str = DEBIAN_ON_EC2
    """Image as `ami-…`, or `resolve:ssm:<parameter>` for one that a parameter names."""
    root_device: str | None = Field(default=None, pattern=DEVICE_PATTERN, examples=["/dev/xvda"])
    """Name of the image's root disk, which is encrypted. It is known for the parameters of Debian, Ubuntu and
    Amazon Linux; for other images `aws ec2 describe-images` tells it (`RootDeviceName`)."""


CloudMachinesConfig = GceMachinesConfig | Ec2MachinesConfig

MachinesConfig = Annotated[
    LocalMachinesConfig | BundleMachinesConfig | GceMachinesConfig | Ec2MachinesConfig,
    Field(discriminator="type"),
]
