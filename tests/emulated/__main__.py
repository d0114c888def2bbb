"""Brings a mesh up on an emulated host with cgroup v2 only: `make test-emulated`, as root, an hour or more.

The emulated host (QEMU without hardware virtualization) runs a Debian kernel on this host's files: they are
mounted read-only, and what the guest writes goes to a disk that is thrown away. It has no network. Every
deadline is multiplied by HYBRID_MESH_PATIENCE (10 if it is not set), because emulation is slow.
Where KVM runs Debian's kernel, `python -m tests.emulated kvm` does the same in a fraction of the time.
"""

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from hybrid_mesh.local.paths import cache_folder, project_folder
from tests.emulated.kernel import GUEST, Kernel, get_kernel, write_initramfs

PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mkfs.ext4": "e2fsprogs",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
    "systemd-nspawn": "systemd-container",
}
EMULATION = "tcg,thread=multi"
PROCESSORS = 2
MEMORY = "6G"
DISK_BYTES = 16 << 30
SECONDS = 2 * 3600.0
COMMAND_LINE = (
    "console=ttyS0 panic=-1 nowatchdog mitigations=off systemd.unit=emulated.target "
    "systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all systemd.show_status=0 systemd.firstboot=off"
)


def main(accelerator: str) -> int:
    if problems := _problems():
        print(*problems, sep="\n", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kernel = get_kernel(cache_folder() / "emulated")
    folder = Path(tempfile.mkdtemp(prefix="hybrid-mesh-emulated-"))
    code = 1
    try:
        code = _run(_command(accelerator, kernel, folder), kernel, folder)
    finally:
        if code == 0:
            shutil.rmtree(folder)
        else:
            (folder / "disk").unlink(missing_ok=True)
            print(f"What was seen is in {folder}: report/ and console.", file=sys.stderr)
    return code


def _problems() -> list[str]:
    """What this host lacks, one line each."""
    problems = [
        f"{program} is not installed: apt-get install {package}"
        for program, package in PROGRAMS.items()
        if shutil.which(program) is None
    ]
    if os.geteuid() != 0:
        problems.append("not root: the guest reads this host's files as they are")
    if platform.machine() != "x86_64":
        problems.append(f"this host is {platform.machine()}; the guest runs its programs and is x86_64")
    if not (project_folder() / ".toolchain").exists():
        problems.append("the toolchain is not built: make toolchain")
    return problems


def _run(command: list[str], kernel: Kernel, folder: Path) -> int:
    """Boots the guest by `command`, shows what it reports, and returns the exit code of its script."""
    report = folder / "report"
    report.mkdir()
    (report / "environment").write_text("".join(f"{key}={value}\n" for key, value in _environment().items()))
    output = report / "output"
    output.touch()
    with (folder / "disk").open("wb") as disk:
        disk.truncate(DISK_BYTES)
    subprocess.run(["mkfs.ext4", "-q", folder / "disk"], check=True)
    write_initramfs(kernel, folder / "initramfs")
    with output.open() as said, (folder / "console").open("wb") as console:
        guest = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        try:
            end = time.monotonic() + SECONDS
            while guest.poll() is None and time.monotonic() < end:
                print(said.read(), end="", flush=True)
                with suppress(subprocess.TimeoutExpired):
                    guest.wait(0.5)
            print(said.read(), end="", flush=True)
        finally:
            guest.kill()
            guest.wait()
    code = report / "code"
    return int(code.read_text()) if code.exists() else 1


def _environment() -> dict[str, str]:
    return {
        "HOME": "/root",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "PROJECT": str(project_folder()),
        "SCRIPT": str(GUEST / "run.sh"),
        "HYBRID_MESH_STATE": "/mnt/state",
        "HYBRID_MESH_CACHE": str(cache_folder()),
        "HYBRID_MESH_PATIENCE": os.environ.get("HYBRID_MESH_PATIENCE", "10"),
        "HYBRID_MESH_OFFLINE": "1",
    }


def _command(accelerator: str, kernel: Kernel, folder: Path) -> list[str]:
    words = ["qemu-system-x86_64", "-accel", accelerator, "-cpu", "max"]
    words += ["-smp", str(PROCESSORS), "-m", MEMORY, "-nographic", "-no-reboot", "-nic", "none"]
    words += ["-kernel", str(kernel.image), "-initrd", str(folder / "initramfs"), "-append", COMMAND_LINE]
    words += ["-drive", f"file={folder / 'disk'},format=raw,if=virtio,cache=unsafe"]
    for tag, path, options in (
        ("host", Path("/"), ",readonly=on"),
        ("modules", kernel.modules, ",readonly=on"),
        ("report", folder / "report", ""),
    ):
        share = f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap{options}"
        words += ["-virtfs", share]
    return words


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or [EMULATION]))
