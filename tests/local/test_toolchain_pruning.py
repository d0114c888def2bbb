"""What the cache drops, and what it must not."""

import mmap
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from hybrid_mesh.local.toolchain.profile import make_profile, point_at
from hybrid_mesh.local.toolchain.pruning import prune, register
from hybrid_mesh.local.toolchain.store import Store
from tests.local.toolchain_parts import store_in

_LONG_AGO = time.time() - 15 * 86400


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


def _component(store: Store, name: str) -> Path:
    folder = store.path(name, "0123")
    folder.mkdir()
    (folder / name).write_bytes(b"x" * 5000)
    return folder / name


def _profile(store: Store, links: Mapping[str, Path]) -> Path:
    place = make_profile(store, links)
    os.utime(place, (_LONG_AGO, _LONG_AGO))
    return place


def _checkout(folder: Path, store: Store, profile: Path) -> Path:
    folder.mkdir()
    point_at(folder, profile)
    register(store, folder, profile)
    os.utime(profile, (_LONG_AGO, _LONG_AGO))
    return folder


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_no_checkout_shows_goes(store: Store, tmp_path: Path) -> None:
    old, new = _component(store, "old"), _component(store, "new")
    _profile(store, {"bin/old": old})
    kept = _profile(store, {"bin/new": new, "bin/pulumi": Path("/usr/bin/pulumi")})
    _checkout(tmp_path / "checkout", store, kept)
    assert prune(store, []) == 5000
    assert _names(store.finished) == {"new-0123"}
    assert _names(store.profiles) == {kept.name}


def test_every_checkout_keeps_what_it_shows(store: Store, tmp_path: Path) -> None:
    for name in ("one", "other"):
        _checkout(tmp_path / name, store, _profile(store, {f"bin/{name}": _component(store, name)}))
    assert prune(store, []) == 0
    assert _names(store.finished) == {"one-0123", "other-0123"}


def test_a_checkout_that_is_gone_keeps_nothing(store: Store, tmp_path: Path) -> None:
    checkout = _checkout(tmp_path / "one", store, _profile(store, {"bin/one": _component(store, "one")}))
    (checkout / ".toolchain").unlink()
    checkout.rmdir()
    assert prune(store, []) == 5000
    assert _names(store.profiles) == set()


def test_what_was_asked_for_lately_stays(store: Store) -> None:
    """A checkout may have been copied with its link, or its branch may come back."""
    make_profile(store, {"bin/lately": _component(store, "lately")})
    assert prune(store, []) == 0
    assert _names(store.finished) == {"lately-0123"}


def test_what_the_current_checkout_builds_with_stays(store: Store) -> None:
    _component(store, "means")
    assert prune(store, [("means", "0123")]) == 0
    assert _names(store.finished) == {"means-0123"}


def test_what_a_process_uses_stays_with_its_whole_profile(store: Store) -> None:
    """A lab goes on with the files that it was started with."""
    used = _component(store, "used")
    _profile(store, {"bin/used": used, "bin/beside": _component(store, "beside")})
    _component(store, "unused")
    with used.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        assert prune(store, []) == 5000
    assert _names(store.finished) == {"used-0123", "beside-0123"}
    assert prune(store, []) == 10000
