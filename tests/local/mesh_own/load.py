"""Requests from the pods of the demo and from a VM while something happens to the mesh."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.operate.shell import CommandResult, Machine, Pod
from hybrid_mesh.operate.verify.clients import read_result, request_command
from tests.local.lab_site import Kubectl, KubectlError
from tests.local.mesh.site import Site

CLUSTERS = ("east", "west")
RATE = 25
"""Requests per second of each client."""


@dataclass
class Load:
    """What was asked, and what became of it: the VM or pod that answered each request, and every failure."""

    asked: int = 0
    answered_by: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return self.asked - len(self.answered_by)


@dataclass(frozen=True)
class Client:
    """Sends `batch` requests at a time. `pause` is the time in seconds between two batches."""

    source: Pod | Machine
    run: Callable[[tuple[str, ...]], CommandResult]
    batch: int
    pause: float
    options: tuple[str, ...] = ()

    def ask(self, url: str, made: Load) -> None:
        made.asked += self.batch
        command = request_command(self.source, url, 60, self.batch, *self.options)
        read = read_result(self.source, self.run(command))
        made.answered_by += [each.hostname for each in read.answers if each.status == 200]
        made.failures += [read.error] if read.error else []
        made.failures += [f"status {each.status}" for each in read.answers if each.status != 200]


@contextmanager
def load(site: Site, folder: Path, *urls: str, machine: str | None = None) -> Iterator[Load]:
    """Each cluster's pod, and the VM if there is one, asks for each of `urls` until the body ends."""
    lab = LabClient(site.state)
    clients = [of_pod(Kubectl(found, folder)) for name in CLUSTERS if (found := lab.cluster(name))]
    clients += [_of_machine(lab, machine)] if machine else []
    with asking(*((client, url) for client in clients for url in urls)) as made:
        yield made


@contextmanager
def asking(*calls: tuple[Client, str]) -> Iterator[Load]:
    """Each client asks for its URL until the body ends."""
    made, ended = Load(), Event()

    def ask(client: Client, url: str) -> None:
        while not ended.is_set():
            client.ask(url, made)
            ended.wait(client.pause)

    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(ask, *call) for call in calls]
        try:
            yield made
        finally:
            ended.set()
            for each in running:
                each.result()


def of_pod(kubectl: Kubectl) -> Client:
    pod = Pod("", "demo", "deploy/echo", "", "", "echo")

    def run(command: tuple[str, ...]) -> CommandResult:
        try:
            said = kubectl(
                "-n", pod.namespace, "exec", pod.name, "-c", pod.container, "--", *command, timeout=90
            )
        except KubectlError as failure:
            return CommandResult(1, "", str(failure))
        return CommandResult(0, said, "")

    return Client(pod, run, batch=50, pause=0, options=(f"--qps={RATE}",))


def _of_machine(lab: LabClient, name: str) -> Client:
    """curl on a VM sends a batch as fast as it is answered."""

    def run(command: tuple[str, ...]) -> CommandResult:
        done = lab.machine_shell(name, list(command), 90)
        return CommandResult(done.returncode, done.stdout, done.stderr)

    return Client(Machine("", name, ""), run, batch=5, pause=5 / RATE)
