"""The built images: each program runs with nothing but what its image holds."""

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from hybrid_mesh.local.toolchain.profile import Profile

pytestmark = pytest.mark.lab

_CAPTURE = """
mount -t proc proc {root}/proc
mount --bind /dev {root}/dev
ip link set lo up
ip address add 10.9.8.7/32 dev lo
chroot {root} /usr/local/bin/pilot-agent istio-iptables -p 15001 -z 15006 -u 1337 -i '*' -b '*' -d 15020
chroot {root} /usr/sbin/iptables-save -t nat
"""


def _unpacked(image: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    """The image's root folder and its configuration."""
    with tarfile.open(Profile.current().images / f"{image}.tar") as archive:
        archive.extractall(folder / "archive", filter="data")
    (manifest,) = json.loads((folder / "archive" / "manifest.json").read_text())
    root = folder / "root"
    for layer in manifest["Layers"]:
        with tarfile.open(folder / "archive" / layer) as archive:
            archive.extractall(root, filter="tar")
    for name in ("proc", "dev"):
        (root / name).mkdir(exist_ok=True)
    settings = json.loads((folder / "archive" / manifest["Config"]).read_text())["config"]
    return root, settings


def _in_namespaces(script: str) -> str:
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-ec", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, _ = _unpacked("proxyv2", tmp_path_factory.mktemp("proxy"))
    return root


@pytest.mark.parametrize(
    ("image", "arguments", "says"), [("pilot", "version --short", "1.31.0"), ("echo", "--help", "Echo")]
)
def test_the_image_s_program_runs(tmp_path: Path, image: str, arguments: str, says: str) -> None:
    root, settings = _unpacked(image, tmp_path)
    (program,) = settings["Entrypoint"]
    assert says in _in_namespaces(f"chroot --userspec={settings['User']} {root} {program} {arguments}")


def test_the_proxy_image_runs_agent_and_envoy(proxy: Path) -> None:
    as_proxy = f"chroot --userspec=1337:1337 {proxy} /usr/local/bin"
    said = _in_namespaces(f"{as_proxy}/pilot-agent version --short; {as_proxy}/envoy --version")
    assert "1.31.0" in said
    assert "/1.40.0/Clean/RELEASE" in said


def test_the_proxy_image_has_the_clients_that_istios_own_has(proxy: Path) -> None:
    said = _in_namespaces(f"chroot {proxy} /usr/bin/curl --version; chroot {proxy} /usr/bin/openssl version")
    assert "curl 7." in said
    assert "OpenSSL 3." in said


def test_the_proxy_image_captures_a_pod_s_traffic(proxy: Path) -> None:
    rules = _in_namespaces(_CAPTURE.format(root=proxy))
    assert "-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001" in rules
    assert "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN" in rules


def test_pause_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    root, settings = _unpacked("pause", tmp_path)
    with subprocess.Popen(["chroot", f"--userspec={settings['User']}", str(root), "/pause"]) as pause:
        with pytest.raises(subprocess.TimeoutExpired):
            pause.wait(0.5)
        pause.terminate()
        assert pause.wait(10) == 0
