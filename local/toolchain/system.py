"""What the local site takes from the system's own packages, and installing what is missing."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hybrid_mesh.local.packages import BUILD, RECORD, is_there
from hybrid_mesh.local.toolchain.errors import ToolchainError, describe_failure
from hybrid_mesh.local.toolchain.store import Store

_POLICY = Path("/usr/sbin/policy-rc.d")
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


def missing_packages() -> list[str]:
    """Packages whose program or file is not on this host."""
    path = f"{os.environ.get('PATH', '')}:{_SBIN}"
    return [package for package, proofs in BUILD.items() if not all(is_there(each, path) for each in proofs)]


def install(packages: list[str], store: Store) -> None:
    """Install packages by apt, without starting services now or at boot, and record them. Raises
    `ToolchainError`."""
    wanted = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise ToolchainError(
            f"this host lacks {wanted} (names of Debian packages) and has no apt-get: install them"
        )
    if os.geteuid() != 0:
        raise ToolchainError(f"this host lacks {wanted}: run as root, or `sudo apt-get install {wanted}`")
    log = store.logs / "apt.log"
    with _services_stay_down(), log.open("wb") as output:
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            done = subprocess.run(
                ["apt-get", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
            )
        failed = done.returncode != 0
    if failed:
        raise ToolchainError(describe_failure("apt-get", f"ended with code {done.returncode}", log))
    recorded = store.cache / RECORD
    before = recorded.read_text().split() if recorded.exists() else []
    recorded.write_text("".join(f"{name}\n" for name in dict.fromkeys([*before, *packages])))
    if "containerd" in packages and shutil.which("systemctl"):
        subprocess.run(["systemctl", "disable", "containerd.service"], capture_output=True, check=False)


@contextmanager
def _services_stay_down() -> Iterator[None]:
    """Debian asks `policy-rc.d` before it starts a service (invoke-rc.d(8)): answer 101, not allowed."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
