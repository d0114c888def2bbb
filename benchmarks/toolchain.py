"""How long the toolchain takes; one line per figure.

`python benchmarks/toolchain.py` times the whole check of a finished toolchain. `--from-bundle FOLDER` also
fetches everything from a server on loopback that publishes what `make toolchain-bundle` wrote there, and
`--from-nothing` builds everything (25 GiB of disk, a quarter of an hour of two cores), each into an empty
cache that is dropped afterwards.
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
_CHECK_BOUND = 5.0
_FETCH_BOUND = 60.0
_BUILD_BOUND = 18 * 60.0


def _seconds(command: list[str], cache: Path | None = None, url: str = "") -> float:
    environment = os.environ | {"HYBRID_MESH_TOOLCHAIN_URL": url}
    environment |= {"HYBRID_MESH_CACHE": str(cache)} if cache else {}
    begin = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "local.toolchain", *command],
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


def _say(figure: str, seconds: float, bound: float) -> bool:
    """Print the figure; answers whether it keeps its bound."""
    kept = seconds <= bound
    print(f"{figure}: {seconds:.1f} s (at most {bound:.0f} s){'' if kept else ' EXCEEDED'}", flush=True)
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-nothing", action="store_true")
    parser.add_argument("--from-bundle", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    kept = [_say("toolchain, nothing changed", _seconds(["build"]), _CHECK_BOUND)]
    if arguments.from_bundle:
        with _published(arguments.from_bundle) as url:
            kept.append(_say("toolchain, from a bundle on loopback", _from_nothing(url), _FETCH_BOUND))
    if arguments.from_nothing:
        kept.append(_say("toolchain, from nothing", _from_nothing(), _BUILD_BOUND))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
