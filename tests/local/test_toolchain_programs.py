"""Programs that may already be on the machine: pulumi and Go."""

from pathlib import Path

import pytest

from hybrid_mesh.local.toolchain.catalogue import find_pulumi
from hybrid_mesh.local.toolchain.golang import find_go
from hybrid_mesh.local.toolchain.store import Store
from tests.local.toolchain_parts import store_in


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


def _program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.mark.parametrize("version", ["v3.259.0", "3.259.0", "v3.259.1", "v3.300.0", "v3.1000.2-alpha.1"])
def test_a_pulumi_that_is_new_enough_is_used(tmp_path: Path, store: Store, version: str) -> None:
    found = _program(tmp_path / "a", "pulumi", version)
    assert find_pulumi(store, str(tmp_path / "a")) == found


@pytest.mark.parametrize("version", ["v3.258.9", "v3.99.0", "v2.300.0", "v4.0.0", "unknown", ""])
def test_a_pulumi_that_is_too_old_or_too_new_is_not_used(tmp_path: Path, store: Store, version: str) -> None:
    _program(tmp_path / "a", "pulumi", version)
    assert find_pulumi(store, str(tmp_path / "a")) is None


def test_an_old_pulumi_does_not_hide_a_new_one(tmp_path: Path, store: Store) -> None:
    _program(tmp_path / "old", "pulumi", "v3.1.0")
    new = _program(tmp_path / "new", "pulumi", "v3.260.0")
    assert find_pulumi(store, f"{tmp_path / 'old'}:{tmp_path / 'absent'}:{tmp_path / 'new'}") == new


def test_the_toolchain_s_own_pulumi_on_path_is_not_taken_for_the_user_s(tmp_path: Path, store: Store) -> None:
    """After `eval "$(hybrid-mesh env)"` the profile is on PATH: building must not depend on that."""
    own = _program(store.path("pulumi", "0123"), "pulumi", "v3.259.0")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(own)
    assert find_pulumi(store, str(tmp_path / "bin")) is None


@pytest.mark.parametrize("says", ["go1.26.0", "go1.26.8", "go1.30"])
def test_a_go_that_is_new_enough_is_used(tmp_path: Path, says: str) -> None:
    binary = _program(tmp_path, "go", f"go version {says} linux/amd64")
    found = find_go(str(binary))
    assert (found.binary, found.tools) == (binary, ())


@pytest.mark.parametrize("says", ["go version go1.25.9 linux/amd64", "go version devel +abc", "Go!"])
def test_else_the_pinned_go_is_fetched(tmp_path: Path, says: str) -> None:
    found = find_go(str(_program(tmp_path, "go", says)))
    assert (found.binary, found.tools) == (None, ("go",))
