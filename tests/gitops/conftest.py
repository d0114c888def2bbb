"""A site of its own for the pipelines' commands."""

import os
from collections.abc import Iterator

import pytest

from tests.gitops.pipelines import PROJECT
from tests.local.mesh.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that is down, as the stack of an environment that was never applied."""
    if os.geteuid() != 0:
        pytest.skip(
            "the pipelines' commands need root to run on a real mesh: run the tests as root to include them"
        )
    if not (PROJECT / ".toolchain").exists():
        pytest.skip("the pipelines' commands need the toolchain: run make toolchain to include them")
    with Site(tmp_path_factory.mktemp("s")) as site:
        yield site
