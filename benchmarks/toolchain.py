"""Measures the duration of the toolchain's builds, one line per figure.

`python benchmarks/toolchain.py` measures the check of a complete toolchain. `--from-bundle FOLDER` also
downloads everything from a server on loopback that publishes the output of `make toolchain-bundle`, and
`--from-nothing` builds everything (25 GiB of disk, 15 minutes on two cores), each into an empty cache that is
deleted afterwards.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_PROJECT))

from benchmarks.figures import Figure, report  # noqa: E402 - importable only now

_CHECK_BOUND = 5.0
_FETCH_BOUND = 60.0
_BUILD_BOUND = 18 * 60.0


def _seconds(command: list[str], cache: Path | None = None, url: str = "") -> float:
    environment = os.environ | {"HYBRID_MESH_TOOLCHAIN_URL": url}
    environment |= {"HYBRID_MESH_CACHE": str(cache)} if cache else {}
    begin = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "hybrid_mesh.local.toolchain", *command],
        cwd=_PROJECT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL if cache is None else sys.stderr,
    )
    return time.monotonic() - begin


def _from_nothing(url: str = "") -> float:
    with tempfile.TemporaryDirectory(prefix="hybrid-mesh-bench-", dir=Path.home()) as cache:
        return _seconds(["build", "--unlinked"], Path(cache), url)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _published(folder: Path) -> Iterator[str]:
    """A URL on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _measured(from_bundle: Path | None, *, from_nothing: bool) -> Iterator[Figure]:
    yield Figure("toolchain, nothing changed", _seconds(["build"]), "s", _CHECK_BOUND)
    if from_bundle:
        with _published(from_bundle) as url:
            yield Figure("toolchain, from a bundle on loopback", _from_nothing(url), "s", _FETCH_BOUND)
    if from_nothing:
        yield Figure("toolchain, from nothing", _from_nothing(), "s", _BUILD_BOUND)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-nothing", action="store_true")
    parser.add_argument("--from-bundle", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    return report(_measured(arguments.from_bundle, from_nothing=arguments.from_nothing), as_json=False)


if __name__ == "__main__":
    sys.exit(main())
