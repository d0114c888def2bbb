"""The system's packages that the local site needs, by Debian's names, and how to detect each."""

import shutil
from pathlib import Path
from typing import Final

LAB: Final = {
    "containerd": ("containerd", "ctr"),
    "runc": ("runc",),
    "containernetworking-plugins": ("/usr/lib/cni/ptp",),
    "iptables": ("iptables",),
    "conntrack": ("conntrack",),
    "iproute2": ("ip",),
    "systemd-container": ("systemd-nspawn",),
    "util-linux": ("nsenter", "unshare"),
}
"""Package -> its programs, and its files outside PATH, that a lab runs."""
BUILD: Final = {
    **LAB,
    "debootstrap": ("debootstrap",),
    "debian-archive-keyring": ("/usr/share/keyrings/debian-archive-keyring.gpg",),
    "dpkg": ("dpkg-deb",),
}
"""The same for building the toolchain, which installs what its lab will need."""

RECORD: Final = "installed-packages"
"""A file of the cache: the packages that a build has installed, one a line."""


def is_there(proof: str, path: str | None = None) -> bool:
    """Whether this host has a program, on PATH or `path`, or the file of an absolute path."""
    return Path(proof).exists() if proof.startswith("/") else shutil.which(proof, path=path) is not None
