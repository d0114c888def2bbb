"""The example applications of the shipped stacks answer their probes and the paths of their routes."""

import shlex
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.routes import GroupBackendConfig
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from tests.model.test_warnings import SHIPPED
from tests.waiting import eventually

PLANS = {name: plan_from(SHIPPED[name], name) for name in ("staging", "prod", "eks")}
EXAMPLES = [
    (stack, name)
    for stack, plan in PLANS.items()
    for name, group in plan.groups.items()
    if group.config.application.units
]


@contextmanager
def running(group: WorkloadGroupConfig, folder: Path) -> Iterator[str]:
    """The URL of the group's application, with its files below `folder` and at a free port."""
    for file in group.application.files:
        path = folder / file.path.removeprefix("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(file.content))
    (unit,) = group.application.units
    program, *arguments = shlex.split(unit.content.partition("ExecStart=")[2].partition("\n")[0])
    assert program == "/usr/bin/python3"
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = str(free.getsockname()[1])
    places = {str(group.vm_ports[0]): port}
    words = [places.get(word, f"{folder}{word}" if word.startswith("/") else word) for word in arguments]
    assert port in words, "it listens on the group's port"
    server = subprocess.Popen([sys.executable, *words], stderr=subprocess.DEVNULL)
    try:
        eventually("the application listens", lambda: _accepts(int(port)), 10)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _accepts(port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def sent_paths(plan: MeshPlan, group: str) -> Iterator[str]:
    """What the group gets of a request for the path prefix of each route to it."""
    for ingress in plan.ingresses.values():
        for route in ingress.config.routes:
            if any(isinstance(to, GroupBackendConfig) and to.group == group for to in route.backends):
                yield route.replace_prefix or route.path_prefix


def test_every_group_that_the_program_creates_has_one() -> None:
    created = [
        (stack, name)
        for stack, plan in PLANS.items()
        for name, group in plan.groups.items()
        if group.machine_set is not None
    ]
    assert created == EXAMPLES


@pytest.mark.parametrize(("stack", "name"), EXAMPLES)
def test_it_answers_its_probe_and_its_routes(stack: str, name: str, tmp_path: Path) -> None:
    plan = PLANS[stack]
    config = plan.groups[name].config
    assert config.probe is not None
    assert config.probe.http_get is not None
    routes = list(sent_paths(plan, name))
    assert routes
    with running(config, tmp_path) as url:
        for path in (config.probe.http_get.path, *routes):
            with urllib.request.urlopen(f"{url}{path}", timeout=5) as answer:
                assert answer.status == 200
