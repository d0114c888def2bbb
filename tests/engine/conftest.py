"""What the engine tests need of the machine."""

import pytest

from tests.plugins.engine import binary


@pytest.fixture(scope="session")
def engine() -> None:
    """Skips where there is no Pulumi engine."""
    if binary("pulumi") is None:
        pytest.skip("no pulumi; run make toolchain")
