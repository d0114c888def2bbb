"""What decides whether a component is built again."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from hybrid_mesh.local.toolchain import golang
from hybrid_mesh.local.toolchain.catalogue import (
    EXTRAS,
    carried,
    catalogue,
    of_extras,
    profile_links,
    required,
)
from hybrid_mesh.local.toolchain.component import Catalogue, Component, Lane
from hybrid_mesh.local.toolchain.golang import Go, GoWorkshop
from hybrid_mesh.local.toolchain.pins import processor
from hybrid_mesh.local.toolchain.store import Store
from tests.local.toolchain_parts import component, store_in, write

_X86 = processor("x86_64")
_OF_GO = {
    "pulumi-kubernetes",
    "kubernetes",
    "pilot-discovery",
    "pulumi",
    "coredns",
    "istioctl",
    "etcd",
    "pilot-agent",
    "echo",
    "pause",
}
_OF_IMAGES = {"image-pilot", "image-proxyv2", "image-echo", "image-pause"}


def _real(binary: Path | None = Path("/usr/bin/go")) -> Catalogue:
    return catalogue(GoWorkshop(Go(binary), Store(Path("/cache"))), _X86)


def _changed(before: Catalogue, after: Catalogue) -> set[str]:
    return {name for name in before.keys if before.keys[name] != after.keys[name]}


def _key(changed: Component, *others: Component) -> str:
    return Catalogue.of([changed, *others]).keys[changed.name]


def test_a_key_changes_with_an_input() -> None:
    base = component("a", inputs={"flags": "-s"})
    assert _key(base) != _key(dataclasses.replace(base, inputs={"flags": "-w"}))
    assert _key(base) != _key(dataclasses.replace(base, inputs={"flags": "-s", "more": ""}))


def test_a_key_changes_with_what_the_component_needs() -> None:
    user = component("user", needs=("part",))
    assert _key(user, component("part", inputs={"v": "1"})) != _key(
        user, component("part", inputs={"v": "2"})
    )


@pytest.mark.parametrize(
    "change", [{"recipe": write("other")}, {"lane": Lane.GO}, {"seconds": 99.0}, {"tools": ("part",)}]
)
def test_a_key_does_not_change_with_how_a_component_is_built(change: dict[str, object]) -> None:
    base = component("a", inputs={"flags": "-s"})
    part = component("part")
    assert _key(base, part) == _key(dataclasses.replace(base, **change), part)  # type: ignore[arg-type]


def test_keys_are_the_same_in_every_run() -> None:
    assert _real().keys == _real().keys


def test_another_release_of_go_builds_the_binaries_and_what_holds_them_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = _real()
    monkeypatch.setattr(golang, "GO_RELEASE", "1.26.99")
    assert _changed(before, _real()) == _OF_GO | _OF_IMAGES | {"package"} | of_extras(["observability"])


def test_where_go_comes_from_does_not_matter() -> None:
    """Sums of a bundle hold on every host, and an upgrade of the host's Go builds nothing."""
    assert _changed(_real(), _real(binary=None)) == set()


def test_a_module_s_lock_builds_only_what_depends_on_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _real()
    modules = shutil.copytree(golang.MODULES, tmp_path / "modules")
    with (modules / "istio" / "go.sum").open("a") as lock:
        lock.write("example.com/other v1.0.0 h1:=\n")
    monkeypatch.setattr(golang, "MODULES", modules)
    of_istio = {"pilot-discovery", "pilot-agent", "istioctl", "echo", "istio-files", "charts", "package"}
    assert _changed(before, _real()) == of_istio | _OF_IMAGES - {"image-pause"}


def test_every_component_of_the_profile_is_required_and_known(tmp_path: Path) -> None:
    everything = _real()
    links = profile_links(store_in(tmp_path), everything.keys, None)
    shown = {path.relative_to(tmp_path / "cache" / "store").parts[0] for path in links.values()}
    needed = {f"{name}-{everything.keys[name]}" for name in required(everything, None)}
    assert shown == needed


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_is_built_where_it_is_asked_for_and_stays_shown(tmp_path: Path, extra: str) -> None:
    everything, store = _real(), store_in(tmp_path)
    without = profile_links(store, everything.keys, None)
    asked = profile_links(store, everything.keys, None, [extra])
    parts = of_extras([extra])
    assert set(required(everything, None, [extra])) - set(required(everything, None)) == parts
    assert set(asked) - set(without) == set(EXTRAS[extra])
    for part in parts:
        staged = store.stage(part)
        (staged / "any").touch()
        store.commit(staged, part, everything.keys[part])
    assert profile_links(store, everything.keys, None) == asked


def test_a_bundle_carries_what_takes_a_network_or_a_compiler() -> None:
    """What is not carried is made of what is, and of .venv, by copying."""
    everything = _real()
    assert set(carried(everything)) == _OF_GO | {"kubectl", "rootfs", "istio-files"}
    others = set(everything.keys) - set(carried(everything))
    assert others == {"go", "envoy", "charts", "package"} | _OF_IMAGES | of_extras(EXTRAS)


def test_a_pulumi_on_path_is_shown_and_none_is_built(tmp_path: Path) -> None:
    everything, found = _real(), Path("/opt/pulumi/pulumi")
    assert profile_links(store_in(tmp_path), everything.keys, found)["bin/pulumi"] == found
    assert set(required(everything, None)) - set(required(everything, found)) == {"pulumi"}
