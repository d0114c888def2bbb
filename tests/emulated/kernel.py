"""A Debian kernel, and the initramfs with which it boots on this host's files."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

GUEST = Path(__file__).parent / "guest"
METAPACKAGE = "linux-image-amd64"
"""Debian's name of the current kernel with every module; the one for clouds lacks 9p."""
MODULES = ("virtio_pci", "virtio_blk", "9pnet_virtio", "9p", "ext4", "overlay", "crc32c_generic")
"""What init needs before it reaches the folder with all modules."""


@dataclass(frozen=True)
class Kernel:
    """A kernel that was unpacked into `folder`."""

    folder: Path

    @property
    def image(self) -> Path:
        return next(self.folder.glob("boot/vmlinuz-*"))

    @property
    def modules(self) -> Path:
        return next(self.folder.glob("lib/modules/*"))

    @property
    def busybox(self) -> Path:
        return self.folder / "bin" / "busybox"


def get_kernel(cache: Path) -> Kernel:
    """Debian's current kernel below `cache`, fetched if it is not there. Raises CalledProcessError."""
    depends = _output("apt-cache", "depends", "--important", METAPACKAGE).split()
    package = next(word for word in depends if word.startswith("linux-image-") and word != METAPACKAGE)
    kernel = Kernel(cache / package)
    if not kernel.folder.exists():
        unpacked = cache / f"{package}.new"
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "-q", package, "busybox-static"], cwd=unpacked, check=True)
        for archive in unpacked.glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", archive, unpacked], check=True)
            archive.unlink()
        new = Kernel(unpacked)
        subprocess.run([new.busybox, "depmod", "-b", unpacked, new.modules.name], check=True)
        unpacked.rename(kernel.folder)
    return kernel


def write_initramfs(kernel: Kernel, path: Path) -> None:
    """Writes init, what it copies, busybox, and the modules that it loads, as a cpio archive (newc).

    Source of the form: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
    """
    folder = path.with_suffix(".tree")
    for name in ("bin", "dev", "proc", "sys"):
        (folder / name).mkdir(parents=True)
    shutil.copy(kernel.busybox, folder / "bin")
    for name in ("init", "emulated.service", "emulated.target"):
        shutil.copy(GUEST / name, folder)
    (folder / "init").chmod(0o755)
    modules = folder / "lib" / "modules" / kernel.modules.name
    for name in _with_dependencies(kernel.modules / "modules.dep"):
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(kernel.modules / name, modules / name)
    for name in ("modules.dep", "modules.alias", "modules.symbols"):
        shutil.copy(kernel.modules / name, modules)
    names = "\n".join(str(found.relative_to(folder)) for found in sorted(folder.rglob("*")))
    with path.open("wb") as archive:
        words = [str(kernel.busybox), "cpio", "-o", "-H", "newc"]
        subprocess.run(words, cwd=folder, input=names.encode(), stdout=archive, check=True)
    shutil.rmtree(folder)


def _with_dependencies(table: Path) -> set[str]:
    """The files of MODULES and of all that they need, as lines `file: file …` of modules.dep have it."""
    needed = {f"{name}.ko" for name in MODULES}
    found: set[str] = set()
    for line in table.read_text().splitlines():
        file, _, others = line.partition(":")
        if Path(file).name in needed:
            found |= {file, *others.split()}
    return found


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
