"""Rules on machines in a cloud."""

import re
from collections.abc import Iterator

from model.checks.in_clouds import cloud_group_rule
from model.checks.node_pools import machine_type_problems, min_over_max
from model.checks.registry import group_rule, kind_rule
from model.clouds.aws import known_root_device
from model.clouds.base import AnyCloud
from model.clouds.registry import AWS, cloud_of
from model.config.groups import WorkloadGroupConfig
from model.config.machines import CloudMachinesConfig, Ec2MachinesConfig
from model.config.mesh import MeshConfig
from model.derive.vm_sets import package_of_image
from model.reading.problems import Problem

_ARCHITECTURES = {"amd64": re.compile(r"amd64|x86[-_]64"), "arm64": re.compile(r"arm64|aarch64")}


@kind_rule
@cloud_group_rule
def machines_are_in_their_clouds_networks(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """VMs of a cloud are in networks of that cloud."""
    network = mesh.networks.get(group.network)
    if network is not None and cloud_of(network) is not cloud:
        yield Problem(
            f"workloadGroups.{name}.network",
            group.network,
            f"the machines are of type {machines.type}, and this network of type {network.type}",
            f"Choose a network of type {cloud.kinds.network}, or `machines: {{type: bundle}}`.",
        )


@kind_rule
@cloud_group_rule
def machines_can_prove_themselves_to_their_cluster(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """Only a cluster of the same cloud knows the identity of a cloud's VM."""
    cluster = mesh.clusters.get(group.cluster)
    if cluster is None or cloud_of(cluster) is cloud:
        return
    yield Problem(
        f"workloadGroups.{name}.cluster",
        group.cluster,
        f"a cluster of type {cluster.type} does not know the identity of machines of type {machines.type}",
        f"Choose a cluster of type {cloud.kinds.cluster}, or `machines: {{type: bundle}}`.",
    )


@cloud_group_rule
def a_set_of_machines_has_one_size(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """A set of machines has a `count`, or `min` and `max`; only the latter follows a load."""
    path = f"workloadGroups.{name}.machines"
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


@cloud_group_rule
def autoscaling_has_a_range(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """The fewest machines of a set are not more than its most."""
    if machines.min is not None and machines.max is not None:
        yield from min_over_max(f"workloadGroups.{name}.machines", machines.min, machines.max)


@cloud_group_rule
def machines_are_of_a_kind_that_their_cloud_has(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """The machine type of a group has the form of its cloud's."""
    yield from machine_type_problems(
        f"workloadGroups.{name}.machines.machineType", machines.machine_type, cloud
    )


@cloud_group_rule
def images_are_named_as_their_cloud_names_them(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """An image has the form of its cloud's: `project/family` on GCE, `ami-…` or a parameter on EC2."""
    if not cloud.images.matches(machines.image):
        yield Problem(
            f"workloadGroups.{name}.machines.image",
            machines.image,
            f"this is not an image of {machines.type.upper()}",
            f"Write one like {cloud.images.example}.",
        )


@cloud_group_rule
def images_tell_their_package(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """Where the name of an image does not tell its distribution, `package` says deb or rpm. What it says
    wins: the name of an image is yours to choose."""
    known = machines.package or package_of_image(machines.image)
    if cloud.images.matches(machines.image) and known is None:
        yield Problem(
            f"workloadGroups.{name}.machines.package",
            "",
            f"the name {machines.image} does not tell which package of Istio the machines need",
            "Add `package: deb` (Debian, Ubuntu) or `package: rpm` (RHEL, Rocky, Amazon Linux).",
        )


@cloud_group_rule
def images_can_join(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """An image is none of those that are known to lack what a VM needs to join."""
    refused = cloud.refused_image(machines)
    if refused is not None:
        yield Problem(f"workloadGroups.{name}.machines.image", machines.image, *refused)


@group_rule
def ec2_images_tell_their_root_device(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig
) -> Iterator[Problem]:
    """The name of the root disk of an image of EC2 is known or told: it is this disk that is encrypted."""
    machines = group.machines
    if not isinstance(machines, Ec2MachinesConfig) or not AWS.images.matches(machines.image):
        return
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


@cloud_group_rule
def images_are_for_their_processors(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Iterator[Problem]:
    """An image whose name tells an architecture is on machines of that architecture."""
    needed = cloud.architecture(machines.machine_type)
    told = next((key for key, form in _ARCHITECTURES.items() if form.search(machines.image)), needed)
    if told != needed:
        yield Problem(
            f"workloadGroups.{name}.machines.image",
            machines.image,
            f"this image is for {told}, and machines of type {machines.machine_type} are {needed}",
            f"Choose an image for {needed}, or another machine type.",
        )
