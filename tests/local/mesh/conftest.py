"""One real site for all tests of this folder."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.local.host import Traces, traces
from tests.local.mesh.site import PROJECT, Site


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that is down; the first test of the life raises it. It is taken down whatever happens."""
    if os.geteuid() != 0:
        pytest.skip("the real local mesh needs root: run the tests as root to include it")
    if not (PROJECT / ".toolchain").exists():
        pytest.skip("the real local mesh needs the toolchain: run make toolchain to include it")
    with Site(tmp_path_factory.mktemp("s")) as site:
        yield site


@pytest.fixture(scope="package")
def first_up(site: Site, before: Traces) -> subprocess.CompletedProcess[str]:
    """What the first up said, at its most talkative."""
    site.hybrid_mesh("env")
    return site.pulumi(
        "up", "--yes", "--stack", "local", "--skip-plugin-pre-install", "--logtostderr", "-v=7", "--debug"
    )


@pytest.fixture(scope="package")
def before(site: Site) -> Traces:
    """The host before the site is up."""
    return traces(site.state)
