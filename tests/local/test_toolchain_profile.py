"""The profile: the one folder that the rest of the project knows of the toolchain."""

from pathlib import Path

import pytest

from hybrid_mesh.local.toolchain.errors import ToolchainMissing
from hybrid_mesh.local.toolchain.profile import Profile, is_current, make_profile, point_at
from tests.local.toolchain_parts import store_in


@pytest.fixture
def links(tmp_path: Path) -> dict[str, Path]:
    store = store_in(tmp_path)
    made = store.path("all", "0123")
    for name in ("charts", "rootfs", "bin", "images", "packages"):
        (made / name).mkdir(parents=True)
    for name in ("bin/etcd", "images/pause.tar", "packages/echo-server"):
        (made / name).write_text(name)
    wanted = ("charts", "rootfs", "bin/etcd", "images/pause.tar", "packages/echo-server")
    return {name: made / name for name in wanted}


def _checkout(tmp_path: Path) -> Path:
    checkout = tmp_path / "checkout"
    checkout.mkdir(exist_ok=True)
    return checkout


def test_a_profile_shows_what_it_links(tmp_path: Path, links: dict[str, Path]) -> None:
    store, checkout = store_in(tmp_path), _checkout(tmp_path)
    point_at(checkout, make_profile(store, links))
    profile = Profile.current(checkout)
    assert profile.binary("etcd").read_text() == "bin/etcd"
    assert [file.name for file in profile.images.iterdir()] == ["pause.tar"]
    assert (profile.packages / "echo-server").is_file()
    assert profile.charts.is_dir()
    assert profile.rootfs.is_dir()
    assert is_current(checkout, store, links)


def test_without_a_toolchain_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolchainMissing, match="not built: run `make toolchain`"):
        Profile.current(_checkout(tmp_path))


def test_a_part_that_is_gone_is_named(tmp_path: Path, links: dict[str, Path]) -> None:
    store, checkout = store_in(tmp_path), _checkout(tmp_path)
    point_at(checkout, make_profile(store, links))
    links["bin/etcd"].unlink()
    with pytest.raises(ToolchainMissing, match=r"no bin/etcd .*run `make toolchain`"):
        Profile.current(checkout).binary("etcd")
    assert not is_current(checkout, store, links)


def test_a_new_profile_replaces_the_link_and_keeps_the_old_folder(
    tmp_path: Path, links: dict[str, Path]
) -> None:
    """A lab that runs goes on with the files that it was started with."""
    store, checkout = store_in(tmp_path), _checkout(tmp_path)
    point_at(checkout, make_profile(store, links))
    before = Profile.current(checkout)
    fewer = {name: target for name, target in links.items() if name != "bin/etcd"}
    assert not is_current(checkout, store, fewer)
    point_at(checkout, make_profile(store, fewer))
    assert is_current(checkout, store, fewer)
    assert before.binary("etcd").is_file()
    assert [file.name for file in checkout.iterdir()] == [".toolchain"]


def test_the_same_links_make_the_same_profile(tmp_path: Path, links: dict[str, Path]) -> None:
    store = store_in(tmp_path)
    assert make_profile(store, links) == make_profile(store, dict(reversed(list(links.items()))))
