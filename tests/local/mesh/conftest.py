"""What the tests of this folder begin with: a mesh that is up."""

import pytest

from tests.local.mesh.site import Site


@pytest.fixture(scope="package", autouse=True)
def first_up(site: Site) -> None:
    """Creates the mesh unless the tests of the pipelines have."""
    if not site.lab()["running"]:
        site.hybrid_mesh("up")
