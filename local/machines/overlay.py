"""A VM's disk: an overlay on the shared Debian root file system, with what an image builder would add.

Every path below the overlay is written by its real path: `var/run` of the root file system is an absolute
link, and a write through it would end up on the host.
"""

import shutil
from pathlib import Path

import yaml

from hybrid_mesh.local.linux import kernel
from hybrid_mesh.local.metadata.identity import METADATA_ADDRESS

CLOUD_CONFIG = {
    "datasource_list": ["NoCloud"],
    "network": {"config": "disabled"},
    "cloud_init_modules": ["write-files", "set_hostname", "update_etc_hosts"],
    "cloud_config_modules": ["runcmd"],
    "cloud_final_modules": ["scripts-user", "final-message"],
}
"""What cloud-init of this site's image does: the modules that act on the seed, and none that look for
disks, keys or mirrors that these VMs lack. Source: cloud-init's base configuration reference."""

IDLE_UNITS = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "systemd-pstore.service",
    "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path",
    "console-getty.service",
    "getty@tty1.service",
    "cloud-init-hotplugd.socket",
)


class Overlay:
    """The disk of one VM below `folder`: `upper` holds what the VM wrote and survives a power failure."""

    def __init__(self, folder: Path, rootfs: Path) -> None:
        self.root = folder / "root"
        self._upper = folder / "upper"
        self._work = folder / "work"
        self._rootfs = rootfs

    def mount(self) -> None:
        """Mounts the overlay at `root` in the calling process's mount namespace, unless it is mounted
        there."""
        if self.root.is_mount():
            return
        for folder in (self.root, self._upper, self._work):
            folder.mkdir(parents=True, exist_ok=True)
        options = f"lowerdir={self._rootfs.resolve()},upperdir={self._upper},workdir={self._work}"
        kernel.mount("overlay", str(self.root), "overlay", options=options)

    def unmount(self) -> None:
        if self.root.is_mount():
            kernel.unmount(str(self.root))

    def remove(self) -> None:
        self.unmount()
        for folder in (self.root, self._upper, self._work):
            shutil.rmtree(folder, ignore_errors=True)

    def prepare(self, *, name: str, instance_id: str, user_data: str) -> None:
        """Makes the mounted overlay the disk of a VM that has never booted. A disk with this instance's seed
        is not changed, as in a cloud at a restart."""
        seed = self.root / "var/lib/cloud/seed/nocloud"
        meta_data = f"instance-id: {instance_id}\nlocal-hostname: {name}\n"
        if (seed / "meta-data").exists() and (seed / "meta-data").read_text() == meta_data:
            return
        self._write_image_settings(name)
        seed.mkdir(parents=True, exist_ok=True)
        (seed / "user-data").write_text(user_data)
        (seed / "user-data").chmod(0o600)
        (seed / "meta-data").write_text(meta_data)

    def _write_image_settings(self, name: str) -> None:
        etc = self.root / "etc"
        (etc / "machine-id").write_text("")
        (etc / "hostname").write_text(f"{name}\n")
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost\n")
        # As on GCE; the agent captures the queries and answers for the mesh.
        (etc / "resolv.conf").unlink(missing_ok=True)
        (etc / "resolv.conf").write_text(f"nameserver {METADATA_ADDRESS}\n")
        (etc / "cloud/cloud.cfg.d").mkdir(parents=True, exist_ok=True)
        (etc / "cloud/cloud.cfg.d/99-hybrid-mesh-lab.cfg").write_text(yaml.safe_dump(CLOUD_CONFIG))
        (etc / "dpkg/dpkg.cfg.d/hybrid-mesh-lab").write_text("force-unsafe-io\n")
        (etc / "systemd/journald.conf.d").mkdir(parents=True, exist_ok=True)
        (etc / "systemd/journald.conf.d/lab.conf").write_text(
            "[Journal]\nStorage=persistent\nSystemMaxUse=32M\n"
        )
        (self.root / "var/log/journal").mkdir(exist_ok=True)
        for unit in IDLE_UNITS:
            link = etc / "systemd/system" / unit
            link.unlink(missing_ok=True)
            link.symlink_to("/dev/null")
