import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_mesh.cli.console import Verbosity, set_verbosity
from tests.cli.fake_pulumi import FakePulumi
from tests.cli.world import World, make_world


@pytest.fixture
def pulumi(tmp_path: Path) -> FakePulumi:
    home = tmp_path / "fake-pulumi"
    home.mkdir()
    return FakePulumi(home, sys.executable)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRID_MESH_STATE", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def _normal_verbosity() -> Iterator[None]:
    yield
    set_verbosity(Verbosity.NORMAL)


@pytest.fixture
def world(pulumi: FakePulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return make_world(pulumi, tmp_path, monkeypatch)
