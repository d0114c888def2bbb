"""How the program and the engine grow with clusters and machines; one line per figure.

`python benchmarks/scale.py [--json] [--small]`, with the toolchain built; no cloud, no lab, no root. Stacks
of the shape of `prod` are previewed on an empty state by the real engine, with doubles of the clouds
(tests/engine) in one process. The program's time is the CPU time of its own process. Exit code 0 when
every figure keeps its bound.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import yaml

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tests.engine.doubles.together import MemoryWorld, together  # noqa: E402 - importable only now
from tests.engine.fake_api import TOKEN, fake_api  # noqa: E402
from tests.engine.site import Site, make_site  # noqa: E402

CLUSTERS: Final = (2, 5, 10, 25, 50, 100)
MACHINES: Final = (10, 100, 1_000, 5_000)
SMALL_CLUSTERS: Final = (2, 4)
SMALL_MACHINES: Final = (10, 1_000)
LARGEST_STATE: Final = 10
"""An `up` of more clusters says nothing new about the bytes of each, and takes long."""
FEWEST_OF_A_FIT: Final = 5
"""Below, the imports of the SDKs outweigh what grows."""
_REPORT: Final = """import sys
if any(part.endswith("python_standin/execute.py") for part in sys.orig_argv):
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
class Figure:
    """One measured value; `bound` is what it may be at most, None where there is no bound."""

    name: str
    value: float
    unit: str
    bound: float | None = None

    @property
    def kept(self) -> bool:
        return self.bound is None or self.value <= self.bound

    def __str__(self) -> str:
        value = f"{self.value:.2f}" if isinstance(self.value, float) else str(self.value)
        bound = "" if self.bound is None else f" (at most {self.bound:g} {self.unit})"
        return f"{self.name}: {value} {self.unit}{bound}{'' if self.kept else ' EXCEEDED'}"


@dataclass(frozen=True)
class Previewed:
    """One preview on an empty state. Seconds, and MiB of the program's process at its largest."""

    wall: float
    program: float
    program_wall: float
    memory: float
    resources: int
    remote_secrets: int
    in_a_cluster: int
    """The most Kubernetes-side resources that a cluster has as such."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument(
        "--small", action="store_true", help="a few small stacks only, without bounds of time"
    )
    arguments = parser.parse_args()
    figures: list[Figure] = []
    for figure in measure(small=arguments.small):
        figures.append(figure)
        if not arguments.json:
            print(figure, flush=True)
    if arguments.json:
        print(json.dumps([{**asdict(figure), "kept": figure.kept} for figure in figures], indent=2))
    return 0 if all(figure.kept for figure in figures) else 1


def measure(*, small: bool) -> Iterator[Figure]:
    """All figures. `small` measures few stacks, whose times have no bound."""
    clusters, machines = (SMALL_CLUSTERS, SMALL_MACHINES) if small else (CLUSTERS, MACHINES)
    first = preview(mesh_of(2, 10, groups=1))
    yield Figure("2 clusters, 1 group: preview", first.wall, "s", None if small else 12)
    yield Figure("2 clusters, 1 group: program", first.program, "s", None if small else 3)
    programs: dict[int, float] = {}
    for number in clusters:
        done = preview(mesh_of(number, 100))
        programs[number] = done.program
        yield from _told(f"{number} clusters, 100 machines", done)
        yield Figure(f"{number} clusters: remote secrets", done.remote_secrets, "resources", number)
        yield Figure(
            f"{number} clusters: the most in one", done.in_a_cluster, "Kubernetes-side resources", 14
        )
    if not small:
        fitted = {number: program for number, program in programs.items() if number >= FEWEST_OF_A_FIT}
        yield Figure("program time grows with the exponent", exponent(fitted), "", 1.1)
    counts: dict[int, int] = {}
    for number in machines:
        done = preview(mesh_of(2, number))
        counts[number] = done.resources
        yield from _told(f"2 clusters, {number} machines", done)
    more = max(counts.values()) - min(counts.values())
    yield Figure("machines in a group: resources that each more costs", more, "resources", 0)
    for number in clusters:
        if number <= LARGEST_STATE:
            yield _state(number)


def _told(what: str, done: Previewed) -> Iterator[Figure]:
    yield Figure(f"{what}: preview", done.wall, "s")
    yield Figure(f"{what}: program", done.program, "s of CPU")
    yield Figure(f"{what}: engine and plug-ins", done.wall - done.program, "s")
    yield Figure(f"{what}: peak memory of the program", done.memory, "MiB")
    yield Figure(f"{what}: resources", done.resources, "resources")


def _state(number: int) -> Figure:
    mesh = mesh_of(number, 100)
    bound = 150 * 1024 + 12 * 1024 * (number - 1)
    return Figure(f"{number} clusters: state of each", state_bytes(mesh) / number, "bytes", bound)


def exponent(seconds: Mapping[int, float]) -> float:
    """The slope of the least-squares line through the logarithms."""
    points = [(math.log(number), math.log(value)) for number, value in seconds.items()]
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


def mesh_of(clusters: int, machines: int, groups: int = 2) -> dict[str, Any]:
    """The mesh of `prod` with so many clusters, by turns GKE and EKS, each in a network of its own.

    The machines are in `groups` groups, by turns of Compute Engine and of EC2.
    """
    text = (PROJECT / "stacks" / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    mesh: dict[str, Any] = yaml.safe_load(text)["config"]["hybrid-mesh:mesh"]
    mesh |= {"networks": {}, "clusters": {}, "workloadGroups": {}, "ingress": {}}
    mesh |= {"protected": False, "trust": {"issuer": "self-signed"}}
    # With many peers the lists of admitted addresses outgrow what the clouds take; the model says so.
    private = clusters > 10
    for number in range(clusters):
        name, network = f"c{number}", f"n{number}"
        kind = ("gke", "gcp", "europe-west4") if number % 2 == 0 else ("eks", "aws", "us-east-1")
        mesh["networks"][network] = {"type": kind[1], "region": kind[2], "cidr": f"10.{number + 1}.0.0/16"}
        if kind[1] == "aws":
            mesh["networks"][network]["rulesPerSecurityGroup"] = 1000
        cluster = {"type": kind[0], "network": network}
        if kind[0] == "eks":
            cluster["version"] = "1.35"
        if private:
            cluster |= {"endpoint": "private", "peerEndpoint": f"https://{name}.clusters.example.com"}
        mesh["clusters"][name] = cluster
    for number in range(groups):
        mesh["workloadGroups"][f"g{number}"] = {
            "namespace": "shop",
            "cluster": f"c{number % 2}",
            "network": f"n{number % 2}",
            "labels": {"app": f"g{number}"},
            "ports": {"http": 8080},
            "machines": {"type": ("gce", "ec2")[number % 2], "count": machines // groups},
        }
    return mesh


def preview(mesh: Mapping[str, Any]) -> Previewed:
    """One preview of a stack that does not exist yet."""
    with _measured(mesh) as (site, report):
        begin = time.monotonic()
        steps = site.told("preview", "--json")["steps"]
        wall = time.monotonic() - begin
        program = json.loads(report.read_text())
    named = [(step["urn"].split("$")[-1].split("::")[0], step["urn"].rpartition("::")[2]) for step in steps]
    kubernetes = [name for kind, name in named if kind.rpartition("::")[2].startswith("kubernetes:")]
    of_clusters = [
        sum(name.startswith(f"mesh-{cluster}-") for name in kubernetes) for cluster in mesh["clusters"]
    ]
    return Previewed(
        wall=wall,
        program=program["cpu"],
        program_wall=program["wall"],
        memory=program["peak"] / 1024,
        resources=len(steps),
        remote_secrets=sum(name.endswith("-peering-remote-secrets") for name in kubernetes),
        in_a_cluster=max(of_clusters),
    )


def state_bytes(mesh: Mapping[str, Any]) -> int:
    """The size of the state after an up, secrets encrypted, as the backend keeps it."""
    with _measured(mesh) as (site, _):
        site.up("--suppress-outputs")
        (state,) = (site.folder.parent / "state").glob(".pulumi/stacks/**/*.json")
        return len(json.dumps(json.loads(state.read_text()), separators=(",", ":")))


@contextmanager
def _measured(mesh: Mapping[str, Any]) -> Iterator[tuple[Site, Path]]:
    """A site whose doubles are in this process, and the file in which the program reports."""
    with tempfile.TemporaryDirectory(prefix="hybrid-mesh-scale-") as name:
        folder = Path(name)
        world = MemoryWorld(folder / "world")
        with fake_api(world, len(mesh["clusters"])) as api, together(world) as providers:
            api.machines = max(MACHINES)
            offered = [{"server": server, "authority": api.authority} for server in api.servers]
            servers = {"gcp": offered, "aws": offered, "kubeconfig": []}
            site = make_site(folder, "prod", world, api, servers=servers, credential={"token": TOKEN})
            site.configure(mesh)
            report = folder / "program.json"
            (folder / "report").mkdir()
            (folder / "report" / "sitecustomize.py").write_text(_REPORT.format(path=str(report)))
            site.environment |= {
                "PULUMI_DEBUG_PROVIDERS": providers,
                "PYTHONPATH": str(folder / "report"),
            }
            yield site, report


if __name__ == "__main__":
    sys.exit(main())
