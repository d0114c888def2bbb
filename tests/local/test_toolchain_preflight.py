"""What a build needs of the host is said before anything is changed."""

from pathlib import Path

import pytest

from hybrid_mesh.local.packages import RECORD
from hybrid_mesh.local.toolchain import preflight, system
from hybrid_mesh.local.toolchain.component import Catalogue, Lane
from hybrid_mesh.local.toolchain.errors import ToolchainError
from hybrid_mesh.local.toolchain.preflight import BuildHost
from tests.local.toolchain_parts import component, store_in

_GIBIBYTE = 2**30
_PARTS = Catalogue.of([component("kubernetes", lane=Lane.GO), component("rootfs"), component("charts")])


def test_a_build_without_the_disk_for_it_is_refused_with_the_remedy(tmp_path: Path) -> None:
    host = BuildHost(free_bytes=24 * _GIBIBYTE, is_root=True)
    with pytest.raises(
        ToolchainError, match=r"needs 25 GiB of disk, .* has 24\.0: free some, or .*HYBRID_MESH_CACHE"
    ):
        preflight.check_disk(host, _PARTS, ["kubernetes"], store_in(tmp_path))


def test_what_an_unfinished_build_holds_already_counts(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    (store.work / "go-build").mkdir()
    with (store.work / "go-build" / "objects").open("wb") as sparse:
        sparse.truncate(10 * _GIBIBYTE)
    preflight.check_disk(BuildHost(free_bytes=15 * _GIBIBYTE, is_root=True), _PARTS, ["kubernetes"], store)


def test_what_compiles_nothing_needs_no_such_disk(tmp_path: Path) -> None:
    preflight.check_disk(
        BuildHost(free_bytes=_GIBIBYTE, is_root=True), _PARTS, ["rootfs", "charts"], store_in(tmp_path)
    )


def test_the_root_file_system_needs_root() -> None:
    host = BuildHost(free_bytes=100 * _GIBIBYTE, is_root=False)
    preflight.check_account(host, ["kubernetes", "charts"])
    with pytest.raises(ToolchainError, match="as root"):
        preflight.check_account(host, ["rootfs"])


def test_a_host_without_apt_gets_a_list_of_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError, match=r"lacks containerd runc .* and has no apt-get"):
        system.install(["containerd", "runc"], store_in(tmp_path))


def test_packages_are_known_by_their_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("runc", "iptables", "unshare"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(system, "_SBIN", "")
    lacking = system.missing_packages()
    assert {"containerd", "debootstrap", "systemd-container", "util-linux"} <= set(lacking)
    assert {"runc", "iptables"}.isdisjoint(lacking)


def test_installing_lets_no_service_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A containerd that apt starts would be a daemon of the host: apt must find a policy that forbids it, and
    the next boot must not start it either."""
    policy, seen = tmp_path / "policy-rc.d", tmp_path / "seen"
    for name, script in {
        "apt-get": f'"{policy}"; echo "$1 $?" >> "{seen}"',
        "systemctl": f'echo "$@" >> "{seen}"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(system, "_POLICY", policy)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    system.install(["runc", "containerd"], store_in(tmp_path))
    assert seen.read_text().splitlines() == ["update 101", "install 101", "disable containerd.service"]
    assert not policy.exists()


def test_what_a_build_will_do_is_said_before(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert preflight.announce(_PARTS, ["kubernetes", "rootfs"], ["runc", "containerd"], store) == [
        "building 2 parts, about 1 min on two cores: kubernetes, rootfs",
        f"disk below {store.cache}: 25 GiB while it builds, about 2.6 GiB in the end",
        "network: the Go module proxy (GOPROXY), a Debian mirror; HTTPS_PROXY is used",
        (
            "packages installed by apt-get: runc, containerd; their services are not started, and "
            "containerd.service is disabled"
        ),
    ]
    assert preflight.announce(_PARTS, ["charts"], [], store) == [
        "building 1 part, about 1 min on two cores: charts",
        f"disk below {store.cache}: about 2.6 GiB in the end",
    ]
    assert preflight.announce(_PARTS, [], [], store) == []


def test_installed_packages_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_in(tmp_path)
    for name in ("apt-get", "systemctl"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(system, "_POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    system.install(["runc"], store)
    system.install(["containerd", "runc"], store)
    assert (store.cache / RECORD).read_text() == "runc\ncontainerd\n"
    assert "systemctl disable containerd.service" in (tmp_path / "calls").read_text()
    assert not (tmp_path / "policy-rc.d").exists()
