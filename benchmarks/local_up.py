"""Measures time and memory of the local mesh, one line per figure.

`python benchmarks/local_up.py [--json] [--rest SECONDS] [--runs N]`, as root, with the toolchain built and no
lab running. It creates its own mesh N times (the figure is the median), brings it up again, replaces a VM and
destroys the mesh, in its own state folder and with the commands that a user types. Then it creates one more
with plain Pulumi and prints the critical path. The exit code is 0 if all figures are within their bounds.
"""

import argparse
import calendar
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.critical_path import critical_path, record, rows
from benchmarks.figures import Figure, report
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.linux import cgroups
from tests.commands import HYBRID_MESH, LOCAL_BACKEND, PROJECT, run

MACHINE = "legacy-1"
CLUSTER = "east"
UP = ["pulumi", "up", "--yes", "--skip-preview", "--skip-plugin-pre-install", "--stack", "local"]
GIBIBYTE = 2**30
_LONGEST_SECONDS = 1800
"""Timeout of one command, 20 times its usual duration."""


class Failed(AssertionError):  # noqa: N818 - it ends the measurement and is not an error of the program
    """A measured command failed."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument("--runs", type=int, default=1, help="meshes to create for the median of the first up")
    parser.add_argument("--rest", type=float, default=30, help="seconds of rest before the memory is read")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("The local mesh requires root: run this as root.", file=sys.stderr)
        return 2
    try:
        return report(measure(arguments.rest, arguments.runs), as_json=arguments.json)
    except AssertionError as failure:
        print(failure, file=sys.stderr)
        return 1


def measure(rest: float, runs: int) -> Iterator[Figure]:
    yield Figure("toolchain, nothing changed", timed("-m", "hybrid_mesh.local.toolchain", "build")[0], "s", 5)
    with tempfile.TemporaryDirectory(prefix="hybrid-mesh-bench-") as folder:
        os.environ["HYBRID_MESH_STATE"] = os.environ["TMPDIR"] = str(Path(folder).resolve())
        try:
            yield first_up(runs)
            seconds, output = timed("-m", "hybrid_mesh.cli.main", "up")
            yield Figure("second up, with its refresh and its checks", seconds, "s", 8, changes(output))
            environment, begin = exported(), time.monotonic()
            output = run(UP, environment=environment).stdout
            yield Figure("second pulumi up", time.monotonic() - begin, "s", 5, f"aim 4; {changes(output)}")
            yield warm_verify()
            time.sleep(rest)  # "at rest" is a length of time
            yield memory_at_rest()
            yield new_machine()
        finally:
            seconds, _ = timed("-m", "hybrid_mesh.cli.main", "down")
        yield Figure("down", seconds, "s", 10, left_behind())
        yield critical_up()


def first_up(runs: int) -> Figure:
    """The median of `runs` first ups. The last mesh remains."""
    seconds = []
    for number in range(runs):
        if number:
            timed("-m", "hybrid_mesh.cli.main", "down")
        seconds.append(timed("-m", "hybrid_mesh.cli.main", "up")[0])
    note = f"aim 22; {' '.join(f'{each:.1f}' for each in seconds)}"
    return Figure(
        "first up, toolchain built, to the verified mesh", statistics.median(seconds), "s", 30, note
    )


def critical_up() -> Figure:
    """A first up with plain Pulumi, without the checks, and its critical path."""
    try:
        seconds, spans = record("local", exported())
    finally:
        timed("-m", "hybrid_mesh.cli.main", "down")
    chain = "".join(f"\n    {row}" for row in rows(critical_path(spans)))
    return Figure("pulumi up alone", seconds, "s", 28, f"critical path: start, seconds, resource{chain}\n")


def timed(*arguments: str) -> tuple[float, str]:
    """Seconds and output of a command of this project. Raises AssertionError."""
    begin = time.monotonic()
    done = run([sys.executable, *arguments], merged=True, seconds=_LONGEST_SECONDS)
    return time.monotonic() - begin, done.stdout


def changes(output: str) -> str:
    """The changes that `pulumi up` reports. Raises Failed if a second up changed something."""
    summary = re.search(r"Resources:\n(?P<lines>(?:    .*\n)+)", output)
    lines = [line.strip() for line in summary["lines"].splitlines()] if summary else ["no summary"]
    if any("unchanged" not in line for line in lines):
        raise Failed(f"the second up changed something: {', '.join(lines)}")
    return "0 changes"


def warm_verify() -> Figure:
    report = json.loads(run([*HYBRID_MESH, "verify", "--json"]).stdout)
    return Figure("verify of a warm mesh", report["seconds"], "s", 4, f"{len(report['checks'])} checks")


def memory_at_rest() -> Figure:
    """Memory of the lab's cgroup without page cache, which the kernel frees when it needs memory.

    Source: https://docs.kernel.org/admin-guide/cgroup-v1/memory.html and .../cgroup-v2.html, `memory.stat`.
    """
    name = cgroups.lab_name(Path(os.environ["HYBRID_MESH_STATE"]))
    folder = cgroups.MOUNT / name if cgroups.unified() else cgroups.MOUNT / "memory" / name
    pairs = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
    numbers = {key: int(value) for key, value in pairs}
    if cgroups.unified():
        shared = numbers["shmem"]
        held, cache = numbers["anon"] + shared + numbers["kernel"], numbers["file"] - shared
    else:
        kernel = int((folder / "memory.kmem.usage_in_bytes").read_text())
        shared = numbers.get("total_shmem", 0)
        held, cache = numbers["total_rss"] + shared + kernel, numbers["total_cache"] - shared
    note = f"and {cache / GIBIBYTE:.1f} GiB of page cache"
    return Figure("memory of the whole site at rest", held / GIBIBYTE, "GiB", 2.5, note)


def new_machine() -> Figure:
    """Time from the first boot of a VM that replaces a lost one until its WorkloadEntry is Healthy.

    The lab loses the VM with its disk; the next `pulumi up` detects that and creates a new one.
    """
    lab = LabClient.connect(start=False)
    if lab.machine(MACHINE) is None:
        raise Failed(f"VM {MACHINE} does not exist")
    lab.delete_machine(MACHINE)
    with tempfile.TemporaryFile("w+") as output:
        said = {"stdout": output, "stderr": subprocess.STDOUT}
        with subprocess.Popen(UP, cwd=PROJECT, env=exported(), **said) as run:  # type: ignore[call-overload]
            try:
                await_(lambda: run.poll() not in {None, 0} or lab.machine(MACHINE) is not None)
                begin, wall = time.monotonic(), time.time()
                await_(lambda: run.poll() not in {None, 0} or healthy_since(wall - 1))
                seconds = time.monotonic() - begin
            finally:
                code = run.wait()
        if code != 0:
            output.seek(0)
            raise Failed(f"pulumi up of a new VM failed:\n{output.read()[-3000:]}")
    return Figure("VM, first boot to Healthy", seconds, "s", 12, "aim 6")


def exported() -> dict[str, str]:
    """The environment of this process with the variables of `hybrid-mesh env`."""
    pairs = run(["bash", "-c", f"{LOCAL_BACKEND}; env -0"]).stdout.split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def healthy_since(moment: float) -> bool:
    """Whether the VM's WorkloadEntry was connected after `moment` and is Healthy."""
    for entry in workload_entries():
        annotations = entry["metadata"].get("annotations", {})
        conditions = entry.get("status", {}).get("conditions", [])
        healthy = any(one["type"] == "Healthy" and one["status"] == "True" for one in conditions)
        if healthy and seconds_of(annotations.get("istio.io/connectedAt", "")) >= moment:
            return True
    return False


def workload_entries() -> list[dict[str, Any]]:
    info = LabClient.connect(start=False).cluster(CLUSTER)
    if info is None:
        return []
    kubectl = Kubectl(Kubeconfig({}, text=info.kubeconfig))
    found = kubectl.get("/apis/networking.istio.io/v1/workloadentries")
    return [entry for entry in found["items"] if entry["spec"].get("address") == machine_address()]


def machine_address() -> str:
    machine = LabClient.connect(start=False).machine(MACHINE)
    return machine.address if machine else ""


def seconds_of(text: str) -> float:
    """The moment of an RFC 3339 time with up to nanoseconds; 0 for none."""
    match = re.match(r"(\d+-\d+-\d+T\d+:\d+:\d+)", text)
    if not match:
        return 0
    return calendar.timegm(time.strptime(match[1], "%Y-%m-%dT%H:%M:%S"))


def await_(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"a VM did not become Healthy within {seconds:g} s")
        time.sleep(0.05)


def left_behind() -> str:
    """Raises Failed if the lab's cgroup or state still exists."""
    state = Path(os.environ["HYBRID_MESH_STATE"])
    name = cgroups.lab_name(state)
    if name in cgroups.labs() or (state / "lab").exists():
        raise Failed("down left something behind")
    return "nothing left"


if __name__ == "__main__":
    sys.exit(main())
