"""What the names of images show, and which images are left to the user."""

from typing import Any

import pytest

from hybrid_mesh.model.clouds.images import needs_zypper, package_of_image
from hybrid_mesh.model.clouds.registry import AWS, GOOGLE
from hybrid_mesh.model.plan.build import plan_from
from tests.model.meshes import PROD, changed


@pytest.mark.parametrize(
    ("image", "package"),
    [
        ("ubuntu-os-cloud/ubuntu-2404-lts-amd64", "deb"),
        (
            "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/current/amd64/ami-id",
            "deb",
        ),
        ("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "rpm"),
        ("projects/debian-team/global/images/rocky-9-cloud-init", "rpm"),
        ("projects/rhel-migration/global/images/ubuntu-2404-from-rhel", "deb"),
        ("projects/acme/global/images/rocky-9-for-ubuntu-users", "rpm"),
        ("projects/acme/global/images/oracle-db-on-debian-12", "deb"),
        ("projects/acme/global/images/ubuntu-2404-suse-manager", "deb"),
        ("projects/acme/global/images/golden-2026-11", None),
        ("ami-0abcdef1234567890", None),
        ("suse-cloud/sles-15", None),
    ],
)
def test_the_first_distribution_in_its_own_name_shows_the_package(image: str, package: str | None) -> None:
    assert package_of_image(image) == package


@pytest.mark.parametrize("image", ["suse-cloud/sles-15", "projects/a/global/images/opensuse-leap-15"])
def test_suse_has_no_dnf(image: str) -> None:
    assert needs_zypper(image)


@pytest.mark.parametrize(
    ("group", "machines"),
    [
        ("ratings", {"image": "projects/acme-cloud/global/images/golden", "package": "deb"}),
        ("ratings", {"image": "acme-debian-cloud/golden", "package": "deb"}),
        ("ratings", {"image": "projects/acme/global/images/debian-cloud-rocky-cloud", "package": "deb"}),
        ("ratings", {"image": "projects/acme/global/images/sles-to-ubuntu", "package": "deb"}),
        (
            "ratings",
            {"image": "projects/amd64-pool/global/images/ubuntu-arm64", "machineType": "c4a-highcpu-2"},
        ),
        ("ratings", {"image": "ubuntu-os-pro-cloud/ubuntu-pro-2404-lts-amd64"}),
        ("ratings", {"machineType": "custom-4-8192"}),
        (
            "orders",
            {
                "image": "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
                "rootDevice": "/dev/xvda",
            },
        ),
        ("orders", {"image": "resolve:ssm:/acme/images/rocky-9", "rootDevice": "/dev/sda1"}),
    ],
)
def test_custom_images_and_types_pass(group: str, machines: dict[str, Any]) -> None:
    changes = {f"workloadGroups.{group}.machines.{key}": value for key, value in machines.items()}
    assert plan_from(changed(PROD, changes), "prod").groups[group].machine_set is not None


@pytest.mark.parametrize(
    "machine", ["t2a-standard-1", "c4a-highmem-96-metal", "n4a-custom-4-8192", "a4x-highgpu-4g"]
)
def test_google_machines_with_arm_processors(machine: str) -> None:
    assert GOOGLE.architecture(machine) == "arm64"


@pytest.mark.parametrize(
    "machine",
    ["c4-standard-4", "c4d-standard-2", "n4-standard-2", "custom-4-8192", "e2-small"],
)
def test_google_machines_with_x86_processors(machine: str) -> None:
    assert GOOGLE.architecture(machine) == "amd64"


@pytest.mark.parametrize(
    "machine",
    [
        "m8g.large",
        "r8gd.metal-24xl",
        "im4gn.large",
        "is4gen.medium",
        "x2gd.large",
        "hpc7g.4xlarge",
        "p6e-gb200.36xlarge",
    ],
)
def test_aws_machines_with_arm_processors(machine: str) -> None:
    assert AWS.architecture(machine) == "arm64"


@pytest.mark.parametrize("machine", ["g4dn.xlarge", "g6e.xlarge", "m7i-flex.large", "p6-b200.48xlarge"])
def test_aws_machines_with_x86_processors(machine: str) -> None:
    assert AWS.architecture(machine) == "amd64"
