"""Rules on machines in a cloud."""

import re
from collections.abc import Iterator

from model.checks.cloud_clusters import machine_type_problems, min_over_max
from model.checks.registry import rule
from model.config.clusters import EksClusterConfig, GkeClusterConfig
from model.config.groups import WorkloadGroupConfig
from model.config.machines import UBUNTU_ON_GCE, CloudMachinesConfig, Ec2MachinesConfig, GceMachinesConfig
from model.config.mesh import MeshConfig
from model.config.networks import AwsNetworkConfig, GcpNetworkConfig
from model.derive.vm_sets import (
    WITHOUT_CLOUD_INIT,
    architecture,
    image_project,
    known_root_device,
    package_of,
)
from model.reading.problems import Problem

IMAGE_FORMS = {
    "gce": re.compile(r"(projects/)?[a-z][a-z0-9.:-]*/(global/images/(family/)?)?[a-z][-a-z0-9]*"),
    "ec2": re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:[A-Za-z0-9_./:-]+"),
}
IMAGE_EXAMPLES = {
    "gce": "ubuntu-os-cloud/ubuntu-2404-lts-amd64",
    "ec2": "ami-0abcdef1234567890, or resolve:ssm:/aws/service/debian/release/12/latest/amd64",
}

_ARCHITECTURES = {"amd64": re.compile(r"amd64|x86[-_]64"), "arm64": re.compile(r"arm64|aarch64")}


@rule
def machines_are_in_their_clouds_networks(mesh: MeshConfig) -> Iterator[Problem]:
    """Machines of Compute Engine are in networks of Google Cloud, those of EC2 in networks of AWS."""
    for name, group in _cloud_groups(mesh):
        network = mesh.networks.get(group.network)
        kind, type_ = (
            (GcpNetworkConfig, "gcp")
            if isinstance(group.machines, GceMachinesConfig)
            else (AwsNetworkConfig, "aws")
        )
        if network is not None and not isinstance(network, kind):
            yield Problem(
                f"workloadGroups.{name}.network",
                group.network,
                f"the machines are of type {group.machines.type}, and this network of type {network.type}",
                f"Choose a network of type {type_}, or `machines: {{type: bundle}}`.",
            )


@rule
def machines_can_prove_themselves_to_their_cluster(mesh: MeshConfig) -> Iterator[Problem]:
    """Only GKE knows the identity of a Compute Engine machine, and only EKS that of an EC2 machine."""
    for name, group in _cloud_groups(mesh):
        cluster = mesh.clusters.get(group.cluster)
        gce = isinstance(group.machines, GceMachinesConfig)
        if cluster is None or isinstance(cluster, GkeClusterConfig if gce else EksClusterConfig):
            continue
        yield Problem(
            f"workloadGroups.{name}.cluster",
            group.cluster,
            f"a cluster of type {cluster.type} does not know the identity of machines of type "
            f"{group.machines.type}",
            f"Choose a cluster of type {'gke' if gce else 'eks'}, or `machines: {{type: bundle}}`.",
        )


@rule
def a_set_of_machines_has_one_size(mesh: MeshConfig) -> Iterator[Problem]:
    """A set of machines has a `count`, or `min` and `max`; only the latter follows a load."""
    for name, group in _cloud_groups(mesh):
        machines, path = group.machines, f"workloadGroups.{name}.machines"
        assert isinstance(machines, CloudMachinesConfig)
        if machines.count is not None and (machines.min is not None or machines.max is not None):
            yield Problem(
                f"{path}.count", str(machines.count), "there is `min` or `max` too", "Keep count, or both."
            )
        elif (machines.min is None) != (machines.max is None):
            missing = "max" if machines.max is None else "min"
            yield Problem(
                f"{path}.{missing}", "", "a set that grows has both `min` and `max`", f"Add `{missing}`."
            )
        elif machines.min is None and "target_cpu_percent" in machines.model_fields_set:
            yield Problem(
                f"{path}.targetCpuPercent",
                str(machines.target_cpu_percent),
                "a set of a fixed size follows no load",
                "Give it `min` and `max`, or leave `targetCpuPercent` out.",
            )


@rule
def autoscaling_has_a_range(mesh: MeshConfig) -> Iterator[Problem]:
    """The fewest machines of a set are not more than its most."""
    for name, group in _cloud_groups(mesh):
        machines = group.machines
        assert isinstance(machines, CloudMachinesConfig)
        if machines.min is not None and machines.max is not None:
            yield from min_over_max(f"workloadGroups.{name}.machines", machines.min, machines.max)


@rule
def machines_are_of_a_kind_that_their_cloud_has(mesh: MeshConfig) -> Iterator[Problem]:
    """The machine type of a group has the form of its cloud's."""
    for name, group in _cloud_groups(mesh):
        machines = group.machines
        assert isinstance(machines, CloudMachinesConfig)
        cloud = "gcp" if isinstance(machines, GceMachinesConfig) else "aws"
        yield from machine_type_problems(
            f"workloadGroups.{name}.machines.machineType", machines.machine_type, cloud
        )


@rule
def images_are_named_as_their_cloud_names_them(mesh: MeshConfig) -> Iterator[Problem]:
    """An image has the form of its cloud's: `project/family` on GCE, `ami-…` or a parameter on EC2."""
    for name, group in _cloud_groups(mesh):
        machines = group.machines
        assert isinstance(machines, CloudMachinesConfig)
        if not IMAGE_FORMS[machines.type].fullmatch(machines.image):
            yield Problem(
                f"workloadGroups.{name}.machines.image",
                machines.image,
                f"this is no image of {machines.type.upper()}",
                f"Write one like {IMAGE_EXAMPLES[machines.type]}.",
            )


@rule
def images_tell_their_package(mesh: MeshConfig) -> Iterator[Problem]:
    """Where the name of an image does not tell its distribution, `package` says deb or rpm; elsewhere it says
    the same."""
    for name, group in _cloud_groups(mesh):
        machines = group.machines
        assert isinstance(machines, CloudMachinesConfig)
        told = package_of(machines.model_copy(update={"package": None}))
        if told is not None and machines.package not in (None, told):
            yield Problem(
                f"workloadGroups.{name}.machines.package",
                str(machines.package),
                f"machines of the image {machines.image} install {told}",
                "Leave `package` out, or choose another image.",
            )
        if IMAGE_FORMS[machines.type].fullmatch(machines.image) and package_of(machines) is None:
            yield Problem(
                f"workloadGroups.{name}.machines.package",
                "",
                f"the name {machines.image} does not tell which package of Istio the machines need",
                "Add `package: deb` (Debian, Ubuntu) or `package: rpm` (RHEL, Rocky, Amazon Linux).",
            )


@rule
def gce_images_have_cloud_init(mesh: MeshConfig) -> Iterator[Problem]:
    """An image of Compute Engine is none of those that are known to have no cloud-init: Debian, RHEL, Rocky
    Linux and CentOS as Google makes them."""
    for name, group in _cloud_groups(mesh):
        machines = group.machines
        if isinstance(machines, GceMachinesConfig) and image_project(machines) in WITHOUT_CLOUD_INIT:
            yield Problem(
                f"workloadGroups.{name}.machines.image",
                machines.image,
                "this image has no cloud-init, so that its machines would never join",
                f"Choose {UBUNTU_ON_GCE}, or an image of your own with the package cloud-init installed, as "
                "projects/<project>/global/images/<name>.",
            )


@rule
def ec2_images_tell_their_root_device(mesh: MeshConfig) -> Iterator[Problem]:
    """The name of the root disk of an image of EC2 is known or told: it is this disk that is encrypted."""
    for name, group in _cloud_groups(mesh):
        machines = group.machines
        if not isinstance(machines, Ec2MachinesConfig) or not IMAGE_FORMS["ec2"].fullmatch(machines.image):
            continue
        path, known = f"workloadGroups.{name}.machines.rootDevice", known_root_device(machines.image)
        if known is None and machines.root_device is None:
            yield Problem(
                path,
                "",
                f"nothing tells the name of the root disk of {machines.image}, which is to be encrypted",
                f"Add `rootDevice: /dev/xvda` or `rootDevice: /dev/sda1`: `aws ec2 describe-images"
                f"{_image_ids(machines)} --query 'Images[].RootDeviceName'` tells which.",
            )
        elif known is not None and machines.root_device not in (None, known):
            yield Problem(
                path,
                str(machines.root_device),
                f"the root disk of this image is {known}, and it would stay unencrypted",
                "Leave `rootDevice` out.",
            )


def _image_ids(machines: Ec2MachinesConfig) -> str:
    return f" --image-ids {machines.image}" if machines.image.startswith("ami-") else ""


@rule
def images_are_for_their_processors(mesh: MeshConfig) -> Iterator[Problem]:
    """An image whose name tells an architecture is on machines of that architecture."""
    for name, group in _cloud_groups(mesh):
        machines = group.machines
        assert isinstance(machines, CloudMachinesConfig)
        needed = architecture(machines)
        told = next((key for key, form in _ARCHITECTURES.items() if form.search(machines.image)), needed)
        if told != needed:
            yield Problem(
                f"workloadGroups.{name}.machines.image",
                machines.image,
                f"this image is for {told}, and machines of type {machines.machine_type} are {needed}",
                f"Choose an image for {needed}, or another machine type.",
            )


def _cloud_groups(mesh: MeshConfig) -> list[tuple[str, WorkloadGroupConfig]]:
    groups = sorted(mesh.workload_groups.items())
    return [
        (name, group)
        for name, group in groups
        if isinstance(group.machines, Ec2MachinesConfig | GceMachinesConfig)
    ]
