"""What a build needs of the host, found out before anything is changed."""

import math
import os
import shutil
from dataclasses import dataclass

from hybrid_mesh.local.toolchain.browser import BROWSER
from hybrid_mesh.local.toolchain.component import Catalogue, Lane
from hybrid_mesh.local.toolchain.errors import ToolchainError
from hybrid_mesh.local.toolchain.pins import BUILD_GIBIBYTES, KEPT_GIBIBYTES
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
    if not host.is_root and not {ROOTFS, BROWSER}.isdisjoint(names):
        raise ToolchainError(
            "debootstrap and apt create root file systems as root: run this as root or with sudo"
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


def announce(catalogue: Catalogue, names: list[str], packages: list[str], store: Store) -> list[str]:
    """What a build of `names` will do, one line a subject, to be said before; empty when it does nothing."""
    parts = [catalogue.components[name] for name in names]
    minutes = math.ceil(sum(part.seconds for part in parts) / 60)
    compiles = any(part.lane is Lane.GO for part in parts)
    services = {
        "pip's package index": any("requirement" in part.inputs for part in parts),
        "the Go module proxy (GOPROXY)": compiles,
        "a Debian mirror": bool(packages) or not {ROOTFS, BROWSER}.isdisjoint(names),
    }
    needed = [name for name, wanted in services.items() if wanted]
    lines = []
    if parts:
        count = "1 part" if len(parts) == 1 else f"{len(parts)} parts"
        lines.append(f"building {count}, about {minutes} min on two cores: {', '.join(names)}")
        disk = f"{BUILD_GIBIBYTES} GiB while it builds, " if compiles else ""
        lines.append(f"disk below {store.cache}: {disk}about {KEPT_GIBIBYTES} GiB in the end")
    if needed:
        lines.append(f"network: {', '.join(needed)}; HTTPS_PROXY is used")
    if packages:
        down = "; their services are not started" + (
            ", and containerd.service is disabled" if "containerd" in packages else ""
        )
        lines.append(f"packages installed by apt-get: {', '.join(packages)}{down}")
    return lines
