"""The VMs of a workload group, and where they run."""

from typing import Annotated, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import DEVICE_PATTERN, Section, Switch
from hybrid_mesh.model.config.istio import Architecture, PackageForm

MachineCount = Annotated[int, Field(strict=True, ge=1, le=5000)]

UBUNTU_ON_GCE = "ubuntu-os-cloud/ubuntu-2404-lts-amd64"
"""An image with cloud-init, which reads the user-data. See `model.clouds.images`."""
DEBIAN_ON_EC2 = "resolve:ssm:/aws/service/debian/release/13/latest/amd64"
"""Debian's public parameter in AWS Systems Manager, which EC2 resolves when it launches an instance. Debian
13 has regular security support until August 2028; that of Debian 12 ended in 2026 (debian.org/releases)."""


class RolloutConfig(Section):
    """How VMs are replaced when what they boot with changes: their image, machine type, files, units or
    Istio version.

    `up` waits until every VM is replaced. At the first new VM that does not join the mesh or, with a `probe`,
    does not turn Healthy, it stops, names that VM and leaves the old VMs in service.
    """

    max_unavailable: int = Field(default=1, strict=True, ge=1, le=5000)
    """Number of VMs that are replaced at the same time. In a cloud, new VMs join before old ones leave. On
    GCE, at least one VM per zone is replaced at a time."""
    canary: Switch = True
    """Whether the first VM is replaced alone. On GCE, the first step is as large as the others."""


class LocalMachinesConfig(Section):
    """VMs of the local site, created on the host that runs the program."""

    type: Literal["local"]
    count: int = Field(default=1, strict=True, ge=1, le=50)
    """Number of VMs."""
    rollout: RolloutConfig = RolloutConfig()
    """How changed VMs are replaced."""


class BundleMachinesConfig(Section):
    """Existing VMs or servers. Each joins with the files that `hybrid-mesh bundle GROUP` writes."""

    type: Literal["bundle"]
    minimum: int = Field(default=0, strict=True, ge=0)
    """Number of VMs that must have joined before `pulumi up` succeeds."""
    package: PackageForm = "deb"
    """Format of the Istio package that the VMs install."""
    architecture: Architecture = "amd64"
    """CPU architecture of the VMs."""


class StaticMachinesConfig(Section):
    """Servers without an agent, for example databases and appliances. The mesh knows their addresses, and
    workloads call them in plain text."""

    type: Literal["static"]
    addresses: tuple[str, ...] = Field(min_length=1, examples=[["10.40.7.20", "10.40.7.21"]])
    """IPv4 addresses of the servers."""


class CloudMachinesConfigBase(Section):
    count: MachineCount | None = None
    """Fixed number of VMs. Defaults to 1. Cannot be combined with `min` and `max`."""
    min: MachineCount | None = Field(default=None, examples=[2])
    """Minimum number of VMs of an autoscaled group. Requires `max`."""
    max: MachineCount | None = Field(default=None, examples=[10])
    """Maximum number of VMs of an autoscaled group. Requires `min`."""
    target_cpu_percent: int = Field(default=60, strict=True, ge=10, le=95)
    """Average CPU utilization that autoscaling aims for, in percent. Requires `min` and `max`."""
    disk_gigabytes: int = Field(default=20, strict=True, ge=10, le=2000)
    """Size of each VM's disk in GB. Disks are encrypted."""
    package: PackageForm | None = None
    """Format of the Istio package for the image. Required if the name of the image does not show its
    distribution."""
    ready_seconds: int = Field(default=900, strict=True, ge=300, le=3600)
    """Time in seconds that a new VM has to get into service: it joins the mesh and, with a `probe`, turns
    healthy. After that time, EC2 replaces it; GCE leaves it, so that you can look into it."""
    rollout: RolloutConfig = RolloutConfig()
    """How changed VMs are replaced."""


class GceMachinesConfig(CloudMachinesConfigBase):
    """Compute Engine VMs in one managed instance group, spread over the zones of their network."""

    type: Literal["gce"]
    machine_type: str = "e2-small"
    """Machine type of the VMs."""
    image: str = UBUNTU_ON_GCE
    """Image with cloud-init: `<project>/<family>` or `projects/<project>/global/images/<name>`."""


class Ec2MachinesConfig(CloudMachinesConfigBase):
    """EC2 instances in one Auto Scaling group, spread over the zones of their network."""

    type: Literal["ec2"]
    machine_type: str = "t3.small"
    """Instance type of the VMs."""
    image: str = DEBIAN_ON_EC2
    """Image as `ami-…`, or `resolve:ssm:<parameter>` for the image that an SSM parameter names."""
    root_device: str | None = Field(default=None, pattern=DEVICE_PATTERN, examples=["/dev/xvda"])
    """Device name of the image's root disk, so that it can be encrypted. Required for other images than those
    of the Debian, Ubuntu and Amazon Linux parameters; `aws ec2 describe-images` shows it as `RootDeviceName`.
    """


CloudMachinesConfig = GceMachinesConfig | Ec2MachinesConfig
ExistingMachinesConfig = BundleMachinesConfig | StaticMachinesConfig
"""Machines that the program does not create."""

MachinesConfig = Annotated[
    LocalMachinesConfig | BundleMachinesConfig | StaticMachinesConfig | GceMachinesConfig | Ec2MachinesConfig,
    Field(discriminator="type"),
]
