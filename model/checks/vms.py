"""Rules on VMs in a cloud."""

import re

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
from model.reading.problems import Problem, Problems

_ARCHITECTURES = {"amd64": re.compile(r"amd64|x86[-_]64"), "arm64": re.compile(r"arm64|aarch64")}


@kind_rule
@cloud_group_rule
def machines_are_in_their_clouds_networks(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """VMs of a cloud are in networks of that cloud."""
    network = mesh.networks.get(group.network)
    if network is not None and cloud_of(network) is not cloud:
        yield Problem(
            f"workloadGroups.{name}.network",
            group.network,
            f"the VMs are of type {machines.type} and this network of type {network.type}",
            f"Choose a network of type {cloud.kinds.network}, or `machines: {{type: bundle}}`.",
        )


@kind_rule
@cloud_group_rule
def machines_can_prove_themselves_to_their_cluster(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """Only a cluster of the same cloud can verify the identity of a cloud's VM."""
    cluster = mesh.clusters.get(group.cluster)
    if cluster is None or cloud_of(cluster) is cloud:
        return
    yield Problem(
        f"workloadGroups.{name}.cluster",
        group.cluster,
        f"a cluster of type {cluster.type} cannot verify the identity of VMs of type {machines.type}",
        f"Choose a cluster of type {cloud.kinds.cluster}, or `machines: {{type: bundle}}`.",
    )


@cloud_group_rule
def a_set_of_machines_has_one_size(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """The number of VMs is a `count`, or between `min` and `max`; only the latter scales automatically."""
    path = f"workloadGroups.{name}.machines"
    if machines.count is not None and (machines.min is not None or machines.max is not None):
        yield Problem(
            f"{path}.count",
            str(machines.count),
            "`count` cannot be set together with `min` or `max`",
            "Keep `count`, or `min` and `max`.",
        )
    elif (machines.min is None) != (machines.max is None):
        missing = "max" if machines.max is None else "min"
        yield Problem(
            f"{path}.{missing}", "", "autoscaling requires both `min` and `max`", f"Add `{missing}`."
        )
    elif machines.min is None and "target_cpu_percent" in machines.model_fields_set:
        yield Problem(
            f"{path}.targetCpuPercent",
            str(machines.target_cpu_percent),
            "a group with a fixed number of VMs does not scale",
            "Set `min` and `max`, or leave `targetCpuPercent` out.",
        )


@cloud_group_rule
def autoscaling_has_a_range(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """`min` of a group's VMs does not exceed `max`."""
    if machines.min is not None and machines.max is not None:
        yield from min_over_max(f"workloadGroups.{name}.machines", machines.min, machines.max)


@cloud_group_rule
def machines_are_of_a_kind_that_their_cloud_has(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """The machine type of a group is a machine type of its cloud."""
    yield from machine_type_problems(
        f"workloadGroups.{name}.machines.machineType", machines.machine_type, cloud
    )


@cloud_group_rule
def images_are_named_as_their_cloud_names_them(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """An image has its cloud's form: `project/family` on GCE, `ami-…` or an SSM parameter on EC2."""
    if not cloud.images.matches(machines.image):
        yield Problem(
            f"workloadGroups.{name}.machines.image",
            machines.image,
            f"not a valid {machines.type.upper()} image",
            f"Write one like {cloud.images.example}.",
        )


@cloud_group_rule
def images_tell_their_package(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """`package` is required where the name of an image does not show its distribution, and takes precedence
    where both are known: the names of custom images are arbitrary."""
    known = machines.package or package_of_image(machines.image)
    if cloud.images.matches(machines.image) and known is None:
        yield Problem(
            f"workloadGroups.{name}.machines.package",
            "",
            f"required: the image name {machines.image} does not show which package of Istio the VMs need",
            "Add `package: deb` (Debian, Ubuntu) or `package: rpm` (RHEL, Rocky, Amazon Linux).",
        )


@cloud_group_rule
def images_can_join(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """An image has what a VM needs to join, as far as its name shows."""
    refused = cloud.refused_image(machines)
    if refused is not None:
        yield Problem(f"workloadGroups.{name}.machines.image", machines.image, *refused)


@group_rule
def ec2_images_tell_their_root_device(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """The root device of an EC2 image is known or set, as the program encrypts the disk by that name."""
    machines = group.machines
    if not isinstance(machines, Ec2MachinesConfig) or not AWS.images.matches(machines.image):
        return
    path, known = f"workloadGroups.{name}.machines.rootDevice", known_root_device(machines.image)
    if known is None and machines.root_device is None:
        yield Problem(
            path,
            "",
            f"required to encrypt the root disk: the root device of {machines.image} is not known",
            f"Add `rootDevice: /dev/xvda` or `rootDevice: /dev/sda1`: `aws ec2 describe-images"
            f"{_image_ids(machines)} --query 'Images[].RootDeviceName'` shows which.",
        )
    elif known is not None and machines.root_device not in (None, known):
        yield Problem(
            path,
            str(machines.root_device),
            f"the root device of this image is {known}; with another name it would stay unencrypted",
            "Leave `rootDevice` out.",
        )


def _image_ids(machines: Ec2MachinesConfig) -> str:
    return f" --image-ids {machines.image}" if machines.image.startswith("ami-") else ""


@cloud_group_rule
def images_are_for_their_processors(
    mesh: MeshConfig, name: str, group: WorkloadGroupConfig, machines: CloudMachinesConfig, cloud: AnyCloud
) -> Problems:
    """An image whose name shows an architecture runs on machine types of that architecture."""
    needed = cloud.architecture(machines.machine_type)
    built_for = next((key for key, form in _ARCHITECTURES.items() if form.search(machines.image)), needed)
    if built_for != needed:
        yield Problem(
            f"workloadGroups.{name}.machines.image",
            machines.image,
            f"this image is for {built_for}, but machine type {machines.machine_type} is {needed}",
            f"Choose an image for {needed}, or another machine type.",
        )
