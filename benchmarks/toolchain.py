"""How long the toolchain takes; one line per figure.

`python benchmarks/toolchain.py` times the whole check of a finished toolchain. With `--from-nothing` it also
builds everything into an empty cache, which is dropped afterwards: 25 GiB of disk and a quarter of an hour of
two cores.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent
_CHECK_BOUND = 5.0
_BUILD_BOUND = 22 * 60.0


def _seconds(command: list[str], cache: Path | None = None) -> float:
    environment = os.environ | ({"HYBRID_MESH_CACHE": str(cache)} if cache else {})
    begin = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "local.toolchain", *command],
        cwd=_PROJECT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL if cache is None else sys.stderr,
    )
    return time.monotonic() - begin


def _say(figure: str, seconds: float, bound: float) -> bool:
    """Print the figure; answers whether it keeps its bound."""
    kept = seconds <= bound
    print(f"{figure}: {seconds:.1f} s (at most {bound:.0f} s){'' if kept else ' EXCEEDED'}", flush=True)
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-nothing", action="store_true")
    arguments = parser.parse_args()
    kept = [_say("toolchain, nothing changed", _seconds(["build"]), _CHECK_BOUND)]
    if arguments.from_nothing:
        with tempfile.TemporaryDirectory(prefix="hybrid-mesh-bench-", dir=Path.home()) as cache:
            seconds = _seconds(["build", "--unlinked"], Path(cache))
        kept.append(_say("toolchain, from nothing", seconds, _BUILD_BOUND))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
