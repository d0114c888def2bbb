"""Chromium, for the tests of pages that the program writes: a Debian root file system of its own, and a
script that starts it there.

The root file system of VMs is the base. The script gives each browser a mount namespace, so nothing is
written into the component, and a network namespace without any interface, so no page can reach anything.
"""

from pathlib import Path
from typing import Final

from hybrid_mesh.local.toolchain.component import Component, Task, text_of
from hybrid_mesh.local.toolchain.pins import Processor
from hybrid_mesh.local.toolchain.rootfs import ROOTFS
from hybrid_mesh.local.toolchain.store import remove

BROWSER: Final = "browser"
_PACKAGES: Final = ("chromium", "fonts-dejavu-core")
"""One family of fonts: what a page measures is the same on every host."""
_INSTALL: Final = """
set -eu
mount -t proc proc /proc
apt-get update
apt-get install --yes --no-install-recommends "$@"
"""
_SCRIPT: Final = """#!/bin/sh
# Chromium with the given options, without a network; what it writes ends with it. Needs root.
exec unshare --mount --net --pid --fork --kill-child sh -euc '
system=$1; shift
mount -t tmpfs tmpfs "$system/tmp"
mount -t proc proc "$system/proc"
mount --rbind /dev "$system/dev"
exec chroot "$system" env HOME=/tmp chromium "$@"' sh "$(dirname "$(readlink -f "$0")")/system" "$@"
"""
_UNNEEDED: Final = (
    *(f"usr/share/{name}" for name in ("doc", "i18n", "icons", "info", "lintian", "locale", "man", "mime")),
    *("var/lib/apt/lists", "var/cache", "usr/lib/python3", "usr/lib/python3.11"),
)
_DRIVERS: Final = ("dri", "libLLVM*", "libz3.so*")
"""Mesa's drivers of graphics cards: Chromium draws in software."""


def browser(processor: Processor) -> Component:
    """A component with the script `chromium` and the root file system `system`. Needs root."""

    def recipe(task: Task) -> None:
        system = task.output / "system"
        task.run(["cp", "--archive", "--reflink=auto", str(task.need(ROOTFS)), str(system)])
        task.run(["cp", "--dereference", "/etc/resolv.conf", str(system / "etc/resolv.conf")])
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "chroot", str(system)]
        task.run(
            [*own, "sh", "-c", _INSTALL, "sh", *_PACKAGES],
            environment={"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
        )
        drivers = (
            found for name in _DRIVERS for found in (system / "usr/lib" / processor.triplet).glob(name)
        )
        for path in (*(system / name for name in _UNNEEDED), *drivers):
            remove(path) if path.is_dir() else path.unlink(missing_ok=True)
        script = task.output / "chromium"
        script.write_text(_SCRIPT)
        script.chmod(0o755)

    inputs = {"recipe": text_of(Path(__file__)), "machine": processor.machine}
    return Component(BROWSER, recipe, inputs, needs=(ROOTFS,), seconds=40)
