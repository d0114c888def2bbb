"""Covers the folders of the host's file system that the lab's programs would write to.

kubelet, containerd, CNI, iptables and systemd-nspawn write to fixed places: /run, /var/log, /var/lib/cni,
/var/lib/kubelet/device-plugins. In the lab's mount namespace these are covered.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hybrid_mesh.local.linux import kernel
from hybrid_mesh.local.paths import cache_folder

EMPTY = ("/run", "/var/log")
"""Covered by an empty file system: nothing there outlives the lab, and no state may lie there."""
SHADOWED = Path("/var/lib")
"""Readable as on the host, and written to in memory. Only the lab's state and cache there are real."""


def cover(state: Path) -> None:
    """Covers the host's folders in the caller's mount namespace. Raises OSError."""
    with _kept(state, cache_folder()) as kept:
        for top in EMPTY:
            kernel.mount("tmpfs", top, "tmpfs", options="mode=0755")
        for name in ("netns", "lock", "shadow", "shadow/upper", "shadow/work"):
            Path("/run", name).mkdir()
        options = f"lowerdir={SHADOWED},upperdir=/run/shadow/upper,workdir=/run/shadow/work"
        kernel.mount("overlay", str(SHADOWED), "overlay", options=options)
        for folder, descriptor in kept.items():
            if SHADOWED in folder.parents:
                kernel.mount(f"/proc/self/fd/{descriptor}", str(folder), "none", kernel.MS_BIND)


@contextmanager
def _kept(*folders: Path) -> Iterator[dict[Path, int]]:
    opened = {folder.resolve(): os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in folders}
    try:
        yield opened
    finally:
        for descriptor in opened.values():
            os.close(descriptor)
