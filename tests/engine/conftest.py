"""What the engine tests need of the machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.control_plane import binary

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def engine() -> Iterator[None]:
    """Skips where there is no Pulumi engine."""
    if binary("pulumi") is None:
        pytest.skip("no pulumi; run make toolchain")
    yield
