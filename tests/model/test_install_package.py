"""The script that installs Istio's package, run with programs that only write down how they are called."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hybrid_mesh.model.texts.machine_texts import source_text
from tests.commands import run

TOOLS = ("curl", "openssl", "iptables", "ip", "sudo", "hostname")
REAL = ("mkdir", "dirname", "basename", "sed", "cat", "rm")


class FakeHost:
    """A folder with programs that stand in for a VM's; each call is a line of `calls`."""

    def __init__(self, folder: Path, programs: tuple[str, ...], url: str) -> None:
        self._folder, self._programs = folder, folder / "bin"
        self._programs.mkdir()
        for name in REAL:
            (self._programs / name).symlink_to(shutil.which(name) or name)
        for name in (*programs, "chown", "sleep", "fetch"):
            self.program(name, "exit 0")
        (folder / "machine.env").write_text(f"PACKAGE_URL='{url}'\nPACKAGE_SHA256=''\n", encoding="utf-8")

    def program(self, name: str, does: str) -> None:
        file = self._programs / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >>{self._folder}/calls\n{does}\n', encoding="utf-8")
        file.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        text = source_text("install-package.sh").replace("/etc/hybrid-mesh", str(self._folder))
        text = text.replace("/usr/local/lib/hybrid-mesh", str(self._programs))
        for path in ("/var/lib", "/var/cache", "/etc/certs", "/usr/local/bin"):
            text = text.replace(path, f"{self._folder}{path}")
        script = self._folder / "install-package"
        script.write_text(text, encoding="utf-8")
        return run(["/bin/sh", script], environment={"PATH": str(self._programs)}, check=False)

    @property
    def calls(self) -> list[str]:
        return (self._folder / "calls").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("missing", ["iptables", "ip"])
def test_dnf_is_asked_for_what_is_missing_only(tmp_path: Path, missing: str) -> None:
    """`dnf install curl` fails where curl-minimal is installed."""
    programs = tuple(tool for tool in TOOLS if tool != missing)
    machine = FakeHost(tmp_path, (*programs, "dnf"), "https://example.com/rpm/istio-sidecar.rpm")
    assert machine.run().returncode == 0
    package = {"ip": "iproute"}.get(missing, missing)
    assert [call for call in machine.calls if call.startswith("dnf")] == [
        f"dnf install -y {package}",
        f"dnf install -y {tmp_path}/var/cache/hybrid-mesh/istio-sidecar.rpm",
    ]


def test_a_package_that_dpkg_could_not_install_goes_by_apt(tmp_path: Path) -> None:
    """It needs others, or somebody holds the lock; without the file apt would have nothing to do."""
    machine = FakeHost(tmp_path, (*TOOLS, "apt-get"), "https://example.com/deb/istio-sidecar.deb")
    machine.program("dpkg", "exit 2")
    assert machine.run().returncode == 0
    assert machine.calls[-2].endswith(
        f"--fix-broken install {tmp_path}/var/cache/hybrid-mesh/istio-sidecar.deb"
    )


def test_apt_is_asked_again(tmp_path: Path) -> None:
    programs = tuple(tool for tool in TOOLS if tool != "ip")
    machine = FakeHost(tmp_path, (*programs, "dpkg"), "https://example.com/deb/istio-sidecar.deb")
    machine.program("apt-get", f"[ -e {tmp_path}/once ] || {{ : >{tmp_path}/once; exit 100; }}")
    assert machine.run().returncode == 0
    asked = [call for call in machine.calls if call.startswith("apt-get")]
    assert [call.split("--no-install-recommends ")[1] for call in asked] == [
        "update",
        "update",
        "install iproute2",
    ]
