"""Measures how long it takes to look at a mesh: verify, doctor and topology, with 2 and with 3 clusters.

`python benchmarks/see.py [--json] [--runs N]`, as root, with the toolchain built and no lab running. It
creates a project in a folder of its own, brings its mesh up, runs each command N times (the figure is the
median), adds a cluster and two workload groups without the demo, and does the same again. The exit code is 0
if all figures are within their bounds.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import Figure, report
from tests.commands import HYBRID_MESH, PROJECT, run

STACK = Path("stacks/Pulumi.local.yaml")
_LONGEST_SECONDS = 600
_BOUNDS = {("verify", 3): 6.0, ("doctor", 2): 8.0}
"""Command and number of clusters -> seconds at most."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command for the median")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("The local mesh requires root: run this as root.", file=sys.stderr)
        return 2
    try:
        return report(measure(arguments.runs), as_json=arguments.json)
    except AssertionError as failure:
        print(failure, file=sys.stderr)
        return 1


def measure(runs: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="hybrid-mesh-bench-") as base:
        folder = Path(base).resolve() / "mesh"
        os.environ["HYBRID_MESH_STATE"] = str(folder.parent / "state")
        _hybrid_mesh(
            folder.parent, "init", str(folder), "--template", "local", "--set", "trustDomain=see.example.com"
        )
        for name in (".venv", ".toolchain"):
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(PROJECT / name)
        try:
            _hybrid_mesh(folder, "up")
            yield from _looks(folder, 2, runs)
            _grow(folder)
            _hybrid_mesh(folder, "up")
            yield from _looks(folder, 3, runs)
        finally:
            _hybrid_mesh(folder, "down")


def _looks(folder: Path, clusters: int, runs: int) -> Iterator[Figure]:
    for words in (("verify", "--json"), ("doctor", "--json"), ("topology", "--format", "svg")):
        taken, said = [], ""
        for _ in range(runs):
            begin = time.monotonic()
            said = _hybrid_mesh(folder, *words)
            taken.append(time.monotonic() - begin)
        note = f"{len(json.loads(said)['checks'])} checks" if words[0] == "verify" else ""
        bound = _BOUNDS.get((words[0], clusters))
        yield Figure(f"{words[0]}, {clusters} clusters", statistics.median(taken), "s", bound, note)


def _grow(folder: Path) -> None:
    """A third cluster in a network of its own, and two groups that the demo does not run on."""
    path = folder / STACK
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    mesh = document["config"]["hybrid-mesh:mesh"]
    mesh["networks"]["chicago"] = {"type": "local", "cidr": "10.30.0.0/16"}
    mesh["clusters"]["south"] = {"type": "local", "network": "chicago"}
    for name, cluster in (("ledger", "west"), ("billing", "south")):
        mesh["workloadGroups"][name] = {
            "namespace": "demo",
            "cluster": cluster,
            "network": mesh["clusters"][cluster]["network"],
            "ports": {"http": 8000},
            "probe": {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1},
            "machines": {"type": "local", "count": 1},
            "application": {"units": [{"name": f"{name}.service", "content": _SERVER}]},
        }
    path.write_text(yaml.safe_dump(document, sort_keys=False))


_SERVER = """[Service]
ExecStart=/usr/bin/python3 -m http.server 8000 --directory /etc/skel
[Install]
WantedBy=multi-user.target
"""


def _hybrid_mesh(folder: Path, *words: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = run([*HYBRID_MESH, *words], folder=folder, environment=environment, seconds=_LONGEST_SECONDS)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
