"""What a build needs of the host, found out before anything is changed."""

import os
import shutil
from dataclasses import dataclass

from hybrid_mesh.local.toolchain.component import Catalogue, Lane
from hybrid_mesh.local.toolchain.errors import ToolchainError
from hybrid_mesh.local.toolchain.pins import BUILD_GIBIBYTES
from hybrid_mesh.local.toolchain.pruning import size
from hybrid_mesh.local.toolchain.rootfs import ROOTFS
from hybrid_mesh.local.toolchain.store import Store

_GIBIBYTE = 2**30


@dataclass(frozen=True)
class BuildHost:
    """What the checks look at."""

    free_bytes: int
    is_root: bool


def look(store: Store) -> BuildHost:
    """This host, with the disk that holds the store."""
    folder = store.cache
    while not folder.exists():
        folder = folder.parent
    return BuildHost(shutil.disk_usage(folder).free, os.geteuid() == 0)


def check_account(host: BuildHost, names: list[str]) -> None:
    """Raises `ToolchainError`, with the remedy, if this account can neither build nor unpack `names`."""
    if ROOTFS in names and not host.is_root:
        raise ToolchainError(
            "the machines' root file system is made by debootstrap, as root: run it as root or with sudo"
        )


def check_disk(host: BuildHost, catalogue: Catalogue, names: list[str], store: Store) -> None:
    """Raises `ToolchainError`, with the remedy, if there is no room to build `names`."""
    if any(catalogue.components[name].lane is Lane.GO for name in names):
        held = size(store.work)
        available = host.free_bytes + held
        if available < BUILD_GIBIBYTES * _GIBIBYTE:
            raise ToolchainError(
                f"a build needs {BUILD_GIBIBYTES} GiB of disk, {store.cache} has "
                f"{available / _GIBIBYTE:.1f}: free some, or let HYBRID_MESH_CACHE name a larger disk"
            )
