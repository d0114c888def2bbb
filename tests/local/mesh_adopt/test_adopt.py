"""`hybrid-mesh adopt` of a mesh that openssl, kubectl and istioctl have made: the program takes it over,
without a replaced pod or a failed request.

The tests run in this order on one mesh.
"""

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.commands import HYBRID_MESH, PROJECT, run
from tests.engine.doubles.store import World
from tests.engine.site import Site, make_site
from tests.local.lab_site import EAST, FAR, Kubectl, bring_up, eventually, own_lab
from tests.local.mesh_adopt.by_hand import GATEWAY, GROUP, SYSTEM, istioctl, make_mesh
from tests.local.mesh_own.load import Load, asking, of_pod
from tests.plugins.official import PLUGIN

pytestmark = pytest.mark.lab

SPECS = (EAST, FAR)
PEER = {EAST.name: FAR.name, FAR.name: EAST.name}


@dataclass
class ByHand:
    site: Site
    kubectl: Mapping[str, Kubectl]
    pods: Mapping[str, set[str]]
    """The UIDs of the pods of the mesh in each cluster."""

    def load(self) -> AbstractContextManager[Load]:
        """50 requests per second, half from each cluster, all to the other one."""
        return asking(
            *((of_pod(each), f"http://{PEER[name]}.demo:8080/") for name, each in self.kubectl.items())
        )


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByHand]:
    folder = tmp_path_factory.mktemp("a")
    with own_lab(folder / "lab"):
        infos = bring_up(*SPECS)
        kubectl = {name: Kubectl(info, folder) for name, info in infos.items()}
        make_mesh(folder, SPECS, infos, kubectl)
        for name, each in kubectl.items():
            eventually("an answer of the peer", partial(answers, each, PEER[name]), 60)
        yield ByHand(
            make_stack(folder, kubectl), kubectl, {name: pods(each) for name, each in kubectl.items()}
        )


def answers(kubectl: Kubectl, peer: str) -> bool:
    client = ("/usr/local/bin/echo-client", "--timeout=2s", "--count=5", f"http://{peer}.demo:8080/")
    return bool(kubectl("-n", "demo", "exec", "deploy/echo", "-c", "echo", "--", *client))


def pods(kubectl: Kubectl) -> set[str]:
    return {
        each["metadata"]["uid"]
        for space in (SYSTEM, "demo")
        for each in kubectl.get("-n", space, "pods")["items"]
    }


def uid(kubectl: Kubectl, kind: str) -> str:
    found: str = kubectl.get("-n", "demo", kind, GROUP)["metadata"]["uid"]
    return found


def make_stack(folder: Path, kubectl: Mapping[str, Kubectl]) -> Site:
    """A project without a stack for this mesh. Its kubeconfig is two files."""
    servers: dict[str, list[dict[str, str]]] = {"gcp": [], "aws": [], "kubeconfig": []}
    site = make_site(folder, "dev", World(folder / "world"), None, servers=servers, credential={})
    site.environment["PATH"] = f"{PLUGIN.parent}:{site.environment['PATH']}"
    site.environment["KUBECONFIG"] = os.pathsep.join(str(each.file) for each in kubectl.values())
    return replace(site, stack="adopted")


def adopt(site: Site, *words: str) -> dict[str, Any]:
    contexts = [f"--context={spec.name}" for spec in SPECS]
    environment = {**site.environment, "PYTHONPATH": str(PROJECT)}
    done = run(
        [*HYBRID_MESH, "adopt", *contexts, "--json", *words], folder=site.folder, environment=environment
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def go_on(requests: Load) -> None:
    """Until each client has sent two more batches."""
    wanted = requests.asked + 200
    eventually("more requests", lambda: requests.asked >= wanted, 60)


def test_a_mesh_made_by_hand_is_adopted_and_no_request_is_lost(mesh: ByHand) -> None:
    site = mesh.site
    found = adopt(site)
    assert [each["name"] for each in found["clusters"]] == [EAST.name, FAR.name]
    assert found["refused"] == found["left"] == []
    taken_over = ("workloadgroup", "serviceaccount", "service")
    uids = [uid(mesh.kubectl[EAST.name], kind) for kind in taken_over]
    site.pulumi("stack", "init", site.stack)
    with mesh.load() as requests:
        said = site.up("--suppress-outputs")
        go_on(requests)
    assert (requests.lost, requests.failures) == (0, [])
    assert " replaced" not in said
    assert " deleted" not in said
    assert {name: pods(each) for name, each in mesh.kubectl.items()} == mesh.pods
    assert [uid(mesh.kubectl[EAST.name], kind) for kind in taken_over] == uids
    assert uid(mesh.kubectl[FAR.name], "service"), "callers in the other cluster know the group's Service"
    site.preview("--expect-no-changes", "--suppress-outputs")


def test_the_objects_that_the_stack_replaces_are_removed_and_no_request_is_lost(mesh: ByHand) -> None:
    commands = adopt(mesh.site, "--stack=again")["cleanUp"]
    with mesh.load() as requests:
        for line in commands:
            program, _, context, *words = shlex.split(line)
            assert program == "kubectl"
            mesh.kubectl[context](*words)
        go_on(requests)
    assert (requests.lost, requests.failures) == (0, [])
    for name, each in mesh.kubectl.items():
        gone = "gateways.networking.istio.io,virtualservices.networking.istio.io"
        assert each.get("-n", SYSTEM, gone)["items"] == []
        assert answers(each, PEER[name])
        assert "rejected" not in each("-n", SYSTEM, "logs", f"deploy/{GATEWAY}")
        seen = istioctl(each, "remote-clusters")
        assert re.search(rf"^{PEER[name]} .*istio-remote-secret-{PEER[name]} .*synced", seen, re.MULTILINE), (
            seen
        )
    mesh.site.preview("--expect-no-changes", "--suppress-outputs")
