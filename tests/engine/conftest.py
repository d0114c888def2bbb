"""What the engine tests need of the machine."""

import pytest

from tests.plugins.control_plane import binary


@pytest.fixture(scope="session")
def engine() -> None:
    """Skips where there is no Pulumi engine."""
    if binary("pulumi") is None:
        pytest.skip("no pulumi; run make toolchain")
