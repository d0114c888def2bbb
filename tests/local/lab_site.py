"""What the lab's tests share: specs, a state folder of their own, and kubectl from the host."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import ClusterInfo, ClusterSpec, MachineSpec, NetworkSpec
from hybrid_mesh.local.lab.toolchain import current
from hybrid_mesh.local.paths import state_folder
from hybrid_mesh.operate.verify.answers import Answer, read_answers
from tests import waiting
from tests.local.host import Traces, assert_nothing_left, processes, traces

ONE = NetworkSpec("one", "10.61.0.0/16")
TWO = NetworkSpec("two", "10.62.0.0/16")
EAST = ClusterSpec("east", ONE, "10.61.128.0/20", "10.161.0.0/20", "1.35.4")
NEAR = ClusterSpec("near", ONE, "10.61.144.0/20", "10.162.0.0/20", "1.35.4")
FAR = ClusterSpec("far", TWO, "10.62.128.0/20", "10.163.0.0/20", "1.35.4")
ACCOUNT = "ratings@test.hybrid-mesh.local"
MACHINE = MachineSpec("vm", ONE, "#cloud-config\n", ACCOUNT)
ECHO = "hybrid-mesh.local/echo:1.31.0"
Found = TypeVar("Found")


@contextmanager
def own_lab(state: Path) -> Iterator[Traces]:
    """A state folder for labs of a test, and the host as it was before; it is so again afterwards."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    state.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYBRID_MESH_STATE", str(state))
        patch.setenv("HYBRID_MESH_SEVERAL_LABS", "1")
        before = traces(state)
        try:
            yield before
        finally:
            LabClient.end()
        assert_nothing_left(before, state)


def say_nothing(_text: str) -> None:
    return


class KubectlError(Exception):
    """kubectl failed, with its words."""


def eventually(what: str, check: Callable[[], Found], seconds: float = 30) -> Found:
    """The first true answer of `check`; kubectl may fail until then."""
    return waiting.eventually(what, check, seconds, passing=KubectlError)


class Kubectl:
    """kubectl of the toolchain on the host, with a cluster's loopback kubeconfig."""

    def __init__(self, info: ClusterInfo, folder: Path) -> None:
        self.file = folder / f"{info.name}.kubeconfig"
        self.file.write_text(info.kubeconfig)

    def __call__(self, *words: str, text: str = "", timeout: float = 30) -> str:
        done = subprocess.run(
            [str(current().binary("kubectl")), f"--kubeconfig={self.file}", *words],
            input=text,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode != 0:
            raise KubectlError(f"kubectl {words}: {done.stderr or done.stdout}")
        return done.stdout

    def get(self, *words: str) -> Any:
        return json.loads(self("get", *words, "-o", "json"))

    def apply(self, *documents: dict[str, Any]) -> None:
        self("apply", "-f", "-", text="\n---\n".join(json.dumps(document) for document in documents))

    def run_echo(self, name: str, namespace: str = "default") -> str:
        """Runs an echo pod and answers its address once it is ready."""
        container = {
            "name": "echo",
            "image": ECHO,
            "imagePullPolicy": "Never",
            "command": ["/usr/local/bin/echo-server", "--port=8080"],
            "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        }
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
            }
        )
        here = ("-n", namespace)
        self("wait", *here, f"pod/{name}", "--for=condition=Ready", "--timeout=30s", timeout=40)
        return str(self.get("pod", *here, name)["status"]["podIP"])

    def expose(
        self, name: str, app: str, *, namespace: str = "default", labels: dict[str, str] | None = None
    ) -> None:
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
                "spec": {
                    "type": "LoadBalancer",
                    "selector": {"app": app},
                    "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
                },
            }
        )

    def balancer(self, name: str, namespace: str = "default") -> str:
        """The LoadBalancer address of a Service, once it has one."""

        def address() -> str:
            ingress = self.get("service", "-n", namespace, name)["status"]["loadBalancer"].get("ingress")
            return str(ingress[0]["ip"]) if ingress else ""

        return str(eventually(f"address of {name}", address, 10))

    def ask_from_the_demo(self, url: str, *options: str) -> tuple[Answer, ...]:
        """The answers to a request of the demo's pod. Raises KubectlError when there is none."""
        client = ("/usr/local/bin/echo-client", "--timeout=2s", *options, url)
        return read_answers(self("-n", "demo", "exec", "deploy/echo", "-c", "echo", "--", *client)).answers

    def call(self, pod: str, url: str) -> bool:
        """Whether a request from within a pod is answered with 200."""
        try:
            said = self("exec", pod, "--", "/usr/local/bin/echo-client", "--timeout=2s", url, timeout=20)
        except KubectlError:
            return False
        return "StatusCode=200" in said


def lab_processes() -> list[int]:
    """The host's numbers of this state folder's watchdog, init and server."""
    return [
        number for number, words in processes(state_folder()) if "hybrid_mesh.local.lab.watchdog" in words
    ]


def lab_process(role: str) -> int:
    """The host's number of the lab's `watchdog`, of its `init` (process 1 of its namespace) or `server`."""
    for number in lab_processes():
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
        numbers = next(line.split()[1:] for line in lines if line.startswith("NSpid:"))
        inner = "server" if numbers[-1] != "1" else "init"
        if role == ("watchdog" if len(numbers) == 1 else inner):
            return number
    raise AssertionError("no lab runs")


def bring_up(*specs: ClusterSpec) -> dict[str, ClusterInfo]:
    """All clusters at once, as Pulumi does."""
    client = LabClient.connect(start=True)
    with ThreadPoolExecutor() as pool:
        infos = list(pool.map(lambda spec: client.ensure_cluster(spec, say_nothing), specs))
    return {info.name: info for info in infos}
