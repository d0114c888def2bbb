"""What tests share: where temporary files go, and one real site for the pipelines' commands and then for the
life of the mesh."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import PROJECT
from tests.local.host import Traces, traces
from tests.local.mesh.site import Site

# A shell without job control lets what it starts in the background ignore Ctrl-C, and so would every process
# of the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: the tests without a lab wait a third of their time for processes and clocks."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def _temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Pulumi's Kubernetes plug-in leaves a file for each kubeconfig where temporary files are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("t")))
        yield


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of the site."""
    if os.geteuid() != 0:
        pytest.skip("the real local mesh needs root: run the tests as root to include it")
    if not (PROJECT / ".toolchain").exists():
        pytest.skip("the real local mesh needs the toolchain: run make toolchain to include it")
    return tmp_path_factory.mktemp("s")


@pytest.fixture(scope="session")
def before(site_folder: Path) -> Traces:
    """The host before the site is up."""
    return traces(site_folder)


@pytest.fixture(scope="session")
def site(site_folder: Path, before: Traces) -> Iterator[Site]:
    """A site that is down, as the stack of an environment that was never applied. It is always destroyed
    at the end."""
    with Site(site_folder) as site:
        yield site
