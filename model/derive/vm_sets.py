"""Sets of machines in a cloud: how many, of what kind, and by which name they are known."""

import re
from typing import Literal

from model.config.groups import WorkloadGroupConfig
from model.config.machines import CloudMachinesConfig, Ec2MachinesConfig, GceMachinesConfig
from model.config.mesh import MeshConfig
from model.config.networks import CloudNetworkConfig, GcpNetworkConfig
from model.derive.names import google_name
from model.derive.subnets import zones_of
from model.derive.types import MachineSetPlan
from model.istio_facts import AGENT_PORT

ACCOUNT_ID_LIMIT = 30
"""Characters of a Google service account's id (IAM: "Create service accounts")."""

WITHOUT_CLOUD_INIT = frozenset(
    {"debian-cloud", "rocky-linux-cloud", "centos-cloud", "rhel-cloud", "rhel-sap-cloud"}
)
"""Projects of Google whose images have its guest agent and no cloud-init, so that user-data is never read.

Source: pull request 469 of andsens/bootstrap-vz for Debian, issue 16697 of kubernetes/kops for RHEL, Rocky
Linux and CentOS. Canonical's images of Ubuntu have cloud-init."""

ROOT_DEVICES = {
    "resolve:ssm:/aws/service/debian/": "/dev/xvda",
    "resolve:ssm:/aws/service/ami-amazon-linux-latest/": "/dev/xvda",
    "resolve:ssm:/aws/service/canonical/ubuntu/": "/dev/sda1",
}
"""Root disks of the images that their makers' own parameters name. What is reserved for the root differs by
image (EC2 User Guide, "Device names for volumes")."""

_DEB = re.compile(r"debian|ubuntu|canonical")
_RPM = re.compile(r"rhel|rocky|almalinux|centos|fedora|amazon-linux|ami-amazon|al2023")
_ARM_ON_EC2 = re.compile(r"[a-z]+[0-9]+g[a-z]*\.")
_ARM_ON_GCE = re.compile(r"(t2a|c4a|n4a)-")


def plan_machine_set(
    mesh: MeshConfig, stack: str, name: str, group: WorkloadGroupConfig
) -> MachineSetPlan | None:
    """The set of machines of group `name` on GCE or EC2; None for other machines, and where the network is
    none of their cloud, which a rule refuses."""
    machines, network = group.machines, mesh.networks.get(group.network)
    if not isinstance(machines, CloudMachinesConfig) or not isinstance(network, CloudNetworkConfig):
        return None
    minimum, maximum = size(machines)
    gce = isinstance(machines, GceMachinesConfig)
    return MachineSetPlan(
        type=machines.type,
        region=network.region,
        zones=zones_of(network),
        minimum=minimum,
        maximum=maximum,
        target_cpu_percent=machines.target_cpu_percent,
        machine_type=machines.machine_type,
        image=machines.image,
        disk_gigabytes=machines.disk_gigabytes,
        package=package_of(machines) or "deb",
        architecture=architecture(machines),
        ready_seconds=machines.ready_seconds,
        # Not Envoy's readiness: it depends on istiod, and while that is down every VM that boots would be
        # taken for broken.
        agent_port=AGENT_PORT,
        root_device=root_device(machines),
        service_account_id=service_account_id(stack, name) if gce else None,
        project=project_of(mesh, network) if gce and isinstance(network, GcpNetworkConfig) else None,
    )


def size(machines: CloudMachinesConfig) -> tuple[int, int]:
    """The fewest and the most machines; the same where the number is fixed."""
    fixed = machines.count if machines.count is not None else 1
    minimum = machines.min if machines.min is not None else fixed
    return minimum, machines.max if machines.max is not None else minimum


def package_of(machines: CloudMachinesConfig) -> Literal["deb", "rpm"] | None:
    """The form of Istio's package for the machines' image; None where nothing tells it."""
    if machines.package is not None:
        return machines.package
    if _DEB.search(machines.image):
        return "deb"
    return "rpm" if _RPM.search(machines.image) else None


def root_device(machines: CloudMachinesConfig) -> str | None:
    """The name of the root disk of machines of EC2, None where nothing tells it; None for GCE, which needs
    none."""
    if isinstance(machines, GceMachinesConfig):
        return None
    return machines.root_device or known_root_device(machines.image)


def known_root_device(image: str) -> str | None:
    """The root disk of an image of EC2 that its name tells."""
    return next((device for start, device in ROOT_DEVICES.items() if image.startswith(start)), None)


def image_project(machines: GceMachinesConfig) -> str:
    """The project that an image of Compute Engine is in."""
    return machines.image.removeprefix("projects/").partition("/")[0]


def architecture(machines: CloudMachinesConfig) -> Literal["amd64", "arm64"]:
    """The processors' architecture, which the kind of the machines tells."""
    arm = _ARM_ON_EC2 if isinstance(machines, Ec2MachinesConfig) else _ARM_ON_GCE
    return "arm64" if arm.match(machines.machine_type) else "amd64"


def machine_identity(mesh: MeshConfig, stack: str, name: str, group: WorkloadGroupConfig) -> str | None:
    """The name by which the API server knows the machines of group `name`.

    GCE: the e-mail of the group's service account, which GKE takes as the user's name. EC2: the Kubernetes
    group of the role's access entry. None for bundles.
    """
    match group.machines.type:
        case "local":
            return f"{name}@{stack}.hybrid-mesh.local"
        case "gce":
            network = mesh.networks.get(group.network)
            project = project_of(mesh, network) if isinstance(network, GcpNetworkConfig) else mesh.project
            return service_account_email(service_account_id(stack, name), project or "unknown")
        case "ec2":
            return f"hybrid-mesh:{name}"
        case _:
            return None


def service_account_id(stack: str, group: str) -> str:
    """The id of a group's Google service account: 6 to 30 characters that begin with a letter."""
    return google_name("hm", stack, group, limit=ACCOUNT_ID_LIMIT)


def service_account_email(account_id: str, project: str) -> str:
    """The e-mail of a service account; a project of a domain (`example.com:web`) has its parts turned round.

    Source: Google Cloud's IAM, "Service accounts overview".
    """
    domain, colon, name = project.rpartition(":")
    return f"{account_id}@{f'{name}.{domain}' if colon else project}.iam.gserviceaccount.com"


def project_of(mesh: MeshConfig, network: CloudNetworkConfig) -> str | None:
    """The Google Cloud project of a network."""
    return (network.project or mesh.project) if isinstance(network, GcpNetworkConfig) else None
