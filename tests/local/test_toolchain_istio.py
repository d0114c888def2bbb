"""The package and the charts, made of a small copy of Istio's sources."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hybrid_mesh.local.toolchain.istio import charts, sidecar_package
from hybrid_mesh.local.toolchain.pins import processor
from tests.local.toolchain_parts import task_in

_FILES = {
    "/usr/local/bin/envoy": "-rwxr-xr-x",
    "/usr/local/bin/pilot-agent": "-rwxr-xr-x",
    "/usr/local/bin/istio-start.sh": "-rwxr-xr-x",
    "/lib/systemd/system/istio.service": "-rw-r--r--",
    "/var/lib/istio/envoy/sidecar.env": "-rw-r--r--",
    "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json": "-rw-r--r--",
}


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """What the components need of each other, by name."""
    packaging = tmp_path / "istio-files" / "packaging"
    packaging.mkdir(parents=True)
    for name in ("istio-start.sh", "istio.service", "sidecar.env", "envoy_bootstrap.json", "postinst.sh"):
        (packaging / name).write_text(f"#!/bin/sh\n# {name}\n")
        (packaging / name).chmod(0o444)
    for name in ("base", "gateway", "istiod"):
        chart = tmp_path / "istio-files" / "charts" / name
        chart.mkdir(parents=True)
        (chart / "Chart.yaml").write_text(f"name: {name}\nversion: 1.0.0\nappVersion: 1.0.0\n")
        (chart / "values.yaml").write_text(
            'hub: ""\nglobal:\n    hub: registry.istio.io/testing\n    tag: latest\n'
        )
    for name in ("envoy", "pilot-agent"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_bytes(b"\x7fELF")
    return {name: tmp_path / name for name in ("istio-files", "envoy", "pilot-agent")}


@pytest.fixture
def package(tmp_path: Path, sources: dict[str, Path]) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not on this host")
    sidecar_package(processor("x86_64")).recipe(task_in(tmp_path, sources))
    return tmp_path / "output" / "istio-sidecar.deb"


def _ask(*arguments: str | Path) -> str:
    return subprocess.run(["dpkg-deb", *arguments], check=True, capture_output=True, text=True).stdout


def test_the_package_has_the_official_layout(package: Path) -> None:
    lines = [line.split() for line in _ask("--contents", package).splitlines()]
    files = {line[5].removeprefix("."): line[0] for line in lines if not line[0].startswith("d")}
    assert files == _FILES
    assert {line[1] for line in lines} == {"root/root"}


def test_the_package_says_what_the_official_one_says(package: Path) -> None:
    assert _ask("--field", package, "Package", "Version", "Architecture", "Depends").splitlines() == [
        "Package: istio-sidecar",
        "Version: 1.31.0",
        "Architecture: amd64",
        "Depends: iproute2, iptables, sudo, hostname",
    ]


def test_the_package_brings_istio_s_own_post_install_script_and_keeps_changed_settings(package: Path) -> None:
    assert "# postinst.sh" in _ask("--info", package, "postinst")
    assert _ask("--info", package, "conffiles").split() == [
        "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json",
        "/var/lib/istio/envoy/sidecar.env",
    ]


def test_the_package_is_not_compressed(package: Path) -> None:
    """Its members are named after their compression (deb(5)): plain `data.tar` unpacks fastest."""
    members = subprocess.run(["ar", "t", package], check=False, capture_output=True, text=True)
    if members.returncode == 0:
        assert members.stdout.split() == ["debian-binary", "control.tar", "data.tar"]
    else:
        assert b"data.tar.xz" not in package.read_bytes()


def test_charts_have_the_release_s_hub_and_versions(tmp_path: Path, sources: dict[str, Path]) -> None:
    charts().recipe(task_in(tmp_path, sources))
    for name in ("base", "gateway", "istiod"):
        written = (tmp_path / "output" / name / "Chart.yaml").read_text()
        assert written == f"name: {name}\nversion: 1.31.0\nappVersion: 1.31.0\n"
    values = (tmp_path / "output" / "istiod" / "values.yaml").read_text()
    assert values == 'hub: ""\nglobal:\n    hub: docker.io/istio\n    tag: 1.31.0\n'


def test_charts_without_the_known_placeholders_are_refused(tmp_path: Path, sources: dict[str, Path]) -> None:
    (sources["istio-files"] / "charts" / "istiod" / "values.yaml").write_text("hub: elsewhere\n")
    with pytest.raises(ValueError, match=r"values\.yaml has nothing like"):
        charts().recipe(task_in(tmp_path, sources))
