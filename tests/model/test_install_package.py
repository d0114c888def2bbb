"""The script that installs Istio's package, run with programs that only write down how they are called."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from hybrid_mesh.model.texts.machine_texts import source_text
from tests.commands import run

TOOLS = ("curl", "openssl", "iptables", "ip", "sudo", "hostname")
REAL = ("mkdir", "dirname", "basename", "sed", "cat", "rm", "sha256sum")


class FakeHost:
    """A folder with programs that stand in for a VM's; each call is a line of `calls`."""

    def __init__(self, folder: Path, programs: tuple[str, ...], url: str, digest: str = "") -> None:
        self.folder, self._programs = folder, folder / "bin"
        self._programs.mkdir()
        (folder / "calls").touch()
        for name in REAL:
            (self._programs / name).symlink_to(shutil.which(name) or name)
        for name in (*programs, "chown", "sleep", "fetch"):
            self.program(name, "exit 0")
        if "curl" in programs:
            self.program("curl", "echo 404")
        (folder / "machine.env").write_text(
            f"PACKAGE_URL='{url}'\nPACKAGE_SHA256='{digest}'\n", encoding="utf-8"
        )

    def program(self, name: str, does: str) -> None:
        file = self._programs / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.folder}/calls\n{does}\n', encoding="utf-8")
        file.chmod(0o755)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        text = source_text("install-package.sh").replace("/etc/hybrid-mesh", str(self.folder))
        text = text.replace("/usr/local/lib/hybrid-mesh", str(self._programs))
        for path in ("/var/lib", "/var/cache", "/etc/certs", "/usr/local/bin"):
            text = text.replace(path, f"{self.folder}{path}")
        script = self.folder / "install-package"
        script.write_text(text, encoding="utf-8")
        return run(["/bin/sh", script, *words], environment={"PATH": str(self._programs)}, check=False)

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text(encoding="utf-8").splitlines()


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


URL = "https://example.com/releases/1.31.0/deb/istio-sidecar.deb"
DIGEST = "0123456789abcdef" * 4
OTHER = "f" * 64


def fetched(machine: FakeHost) -> str:
    """The checksum that the package is downloaded with."""
    [call] = [call for call in machine.calls if call.startswith("fetch")]
    return call.partition(" 0600 ")[2]


def serve(machine: FakeHost, *answers: tuple[str, str]) -> None:
    """Lets curl get each answer in turn: a status, and the text of the file it writes."""
    folder = machine.folder / "answers"
    folder.mkdir()
    for number, (status, text) in enumerate(answers):
        (folder / f"{number}.status").write_text(status)
        (folder / f"{number}.text").write_text(text)
    machine.program(
        "curl",
        f"""number=$(cat {folder}/next 2>/dev/null || echo 0)
echo $((number + 1)) >{folder}/next
while [ $# -gt 0 ]; do [ "$1" != --output ] || cat {folder}/$number.text >"$2"; shift; done
status=$(cat {folder}/$number.status)
echo "$status"
[ "$status" != 000 ]""",
    )


@pytest.mark.parametrize(
    ("answers", "digest"),
    [
        ([("200", f"{DIGEST} istio-sidecar.deb\n")], DIGEST),
        ([("000", ""), ("503", "busy"), ("200", f"{DIGEST}  istio-sidecar.deb\n")], DIGEST),
        ([("404", "not found")], ""),
        ([("200", "<html>a page for everything</html>")], ""),
    ],
    ids=["published", "after failures", "mirror without checksums", "page"],
)
def test_a_package_is_verified_with_the_published_checksum(
    tmp_path: Path, answers: list[tuple[str, str]], digest: str
) -> None:
    machine = FakeHost(tmp_path, (*TOOLS, "dpkg"), URL)
    serve(machine, *answers)
    assert machine.run().returncode == 0
    asked = [call for call in machine.calls if call.startswith("curl")]
    assert len(asked) == len(answers)
    assert asked[0].endswith(f"{URL}.sha256")
    assert fetched(machine) == digest


def test_a_checksum_of_the_configuration_comes_first(tmp_path: Path) -> None:
    machine = FakeHost(tmp_path, (*TOOLS, "dpkg"), URL, OTHER)
    assert machine.run().returncode == 0
    assert fetched(machine) == OTHER
    assert not [call for call in machine.calls if call.startswith("curl")]


def test_no_checksum_is_read_over_plain_http(tmp_path: Path) -> None:
    machine = FakeHost(tmp_path, (*TOOLS, "dpkg"), "http://172.30.0.1:8080/deb/istio-sidecar.deb")
    assert machine.run().returncode == 0
    assert fetched(machine) == ""
    assert not [call for call in machine.calls if call.startswith("curl")]


def test_a_given_file_is_verified_too(tmp_path: Path) -> None:
    package = tmp_path / "istio-sidecar.deb"
    package.write_text("a package")
    right = hashlib.sha256(package.read_bytes()).hexdigest()
    for digest, code in ((right, 0), (OTHER, 1)):
        folder = tmp_path / digest[:4]
        folder.mkdir()
        machine = FakeHost(folder, (*TOOLS, "dpkg"), URL, digest)
        done = machine.run(str(package))
        assert done.returncode == code, done.stderr
        assert any(call.startswith("dpkg --install") for call in machine.calls) == (code == 0)
        assert ("checksum" in done.stderr) == (code != 0)
