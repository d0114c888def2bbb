"""The plug-in over a live channel, with a lab in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hybrid_mesh.plugins.hybridmesh import lab as lab_module
from tests.plugins.hybridmesh.driver import Driver, live_plugin
from tests.plugins.hybridmesh.fake_api_server import FakeApiServer, api_server
from tests.plugins.hybridmesh.fake_lab import FakeLab


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    fake = FakeLab()
    monkeypatch.setattr(lab_module, "LabClient", fake)
    return fake


@pytest.fixture
def plugin(lab: FakeLab) -> Iterator[Any]:
    with live_plugin() as stub:
        yield stub


@pytest.fixture
def drive(plugin: Any) -> Callable[[str], Driver]:
    """The driver of one of our resource types, by its short name."""
    return lambda name: Driver(plugin, f"hybridmesh:index:{name}")


@pytest.fixture
def registration(drive: Callable[[str], Driver]) -> Driver:
    return drive("MachineRegistration")


@pytest.fixture
def server() -> Iterator[FakeApiServer]:
    with api_server() as fake:
        yield fake
