"""Rules on VMs in a cloud."""

import re

from hybrid_mesh.model.checks.in_clouds import CloudVms, cloud_group_rule
from hybrid_mesh.model.checks.node_pools import machine_type_problems, min_over_max
from hybrid_mesh.model.checks.registry import group_rule, kind_rule
from hybrid_mesh.model.clouds.aws import known_root_device
from hybrid_mesh.model.clouds.images import needs_zypper, package_of_image
from hybrid_mesh.model.clouds.registry import AWS, cloud_of
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.machines import Ec2MachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.problems import Problem, Problems

_ARCHITECTURES = {"amd64": re.compile(r"amd64|x86[-_]64"), "arm64": re.compile(r"arm64|aarch64")}


@kind_rule
@cloud_group_rule
def machines_are_in_their_clouds_networks(vms: CloudVms) -> Problems:
    """VMs of type `gce` or `ec2` must be in a network of the same cloud."""
    network = vms.mesh.networks.get(vms.group.network)
    if network is not None and cloud_of(network) is not vms.cloud:
        yield Problem(
            f"{vms.path}.network",
            vms.group.network,
            f"the VMs are of type {vms.machines.type} and this network of type {network.type}",
            f"Choose a network of type {vms.cloud.kinds.network}, or `machines: {{type: bundle}}`.",
        )


@kind_rule
@cloud_group_rule
def clusters_can_verify_vm_identities(vms: CloudVms) -> Problems:
    """VMs of type `gce` or `ec2` must register with a cluster of the same cloud, which can verify their
    identity."""
    cluster = vms.mesh.clusters.get(vms.group.cluster)
    if cluster is None or cloud_of(cluster) is vms.cloud:
        return
    yield Problem(
        f"{vms.path}.cluster",
        vms.group.cluster,
        f"a cluster of type {cluster.type} cannot verify the identity of VMs of type {vms.machines.type}",
        f"Choose a cluster of type {vms.cloud.kinds.cluster}, or `machines: {{type: bundle}}`.",
    )


@cloud_group_rule
def a_group_has_one_size(vms: CloudVms) -> Problems:
    """Set either `count`, or both `min` and `max`. `targetCpuPercent` requires `min` and `max`."""
    path = f"{vms.path}.machines"
    if vms.machines.count is not None and (vms.machines.min is not None or vms.machines.max is not None):
        yield Problem(
            f"{path}.count",
            str(vms.machines.count),
            "`count` cannot be set together with `min` or `max`",
            "Keep `count`, or `min` and `max`.",
        )
    elif (vms.machines.min is None) != (vms.machines.max is None):
        missing = "max" if vms.machines.max is None else "min"
        yield Problem(
            f"{path}.{missing}", "", "autoscaling requires both `min` and `max`", f"Add `{missing}`."
        )
    elif vms.machines.min is None and "target_cpu_percent" in vms.machines.model_fields_set:
        yield Problem(
            f"{path}.targetCpuPercent",
            str(vms.machines.target_cpu_percent),
            "a group with a fixed number of VMs does not scale",
            "Set `min` and `max`, or leave `targetCpuPercent` out.",
        )


@cloud_group_rule
def autoscaling_limits_are_valid(vms: CloudVms) -> Problems:
    """`min` must not exceed `max`."""
    if vms.machines.min is not None and vms.machines.max is not None:
        yield from min_over_max(f"{vms.path}.machines", vms.machines.min, vms.machines.max)


@cloud_group_rule
def group_machine_types_exist(vms: CloudVms) -> Problems:
    """`machineType` must be a machine type of the cloud."""
    yield from machine_type_problems(f"{vms.path}.machines.machineType", vms.machines.machine_type, vms.cloud)


@cloud_group_rule
def images_have_valid_names(vms: CloudVms) -> Problems:
    """`image` must have the cloud's form: `project/family` on GCE, `ami-…` or an SSM parameter on EC2."""
    if not vms.cloud.images.matches(vms.machines.image):
        yield Problem(
            f"{vms.path}.machines.image",
            vms.machines.image,
            f"not a valid {vms.machines.type.upper()} image",
            f"Write one like {vms.cloud.images.example}.",
        )


@cloud_group_rule
def images_have_a_known_package(vms: CloudVms) -> Problems:
    """`package` is required if the name of the image does not show its distribution. It takes precedence
    over the name."""
    image = vms.machines.image
    known = vms.machines.package or package_of_image(image)
    if vms.cloud.images.matches(image) and known is None and not needs_zypper(image):
        yield Problem(
            f"{vms.path}.machines.package",
            "",
            f"required: the image name {image} does not show which package of Istio the VMs need",
            "Add `package: deb` (Debian, Ubuntu) or `package: rpm` (RHEL, Rocky, Amazon Linux).",
        )


@cloud_group_rule
def images_can_join(vms: CloudVms) -> Problems:
    """`image` must have what a VM needs to join, as far as its name shows."""
    refused = vms.cloud.refused_image(vms.machines)
    if refused is not None:
        yield Problem(f"{vms.path}.machines.image", vms.machines.image, *refused)
    elif needs_zypper(vms.machines.image) and vms.machines.package != "deb":
        yield Problem(
            f"{vms.path}.machines.image",
            vms.machines.image,
            "VMs install the rpm package of Istio with dnf, which SUSE's distributions do not have",
            "Choose an image with apt or dnf; if this one has apt, add `package: deb`.",
        )


@group_rule
def ec2_images_have_a_known_root_device(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`rootDevice` is required if the root device of the image is not known."""
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
def images_match_their_architecture(vms: CloudVms) -> Problems:
    """`image` and `machineType` must have the same architecture, as far as the image's name shows it."""
    needed = vms.cloud.architecture(vms.machines.machine_type)
    built_for = _architecture_of_image(vms.machines.image, needed)
    if built_for != needed:
        yield Problem(
            f"{vms.path}.machines.image",
            vms.machines.image,
            f"this image is for {built_for}, but machine type {vms.machines.machine_type} is {needed}",
            f"Choose an image for {needed}, or another machine type.",
        )


def _architecture_of_image(image: str, needed: str) -> str:
    """The architecture that the image's own name shows, or else its project or path; `needed` if it may be
    that one."""
    for text in (image.rpartition("/")[2], image):
        shown = [key for key, form in _ARCHITECTURES.items() if form.search(text)]
        if shown:
            return needed if needed in shown else shown[0]
    return needed
