"""What a mesh reports: one trace across clusters and a VM, exact counts of requests, and alerts on faults.

The tests run in this order on one mesh, whose stack has `telemetry:` and a second group of VMs.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.toolchain.profile import Profile
from hybrid_mesh.operate.shell import CommandResult, Machine
from hybrid_mesh.operate.verify.answers import Answer
from hybrid_mesh.operate.verify.clients import read_result, request_command
from tests.commands import PROJECT
from tests.docs.test_dashboards import OF_THE_LAB
from tests.engine.site import LINKED
from tests.local.lab_site import Kubectl, KubectlError, eventually
from tests.local.mesh.site import Site, kill_one
from tests.local.mesh_telemetry.faults import CLUSTERS, FAULTS, Mesh
from tests.local.mesh_telemetry.receivers import COLLECTOR, NAMESPACE, everywhere, in_one

pytestmark = pytest.mark.lab

PODS: Final = "http://echo.demo:8080/"
VMS: Final = "http://legacy.demo:9080/"
FAR: Final = "far.demo.svc.cluster.local"
RELAY: Final = f"""#!/usr/bin/python3
# Asks the pods of the other cluster and answers what they do; forwards the trace of the request.
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

class Relay(BaseHTTPRequestHandler):
    def do_GET(self):
        trace = {{name: self.headers[name] for name in ("traceparent", "tracestate") if name in self.headers}}
        with urlopen(Request("http://{FAR}:8080/", headers=trace), timeout=5) as answer:
            body = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("", 9081), Relay).serve_forever()
"""
UNIT: Final = "[Service]\nExecStart=/usr/local/bin/relay\n[Install]\nWantedBy=multi-user.target\n"
Key = tuple[str, str, str]
"""The identity of a request's source, the cluster where it arrived and the workload that answered it."""


def stack() -> str:
    """The stack `local` with telemetry, a smaller group of the demo, and a VM that asks the other cluster."""
    document = yaml.safe_load((PROJECT / "stacks/Pulumi.local.yaml").read_text())
    mesh = document["config"]["hybrid-mesh:mesh"]
    mesh["namespaces"] = {NAMESPACE: {"injection": "enabled"}}
    mesh["telemetry"] = {
        "accessLogs": {"otlp": COLLECTOR, "reporter": "server"},
        "traces": {"otlp": COLLECTOR, "sampling": 100},
    }
    groups = mesh["workloadGroups"]
    groups["legacy"]["machines"]["count"] = 1
    groups["relay"] = {
        "namespace": "demo",
        "cluster": "east",
        "network": "amsterdam",
        "ports": {"http": 9081},
        "probe": {"tcpSocket": {"port": 9081}, "periodSeconds": 1},
        "application": {
            "files": [{"path": "/usr/local/bin/relay", "content": RELAY, "mode": "0755"}],
            "units": [{"name": "relay.service", "content": UNIT}],
        },
        "machines": {"type": "local", "count": 1},
    }
    backends = [{"group": "relay", "port": 9081}]
    mesh["ingress"]["public"]["routes"] = [{"name": "relay", "pathPrefix": "/", "backends": backends}]
    return yaml.safe_dump(document)


@pytest.fixture(scope="module")
def mesh(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """The mesh, with its receivers and the Service `far`."""
    if Profile.current().promtool is None:
        pytest.skip("the toolchain has no extra observability: run make extras to include these tests")
    if site.lab()["running"]:
        site.hybrid_mesh("down")
    folder = tmp_path_factory.mktemp("telemetry")
    for name in (*LINKED, ".venv", "Pulumi.yaml"):
        (folder / name).symlink_to(PROJECT / name)
    (folder / "stacks").mkdir()
    (folder / "stacks/Pulumi.local.yaml").write_text(stack())
    own = replace(site, folder=folder)
    own.pulumi("stack", "select", "--create", "local")
    own.pulumi("up", "--yes", "--stack", "local", "--skip-preview", "--skip-plugin-pre-install")
    targets = own.hybrid_mesh("targets").stdout
    made = Mesh(own, {name: _kubectl(own, name, folder) for name in CLUSTERS})
    for name, each in made.kubectl.items():
        apart = in_one() if name == "east" else ()
        each.apply(*everywhere(name, targets if name == "east" else "[]"), *apart, _far(name))
    for each in made.kubectl.values():
        each(
            "wait",
            "-n",
            NAMESPACE,
            "deploy",
            "--all",
            "--for=condition=Available",
            "--timeout=60s",
            timeout=70,
        )
    yield made
    own.hybrid_mesh("down")


def _kubectl(site: Site, cluster: str, folder: Path) -> Kubectl:
    info = LabClient(site.state).cluster(cluster)
    assert info is not None
    return Kubectl(info, folder)


def _far(cluster: str) -> dict[str, Any]:
    """A Service of the pods in west alone."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "far", "namespace": "demo"},
        "spec": {
            "selector": {"app": "echo" if cluster == "west" else "none"},
            "ports": [{"name": "http", "port": 8080}],
        },
    }


def test_a_request_over_a_vm_to_the_other_cluster_is_one_trace(mesh: Mesh) -> None:
    """From outside of the mesh to the ingress gateway of east, to a VM, to a pod of west."""
    client = ("/usr/local/bin/echo-client", "--timeout=5s", "http://public-istio.istio-ingress/")
    traces: list[str] = []

    def whole() -> list[dict[str, str]]:
        """The tags of the spans of a request's trace, once the gateway, the VM and the pod are in it."""
        said = mesh.kubectl["east"]("-n", "demo-outside", "exec", "deploy/outside", "--", *client)
        assert "Cluster=west" in said
        traces.extend(re.findall(r"=Traceparent:\w+-(\w+)-", said))
        found = (spans(mesh, trace) for trace in traces[-20:])
        return next((each for each in found if _hosts(each) >= {"public-istio", "relay", "echo"}), [])

    seen = eventually("the whole trace", whole, 60)
    assert {span["istio.cluster_id"] for span in seen} == set(CLUSTERS)
    [pod] = [span for span in seen if span["host.name"].startswith("echo-")]
    assert pod["istio.cluster_id"] == "west"
    assert len([span for span in seen if span["host.name"] == "relay-0"]) == 2, "it was asked, and it asked"


def spans(mesh: Mesh, trace: str) -> list[dict[str, str]]:
    """The tags of each span of a trace; none while Jaeger does not know it."""
    try:
        found = mesh.asked("east", "jaeger:16686", f"/api/traces/{trace}")["data"]
    except KubectlError:
        return []
    return [
        {tag["key"]: str(tag["value"]) for tag in span["tags"]} for each in found for span in each["spans"]
    ]


def _hosts(seen: list[dict[str, str]]) -> set[str]:
    """The Deployments and groups that reported the spans."""
    return {re.sub(r"-\w+-\w{5}$|-\d$", "", span["host.name"]) for span in seen}


def test_counts_of_requests_are_those_of_the_load(mesh: Mesh) -> None:
    """By source, cluster and workload: pods of both clusters ask pods and a VM, and a VM asks pods."""
    answers: list[Answer] = []
    for each in mesh.kubectl.values():
        answers += each.ask_from_the_demo(PODS, "--count=60", "--qps=60")
        answers += each.ask_from_the_demo(VMS, "--count=40", "--qps=60")
    machine = Machine("", "legacy-0", "")
    command = request_command(machine, PODS.replace("demo:", "demo.svc.cluster.local:"), 30, 50)
    done = mesh.lab.machine_shell("legacy-0", list(command), 60)
    from_vm = read_result(machine, CommandResult(done.returncode, done.stdout, done.stderr))
    assert from_vm.error == ""
    answers += from_vm.answers
    assert len(answers) == 2 * 100 + 50
    expected = Counter(_key(answer) for answer in answers)
    assert len(expected) >= 5
    eventually("the counts of the load", lambda: counts(mesh, answers) == expected, 30)


def _key(answer: Answer) -> Key:
    is_vm = answer.hostname.startswith("legacy-")
    return answer.peer, "east" if is_vm else answer.cluster, "legacy" if is_vm else "echo"


def counts(mesh: Mesh, answers: list[Answer]) -> Counter[Key]:
    """What Prometheus has of the sources of these answers."""
    total = 'sum by (source_principal, cluster, workload) (mesh_requests_total{response_code="200"})'
    sources = {answer.peer for answer in answers}
    found = [(each["metric"], int(each["value"][1])) for each in mesh.query("east", total)]
    return Counter(
        {
            (of["source_principal"], of["cluster"], of["workload"]): count
            for of, count in found
            if of["source_principal"] in sources
        }
    )


def test_a_mesh_without_faults_has_what_alerts_and_dashboards_read_and_no_alert(mesh: Mesh) -> None:
    seen = {
        each["metric"]["__name__"]
        for cluster in CLUSTERS
        for each in mesh.query(cluster, 'group by (__name__) ({__name__!=""})')
    }
    assert OF_THE_LAB - {"ALERTS"} <= seen
    of_vms = mesh.query("east", 'istio_agent_cert_expiry_seconds{job="vms", resource_name="default"}')
    assert {each["metric"]["workload"] for each in of_vms} == {"legacy", "relay"}
    assert mesh.firing() == set()


def test_each_alert_fires_on_its_fault_within_a_minute_and_on_nothing_else(
    mesh: Mesh, subtests: pytest.Subtests
) -> None:
    """A fault is repaired as soon as its alert fires, which may go on firing while the next one is awaited.
    The last one is a restart of istiod, in whichever cluster, which is reported for ten minutes."""
    former: set[tuple[str, str]] = set()
    for cluster, alert, inject, undo in FAULTS:
        with subtests.test(alert):
            inject(mesh)
            try:
                fired = eventually(alert, partial(_with, mesh, (cluster, alert)), 60)
            finally:
                undo(mesh)
            assert fired - former == {(cluster, alert)}
            former = {(cluster, alert)}
    kill_one(mesh.site.lab()["processId"], "pilot-discovery")
    restarted = {(cluster, "MeshIstiodRestarted") for cluster in CLUSTERS}
    fired = eventually("MeshIstiodRestarted", lambda: mesh.firing() & restarted, 60)
    assert len(fired) == 1
    eventually("the faults before are over", lambda: mesh.firing() == fired, 60)


def _with(mesh: Mesh, alert: tuple[str, str]) -> set[tuple[str, str]]:
    """The alerts that fire, once `alert` is among them."""
    firing = mesh.firing()
    return firing if alert in firing else set()
