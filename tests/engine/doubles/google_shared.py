"""What the rules of Google share: the types that they ask for, and those on disks and tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from tests.engine.doubles.rules import CloudCall

CLUSTER: Final = "gcp:container/cluster:Cluster"
POOL: Final = "gcp:container/nodePool:NodePool"
SUBNETWORK: Final = "gcp:compute/subnetwork:Subnetwork"
TEMPLATE: Final = "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate"
MANAGER: Final = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager"
ACCOUNT: Final = "gcp:serviceaccount/account:Account"
GoogleRule = Callable[[CloudCall], Iterator[str]]

ZONES: Final = 3
"""Of the double's regions; GKE and managed groups use three of a region by default."""
_ONLY_HYPERDISK: Final = re.compile(r"(a4|a4x|c4|c4a|c4d|h4d|m4|n4|n4a|n4d|x4)-")
_NO_HYPERDISK_BALANCED: Final = re.compile(r"(e2|f1|g1|n1|n2|n2d|t2a|t2d|c2|c2d|a2|custom)-")
_DISK_SIZES: Final = {"pd": (10, 65536), "hyperdisk": (10, 65536)}


def disk_fits_machine(machine: str, disk: str, gigabytes: int | None) -> Iterator[str]:
    """Newer machine series take Hyperdisk only, older ones no Hyperdisk Balanced (Compute Engine, "Machine
    series comparison"; issues 19890 of hashicorp/terraform-provider-google and 6614 of nextflow-io/nextflow).
    Sizes: "About Persistent Disk", "About Hyperdisk".
    """
    kind = disk.partition("-")[0]
    if (kind == "pd" and _ONLY_HYPERDISK.match(machine)) or (
        disk == "hyperdisk-balanced" and _NO_HYPERDISK_BALANCED.match(machine)
    ):
        yield f"[{disk}, {machine}] features are not compatible for creating instance."
    least, most = _DISK_SIZES.get(kind, (1, 65536))
    if gigabytes is not None and not least <= gigabytes <= most:
        yield f"Disk size {gigabytes} GB is not between {least} GB and {most} GB for {disk}"


def well_formed_tags(names: Iterable[str]) -> Iterator[str]:
    """Network tags are RFC 1035 labels (VPC, "Network tags")."""
    for tag in names:
        if not re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", tag):
            yield f"Invalid value for field 'tags': '{tag}'"
