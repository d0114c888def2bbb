"""Meshes that break the rules of `model.checks.vms`."""

from tests.model.rule_cases.cloud import ORDERS, RATINGS, prod

AMAZON_LINUX_2 = "resolve:ssm:/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"

CLOUD_MACHINES = [
    prod("machines_are_in_their_clouds_networks", {f"{RATINGS}.network": "aws-us"}, "type gcp"),
    prod("machines_are_in_their_clouds_networks", {f"{ORDERS}.network": "dc-fra"}, "type: bundle"),
    prod(
        "clusters_can_verify_vm_identities",
        {f"{RATINGS}.cluster": "eks-us"},
        "`machines: {type: bundle}`",
    ),
    prod("clusters_can_verify_vm_identities", {f"{ORDERS}.cluster": "gke-eu"}, "type eks"),
    prod("a_group_has_one_size", {f"{RATINGS}.machines.count": 4}, "Keep `count`"),
    prod(
        "a_group_has_one_size",
        {f"{RATINGS}.machines": {"type": "gce", "min": 4}},
        "Add `max`",
        path=f"{RATINGS}.machines.max",
        value="",
    ),
    prod(
        "a_group_has_one_size",
        {f"{RATINGS}.machines": {"type": "gce", "count": 3, "targetCpuPercent": 50}},
        "`min` and `max`",
        path=f"{RATINGS}.machines.targetCpuPercent",
        value="50",
    ),
    prod(
        "rollouts_fit_the_group",
        {f"{ORDERS}.machines.rollout": {"maxUnavailable": 21}},
        "from 1 to 20",
        path=f"{ORDERS}.machines.rollout.maxUnavailable",
        value="21",
    ),
    prod("autoscaling_limits_are_valid", {f"{ORDERS}.machines.min": 21}, "Lower `min`"),
    prod(
        "group_machine_types_exist",
        {f"{RATINGS}.machines.machineType": "t3.small"},
        "e2-standard-4",
    ),
    prod(
        "images_have_valid_names",
        {f"{RATINGS}.machines.image": "ami-0abcdef1234567890"},
        "ubuntu-os-cloud/ubuntu-2404-lts-amd64",
    ),
    prod(
        "images_have_valid_names",
        {f"{ORDERS}.machines.image": "debian-12"},
        "resolve:ssm:",
    ),
    prod(
        "images_have_a_known_package",
        {f"{ORDERS}.machines.image": "ami-0abcdef1234567890", f"{ORDERS}.machines.rootDevice": "/dev/xvda"},
        "package: rpm",
        path=f"{ORDERS}.machines.package",
        value="",
    ),
    prod(
        "images_can_join",
        {f"{RATINGS}.machines.image": "debian-cloud/debian-12"},
        "ubuntu-os-cloud/ubuntu-2404-lts-amd64",
    ),
    prod(
        "images_can_join",
        {f"{RATINGS}.machines.image": "projects/rocky-linux-cloud/global/images/family/rocky-linux-9"},
        "the package cloud-init",
    ),
    prod(
        "ec2_images_have_a_known_root_device",
        {f"{ORDERS}.machines.image": "ami-0abcdef1234567890", f"{ORDERS}.machines.package": "rpm"},
        "aws ec2 describe-images --image-ids ami-0abcdef1234567890",
        path=f"{ORDERS}.machines.rootDevice",
        value="",
    ),
    prod(
        "ec2_images_have_a_known_root_device",
        {f"{ORDERS}.machines.rootDevice": "/dev/sda1"},
        "Leave `rootDevice` out",
    ),
    prod(
        "images_match_their_architecture",
        {f"{ORDERS}.machines.machineType": "t4g.small"},
        "an image for arm64",
        path=f"{ORDERS}.machines.image",
        value="resolve:ssm:/aws/service/debian/release/13/latest/amd64",
    ),
    prod(
        "images_can_join",
        {f"{RATINGS}.machines.image": "almalinux-cloud/almalinux-9", f"{RATINGS}.machines.package": "rpm"},
        "the package cloud-init",
    ),
    prod("images_can_join", {f"{ORDERS}.machines.image": AMAZON_LINUX_2}, "al2023-ami-kernel-default"),
    prod(
        "images_can_join",
        {
            f"{ORDERS}.machines.image": "resolve:ssm:/aws/service/bottlerocket/aws-ecs-2/x86_64/latest",
            f"{ORDERS}.machines.package": "rpm",
            f"{ORDERS}.machines.rootDevice": "/dev/xvda",
        },
        "al2023-ami-kernel-default",
    ),
    *(
        prod(
            "images_can_join",
            {f"{RATINGS}.machines.image": image, f"{RATINGS}.machines.package": package},
            "ubuntu-os-cloud/ubuntu-2404-lts-amd64",
        )
        for image, package in [
            ("cos-cloud/cos-stable", "deb"),
            ("suse-cloud/sles-15", "rpm"),
            ("opensuse-cloud/opensuse-leap", "rpm"),
            ("rocky-linux-accelerator-cloud/rocky-linux-9", "rpm"),
        ]
    ),
    prod(
        "images_can_join",
        {
            f"{RATINGS}.machines.image": "projects/acme/global/images/sles-15-cloud-init",
            f"{RATINGS}.machines.package": "rpm",
        },
        "an image with apt or dnf",
        path=f"{RATINGS}.machines.image",
    ),
    prod(
        "images_match_their_architecture",
        {f"{ORDERS}.machines.machineType": "a1.medium"},
        "an image for arm64",
        path=f"{ORDERS}.machines.image",
        value="resolve:ssm:/aws/service/debian/release/13/latest/amd64",
    ),
]
