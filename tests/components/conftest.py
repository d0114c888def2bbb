"""Declares a mesh under recording mocks, each time in an event loop of its own."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pulumi
import pytest
from pulumi.runtime.stack import wait_for_rpcs

from hybrid_mesh.components.mesh import HybridMesh
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.reading.stack_file import read_stack_file, stack_file
from tests.commands import PROJECT
from tests.components.recording import Answers, Recording
from tests.filled import filled

Declare = Callable[..., "Declared"]
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: edge
contexts: [{name: edge, context: {cluster: edge, user: edge}}]
clusters: [{name: edge, cluster: {server: "https://198.18.2.5:6443"}}]
users: [{name: edge, user: {token: the-token-of-edge}}]
"""
SECRETS = {"edge-kubeconfig": KUBECONFIG, "plant-kubeconfig": KUBECONFIG}
EXTERNAL: dict[str, Any] = {
    "id": "mesh1",
    "networks": {
        "datacenter": {"type": "external", "cidr": "10.40.0.0/16"},
        "office": {"type": "external", "cidr": "10.50.0.0/16"},
    },
    "clusters": {
        "edge": {"type": "kubeconfig", "network": "datacenter", "secret": "edge-kubeconfig"},
        "plant": {
            "type": "kubeconfig",
            "network": "office",
            "secret": "plant-kubeconfig",
            "peerEndpoint": "https://198.18.3.4:6443",
            "gateway": {"addresses": ["198.18.3.9"]},
        },
    },
    "workloadGroups": {
        "billing": {
            "namespace": "billing",
            "cluster": "edge",
            "network": "datacenter",
            "ports": {"http": 8080},
            "application": {"files": [{"path": "/etc/billing.conf", "content": "port = 8080\n"}]},
            "machines": {"type": "bundle", "minimum": 0},
        }
    },
    "kiali": {"cluster": "edge"},
}
"""Two existing clusters, one with Kiali, and a group of datacenter machines."""


class Declared:
    """What a program declared, and the outputs it exports once they are resolved."""

    def __init__(self, recording: Recording, outputs: Mapping[str, Any], secret: Mapping[str, bool]) -> None:
        self.recording, self.outputs, self.secret = recording, outputs, secret


def read_stack(stack: str) -> dict[str, Any]:
    """The value of `hybrid-mesh:mesh` of a stack without placeholders, to be changed at will."""
    return filled(read_stack_file(stack_file(PROJECT, stack)))


def read_local_stack() -> dict[str, Any]:
    return read_stack("local")


@pytest.fixture
def local_stack() -> dict[str, Any]:
    return read_local_stack()


@contextmanager
def hermetic(kubeconfig: str | None = "/nowhere/kubeconfig") -> Iterator[asyncio.AbstractEventLoop]:
    """No Pulumi and no KUBECONFIG of this host but `kubeconfig`, no loop and no options of another
    test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KUBECONFIG", raising=False)
        if kubeconfig is not None:
            patch.setenv("KUBECONFIG", kubeconfig)
        for name in [name for name in os.environ if name.startswith("PULUMI_")]:
            patch.delenv(name)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            yield loop
        finally:
            pulumi.runtime.settings.reset_options()
            loop.close()


def declare_mesh(
    raw: Mapping[str, Any],
    *,
    secrets: Mapping[str, str] | None = None,
    preview: bool = False,
    stack: str = "local",
    kubeconfig: str | None = "/nowhere/kubeconfig",
    answers: Answers | None = None,
    recording: Recording | None = None,
) -> Declared:
    recording = recording or Recording(answers)

    async def program() -> tuple[Any, Mapping[str, bool]]:
        observed = pulumi.ResourceOptions(transformations=[recording.observe])
        mesh = HybridMesh("mesh", plan=plan_from(raw, stack), secrets=secrets or {}, opts=observed)
        outputs = {name: pulumi.Output.from_input(value) for name, value in mesh.outputs.items()}
        await wait_for_rpcs()
        secret = {name: await output.is_secret() for name, output in outputs.items()}
        return {name: await output.future() for name, output in outputs.items()}, secret

    with hermetic(kubeconfig) as loop:
        pulumi.runtime.set_mocks(recording, project="hybrid-mesh", stack=stack, preview=preview)
        outputs, secret = loop.run_until_complete(program())
    return Declared(recording, outputs, secret)


@pytest.fixture
def declare() -> Declare:
    """Declares the mesh of a raw configuration; `secrets` are its flat keys."""
    return declare_mesh


@pytest.fixture(scope="session")
def local() -> Declared:
    return declare_mesh(read_local_stack())


@pytest.fixture(scope="session")
def external() -> Declared:
    return declare_mesh(EXTERNAL, secrets=SECRETS)


@pytest.fixture(scope="session")
def prod() -> Declared:
    return declare_mesh(read_stack("prod"), stack="prod")


@pytest.fixture(scope="session")
def private_ca() -> Declared:
    """The stack `prod` with AWS Private CA as its issuer."""
    raw = read_stack("prod")
    raw["trust"] = {"issuer": "aws-private-ca", "region": "us-east-1"}
    return declare_mesh(raw, stack="prod")
