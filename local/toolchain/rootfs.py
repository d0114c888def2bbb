"""The Debian root file system that local machines boot from.

Source: debootstrap(8). Only the base comes by debootstrap itself: it does not resolve what cloud-init depends
on, and leaves it unconfigured. The rest is installed by the system's own apt.
"""

from pathlib import Path

from hybrid_mesh.local.toolchain.component import Component, Task, text_of
from hybrid_mesh.local.toolchain.pins import DEBIAN_PACKAGES, DEBIAN_SUITE, Processor
from hybrid_mesh.local.toolchain.store import remove

ROOTFS = "rootfs"
_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
"""A process tree of its own: what debootstrap mounts and starts goes with it, however it ends."""
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
_INSTALL = """
set -eu
mount -t proc proc /proc
printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get update
apt-get install --yes --no-install-recommends "$@"
rm /usr/sbin/policy-rc.d
apt-get clean
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
test "$(dpkg-query --show --showformat='${db:Status-Abbrev}' cloud-init)" = 'ii '
"""
_UNWANTED = (
    "var/lib/apt/lists",
    "var/cache/apt",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
)


def rootfs(processor: Processor) -> Component:
    """A component whose folder is the root file system itself. Needs root."""

    def recipe(task: Task) -> None:
        system = task.output
        options = ["--variant=minbase", f"--arch={processor.debian}"]
        task.run(
            [*_NAMESPACES, "debootstrap", *options, DEBIAN_SUITE, str(system)],
            environment=_QUIET,
        )
        task.run(
            [*_NAMESPACES, "chroot", str(system), "sh", "-c", _INSTALL, "sh", *DEBIAN_PACKAGES],
            environment=_QUIET,
        )
        _tidy(system)

    inputs = {
        "recipe": text_of(Path(__file__)),
        "suite": DEBIAN_SUITE,
        "packages": " ".join(DEBIAN_PACKAGES),
        "machine": processor.machine,
    }
    return Component(ROOTFS, recipe, inputs, seconds=75)


def _tidy(system: Path) -> None:
    """Drop what no machine needs, and what must differ from machine to machine."""
    for name in _UNWANTED:
        remove(system / name)
        (system / name).mkdir()
    for file in (system / "var/log").rglob("*"):
        if file.is_file():
            file.unlink()
    (system / "var/cache/apt/archives/partial").mkdir(parents=True)
    for name in ("etc/hostname", "etc/resolv.conf", "var/lib/dbus/machine-id"):
        (system / name).unlink(missing_ok=True)
    (system / "etc/machine-id").write_text("")
