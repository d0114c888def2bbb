"""Which public images can run VMs of the mesh, and what the name of an image shows.

A VM needs cloud-init, which reads the user-data, and `apt` or `dnf`, with which it installs Istio's package.
"""

import re

from hybrid_mesh.model.clouds.types import Refusal
from hybrid_mesh.model.config.istio import PackageForm
from hybrid_mesh.model.config.machines import UBUNTU_ON_GCE

WITHOUT_CLOUD_INIT = frozenset(
    {
        "almalinux-cloud",
        "centos-cloud",
        "debian-cloud",
        "fedora-cloud",
        "oracle-linux-cloud",
        "rhel-byos-cloud",
        "rhel-cloud",
        "rhel-sap-byos-cloud",
        "rhel-sap-cloud",
        "rocky-linux-accelerator-cloud",
        "rocky-linux-cloud",
    }
)
"""Projects of public images that have Google's guest agent and not, as far as is known, cloud-init, so that
user-data is never read.

Source: "Operating system details" of Compute Engine for the projects; pull request 469 of
andsens/bootstrap-vz for Debian, issue 16697 of kubernetes/kops for RHEL, Rocky Linux and CentOS,
`http/almalinux-9.gcp-x86_64.ks` of AlmaLinux/cloud-images. Canonical's images of Ubuntu have cloud-init."""

WITHOUT_PACKAGES = frozenset(
    {
        "cos-cloud",
        "fedora-coreos-cloud",
        "freebsd-org-cloud-dev",
        "opensuse-cloud",
        "suse-byos-cloud",
        "suse-cloud",
        "suse-sap-cloud",
        "windows-cloud",
        "windows-sql-cloud",
    }
)
"""Projects of public images that have neither apt nor dnf."""

VENDOR_PROJECTS = frozenset({"ubuntu-os-cloud", "ubuntu-os-pro-cloud"})
"""Projects of public images whose VMs can join."""

_INSTALLERS = re.compile(
    r"(?P<deb>debian|ubuntu|canonical)"
    r"|(?P<rpm>rhel|rocky|almalinux|centos|fedora|oracle-?linux|amazon-linux|ami-amazon|al2023)"
    r"|(?P<zypper>suse|\bsles)"
)
"""Names of distributions, and what installs packages there."""
_BEFORE_DNF = re.compile(r"/amzn2?-ami-|/amazon-linux-2(-[a-z0-9]+)*/")
"""Parameters of images of Amazon Linux before 2023."""
_OTHER_PARAMETERS = re.compile(r"resolve:ssm:/aws/service/(ami-windows[a-z-]*|bottlerocket|freebsd)/")

ALTERNATIVE_ON_GCE = (
    f"Choose {UBUNTU_ON_GCE}, or a custom image with the package cloud-init installed, as "
    "projects/<project>/global/images/<name>."
)
ALTERNATIVE_ON_EC2 = (
    "Choose Amazon Linux 2023: resolve:ssm:/aws/service/ami-amazon-linux-latest/"
    "al2023-ami-kernel-default-x86_64."
)


def package_of_image(image: str) -> PackageForm | None:
    """The format of Istio's package that the name of an image shows; None if it shows none."""
    found = _installer(image)
    return "deb" if found == "deb" else "rpm" if found == "rpm" else None


def needs_zypper(image: str) -> bool:
    """Whether the name of an image shows a distribution whose rpm packages dnf does not install."""
    return _installer(image) == "zypper"


def project_of_image(image: str) -> str:
    """The project of an image on Google Cloud."""
    return image.removeprefix("projects/").partition("/")[0]


def refused_on_gce(image: str) -> Refusal | None:
    """Why VMs of an image on Google Cloud would never join; None if they would, and for custom images."""
    project = project_of_image(image)
    if project in WITHOUT_CLOUD_INIT:
        return Refusal("this image has no cloud-init, so its VMs would never join", ALTERNATIVE_ON_GCE)
    if project in WITHOUT_PACKAGES:
        return Refusal("this image has neither apt nor dnf, so its VMs would never join", ALTERNATIVE_ON_GCE)
    return None


def refused_on_ec2(image: str) -> Refusal | None:
    """Why VMs of an image on AWS would never join; None if they would, and for custom images."""
    if _BEFORE_DNF.search(image):
        return Refusal(
            "this image has no dnf and no Python 3.9, so its VMs would never join", ALTERNATIVE_ON_EC2
        )
    if _OTHER_PARAMETERS.match(image):
        return Refusal("this image has neither apt nor dnf, so its VMs would never join", ALTERNATIVE_ON_EC2)
    return None


def _installer(image: str) -> str | None:
    """The first distribution in the image's own name counts, else the first in its project or path."""
    found = _INSTALLERS.search(image.rpartition("/")[2]) or _INSTALLERS.search(image)
    return found.lastgroup if found else None
