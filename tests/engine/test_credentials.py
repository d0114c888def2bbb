"""What a user sees of `prod` who has no credentials for a cloud, or has named no project."""

from collections.abc import Iterator

import pytest

from tests.engine.doubles.cloud import NO_CREDENTIALS
from tests.engine.site import Site, site

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]


ENDED = "Resource monitor has terminated, shutting down"
"""What the engine adds if the program still runs when it gives up."""


@pytest.fixture
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("signed-out"), "prod") as made:
        yield made


@pytest.mark.parametrize("cloud", ["aws", "gcp"])
def test_missing_credentials_are_one_clear_line(prod: Site, cloud: str) -> None:
    prod.world.signed_out = frozenset({cloud})
    said = prod.up(fails=True)
    errors = {line.partition("error: ")[2] for line in said.splitlines() if "error: " in line} - {ENDED}
    assert len(errors) == 1, said
    [error] = errors
    assert error.endswith(f"-provider' has a problem: {NO_CREDENTIALS[cloud]}")
    assert "Traceback" not in said
    assert prod.world.things(cloud) == []


def test_a_missing_project_is_one_clear_line_before_anything_is_made(prod: Site) -> None:
    mesh = prod.mesh
    del mesh["project"]
    prod.configure(mesh)
    prod.environment |= {"GOOGLE_PROJECT": "", "GOOGLE_CLOUD_PROJECT": ""}
    said = prod.up(fails=True)
    assert "networks.gcp-eu.project: a Google Cloud project is required" in said
    assert "Traceback" not in said
    assert prod.world.things() == []
