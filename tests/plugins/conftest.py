"""What the plug-ins' tests share: a real API server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plugins.control_plane import BINARIES, ControlPlane, binary
from tests.plugins.engine import Project


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane, one for the session."""
    missing = [name for name in BINARIES if binary(name) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)}; run make toolchain")
    folder: Path = tmp_path_factory.mktemp("control-plane")
    plane = ControlPlane(folder)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


ProjectFactory = Callable[..., Project]


@pytest.fixture
def make_project(tmp_path: Path) -> ProjectFactory:
    """Makes projects: `make_project(program, VARIABLE="value")`."""
    if binary("pulumi") is None:
        pytest.skip("no pulumi; run make toolchain")

    def make(program: str, **environment: str) -> Project:
        return Project(tmp_path / "project", program, environment)

    return make
