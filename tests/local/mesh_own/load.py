"""Requests from the pods of the demo to a group of VMs while something happens to them."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from hybrid_mesh.local.lab.client import LabClient
from tests.local.lab_site import Kubectl, KubectlError
from tests.local.mesh.site import Site

CLUSTERS = ("east", "west")
RATE = 25
"""Requests per second from each cluster: from the one of the VMs' network, and through the gateways."""
BATCH = 50


@dataclass
class Load:
    """What was asked, and what became of it: the VM that answered each request, and every failure."""

    asked: int = 0
    answered_by: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return self.asked - len(self.answered_by)


@contextmanager
def load(site: Site, folder: Path, url: str) -> Iterator[Load]:
    """Asks for `url` until the body ends."""
    made, ended = Load(), Event()
    client = ("echo-client", url, f"--qps={RATE}", f"--count={BATCH}", "--timeout=60s")

    def ask(kubectl: Kubectl) -> None:
        while not ended.is_set():
            made.asked += BATCH
            try:
                said = kubectl("-n", "demo", "exec", "deploy/echo", "-c", "echo", "--", *client, timeout=90)
            except KubectlError as failure:
                made.failures.append(str(failure))
                said = str(failure)
            answered = re.findall(r"^\[(\d+)\] StatusCode=200$", said, re.MULTILINE)
            names = dict(re.findall(r"^\[(\d+) body\] Hostname=(\S+)$", said, re.MULTILINE))
            made.answered_by += [names[number] for number in answered]

    with ThreadPoolExecutor() as pool:
        clusters = [LabClient(site.state).cluster(name) for name in CLUSTERS]
        asking = [pool.submit(ask, Kubectl(cluster, folder)) for cluster in clusters if cluster]
        try:
            yield made
        finally:
            ended.set()
            for each in asking:
                each.result()
