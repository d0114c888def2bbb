"""Measures the growth of program, engine and state with clusters and VMs, one line per figure.

`python benchmarks/scale.py [--json] [--full | --small]`, with the toolchain built; no cloud, no lab, no root.
Stacks of the shape of `prod` are previewed on an empty state by the real engine, with doubles of the clouds
(tests/engine) in this process. The default measures every number of clusters with 10 VMs and every number of
VMs with 2 clusters; `--full` measures every pair. The exit code is 0 if all figures are within their bounds.

Times of program and engine are CPU times of their own processes. The program's growth is measured relative to
the program with two clusters, so that the time to load the SDKs does not hide it.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.figures import Figure, report  # noqa: E402 - importable only now
from tests.engine.scaled import (  # noqa: E402 - importable only now
    MOST_OF_A_CLUSTER,
    Shape,
    Weight,
    bytes_of_one_of,
    mesh_of,
    most_bytes,
    scaled,
)
from tests.engine.site import Site  # noqa: E402

CLUSTERS: Final = (2, 5, 10, 25, 50, 100)
MACHINES: Final = (10, 100, 1_000, 5_000)
STATES: Final = (2, 5, 10)
SMALL_CLUSTERS, SMALL_MACHINES, SMALL_STATES = (2, 4), (10, 1_000), (2,)
FEWEST_OF_A_FIT: Final = 10
"""Below this number of clusters, the difference to two clusters is close to the noise of loading the SDKs."""
TIMES: Final = 3
"""Number of previews of a stack whose time is short compared to the host's noise."""
EXPONENT: Final = 1.1
PREVIEW_SECONDS, PROGRAM_SECONDS = 12, 3
_REPORT: Final = """import sys
if any(part.endswith(("python_standin/execute.py", "pulumi-language-python-exec")) for part in sys.orig_argv):
    import atexit, json, resource, time
    begin = time.monotonic()
    def report():
        used = resource.getrusage(resource.RUSAGE_SELF)
        values = {{
            "cpu": used.ru_utime + used.ru_stime, "wall": time.monotonic() - begin, "peak": used.ru_maxrss
        }}
        open({path!r}, "w").write(json.dumps(values))
    atexit.register(report)
"""


@dataclass(frozen=True)
class Cost:
    """One preview on an empty state: seconds, peak memory of the program's process in MiB, and the
    resources of the stack."""

    wall: float
    program: float
    program_wall: float
    engine: float
    memory: float
    shape: Shape


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="every number of clusters with every number of VMs")
    size.add_argument("--small", action="store_true", help="a few small stacks only, without bounds of time")
    arguments = parser.parse_args()
    return report(measure(small=arguments.small, full=arguments.full), as_json=arguments.json)


def measure(*, small: bool, full: bool) -> Iterator[Figure]:
    """All figures. `small` measures few stacks, whose times have no bound."""
    clusters, machines, states = (
        (SMALL_CLUSTERS, SMALL_MACHINES, SMALL_STATES) if small else (CLUSTERS, MACHINES, STATES)
    )
    yield from _smallest(bounded=not small)
    costs: dict[tuple[int, int], Cost] = {}
    for number in clusters:
        for size in machines:
            if full or number == clusters[0] or size == machines[0]:
                again = not small and size == machines[0] and number <= FEWEST_OF_A_FIT
                costs[number, size] = _least(mesh_of(number, size), TIMES if again else 1)
                yield from _report_growth(number, size, costs[number, size])
    if not small:
        yield from _growth({number: cost for (number, size), cost in costs.items() if size == machines[0]})
    yield from _of_machines(costs)
    yield from _states(states)


def _smallest(*, bounded: bool) -> Iterator[Figure]:
    cost = _least(mesh_of(2, MACHINES[0], groups=1), TIMES)
    wall, program = cost.wall, cost.program
    yield Figure("2 clusters, 1 group: preview", wall, "s", PREVIEW_SECONDS if bounded else None)
    yield Figure("2 clusters, 1 group: program", program, "s of CPU", PROGRAM_SECONDS if bounded else None)


def _least(mesh: Mapping[str, Any], times: int) -> Cost:
    """The preview with the fastest program, as other load on the host can only add to a time."""
    return min((preview(mesh) for _ in range(times)), key=lambda cost: cost.program)


def _report_growth(clusters: int, machines: int, cost: Cost) -> Iterator[Figure]:
    what = f"{clusters} clusters, {machines:,} VMs"
    yield Figure(f"{what}: preview", cost.wall, "s")
    yield Figure(f"{what}: program", cost.program, "s of CPU")
    yield Figure(f"{what}: program from start to end", cost.program_wall, "s")
    yield Figure(f"{what}: engine", cost.engine, "s of CPU")
    yield Figure(f"{what}: peak memory of the program", cost.memory, "MiB")
    yield Figure(f"{what}: resources", cost.shape.resources, "")
    most = max(cost.shape.of_clusters.values())
    yield Figure(f"{what}: Kubernetes-side resources of a cluster", most, "", MOST_OF_A_CLUSTER)
    yield Figure(f"{what}: remote secrets", cost.shape.remote_secrets, "", clusters)


def _growth(costs: Mapping[int, Cost]) -> Iterator[Figure]:
    """How the program grows beyond the smallest stack, so that loading the SDKs does not hide it."""
    smallest = min(costs)
    more = {
        number - smallest: cost.program - costs[smallest].program
        for number, cost in costs.items()
        if number >= FEWEST_OF_A_FIT
    }
    for number, seconds in more.items():
        yield Figure(f"program: each of {number} more clusters", 1000 * seconds / number, "ms of CPU")
    yield Figure("program: growth with clusters, exponent", exponent(more), "", EXPONENT)


def _of_machines(costs: Mapping[tuple[int, int], Cost]) -> Iterator[Figure]:
    for clusters in sorted({number for number, _ in costs}):
        counts = {cost.shape.resources for (number, _), cost in costs.items() if number == clusters}
        if len([number for number, _ in costs if number == clusters]) > 1:
            more = max(counts) - min(counts)
            yield Figure(f"{clusters} clusters: resources added by more VMs", more, "", 0)


def _states(numbers: Sequence[int]) -> Iterator[Figure]:
    """The sizes of states. The bound applies to the objects in the clusters. The number of resources of a
    network and a cluster depends on the cloud, and the engine's own data is the larger part of most."""
    weights: dict[int, Weight] = {}
    for number in numbers:
        weights[number] = weight = state(mesh_of(number, MACHINES[0]))
        what, most = f"{number} clusters: state", max(weight.of_clusters.values())
        yield Figure(f"{what}, Kubernetes-side, of a cluster", most, "bytes", most_bytes(number))
        yield Figure(f"{what}, whole", weight.whole, "bytes")
        yield Figure(f"{what}, whole, for each cluster", weight.whole // number, "bytes")
        yield Figure(f"{what}, of it the engine's stack traces", weight.traces, "bytes")
    if len(weights) > 1:
        last = CLUSTERS[-1]
        what = f"{last} clusters: state, Kubernetes-side, of a cluster, extrapolated"
        yield Figure(what, bytes_of_one_of(last, weights), "bytes", most_bytes(last))


def exponent(seconds: Mapping[int, float]) -> float:
    """The slope of the least-squares line through the logarithms."""
    points = [(math.log(number), math.log(value)) for number, value in seconds.items()]
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


def preview(mesh: Mapping[str, Any]) -> Cost:
    """One preview of a stack that does not exist yet."""
    with _measured(mesh) as (site, report):
        done = _run(site, "preview", "--json")
        program = json.loads(report.read_text())
    steps = json.loads(done.output)["steps"]
    return Cost(
        wall=done.wall,
        program=program["cpu"],
        program_wall=program["wall"],
        engine=done.cpu,
        memory=program["peak"] / 1024,
        shape=Shape.of(_resource(step) for step in steps),
    )


def _resource(step: Mapping[str, Any]) -> tuple[str, str, str]:
    state = step["newState"]
    return state["type"], step["urn"].rpartition("::")[2], state.get("provider", "")


def state(mesh: Mapping[str, Any]) -> Weight:
    """The state after an up."""
    with _measured(mesh) as (site, _):
        _run(site, "up", "--yes", "--skip-preview", "--suppress-outputs")
        return Weight.of(site)


@dataclass(frozen=True)
class _Done:
    """A command's output, its duration in seconds, and the CPU seconds of its process."""

    output: str
    wall: float
    cpu: float


def _run(site: Site, *arguments: str) -> _Done:
    """Runs `pulumi ARGUMENTS` without a timeout. Raises SystemExit with its output if it fails."""
    print(f"scale: pulumi {arguments[0]}, {len(site.mesh['clusters'])} clusters", file=sys.stderr, flush=True)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        begin = time.monotonic()
        process = subprocess.Popen(
            ["pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=site.folder,
            env=site.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.monotonic() - begin
        cpu = _cpu_seconds(process.pid)
        code = process.wait()
        output.seek(0)
        errors.seek(0)
        printed = output.read()
        if code != 0:
            sys.exit(f"pulumi {' '.join(arguments)} failed:\n{printed[-6000:]}{errors.read()[-6000:]}")
    return _Done(printed, wall, cpu)


def _cpu_seconds(process: int) -> float:
    """CPU time of a process that has ended but has not been reaped, without its children (proc(5))."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _measured(mesh: Mapping[str, Any]) -> Iterator[tuple[Site, Path]]:
    """A stack, and the file with the measurements of its program."""
    with tempfile.TemporaryDirectory(prefix="hybrid-mesh-scale-") as name, scaled(Path(name), mesh) as site:
        report = Path(name) / "program.json"
        hook = Path(name) / "report"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(_REPORT.format(path=str(report)))
        site.environment["PYTHONPATH"] = str(hook)
        yield site, report


if __name__ == "__main__":
    sys.exit(main())
