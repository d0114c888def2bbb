"""Real clusters behind fake clouds: the stack `prod` really applies its mesh to two API servers, and a
VM boots with what its recorded instance template holds.

The tests run in this order on one stack; each leaves it whole, so that the next can rely on it.
"""

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hybrid_mesh.operate.shell import CommandResult, Machine
from hybrid_mesh.operate.verify.answers import Answer
from hybrid_mesh.operate.verify.clients import read_result, request_command
from tests.engine.shape import without_certificates
from tests.local.host import Traces, assert_nothing_left, traces
from tests.local.inventory import inventory, stays
from tests.local.lab_site import ECHO, Kubectl, KubectlError, eventually
from tests.local.mesh.secrets import known_secrets, leaks
from tests.local.mesh_clouds.site import EKS, GKE, PODS, STRANGER, CloudSite, cloud_site, take_away

pytestmark = pytest.mark.lab

RATINGS_URL = "http://ratings.bookinfo.svc.cluster.local:9080/"
ECHO_URL = "http://echo.demo.svc.cluster.local:8080/"
UNFINISHED_HANDSHAKE, TIMED_OUT = 35, 28
"""Of curl: the gateway has no certificate of its own for a caller that names no service."""
CLIENT = "/usr/local/bin/echo-client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where everything of the stack and its lab is."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    made = tmp_path_factory.mktemp("c")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYBRID_MESH_STATE", str(made / "lab"))
        patch.setenv("HYBRID_MESH_SEVERAL_LABS", "1")
        yield made


@pytest.fixture(scope="module")
def host(folder: Path) -> Traces:
    """What the host has before the lab comes."""
    return traces(folder / "lab")


@pytest.fixture(scope="module")
def mesh(folder: Path, host: Traces) -> Iterator[CloudSite]:
    with cloud_site(folder) as made:
        yield made


def ask_from_the_machine(mesh: CloudSite, url: str, count: int) -> tuple[Answer, ...]:
    machine = Machine("ratings", mesh.machine.name, mesh.machine.address)
    done = mesh.lab.machine_shell(machine.name, list(request_command(machine, url, 2, count)), 20)
    return read_result(machine, CommandResult(done.returncode, done.stdout, done.stderr)).answers


def test_prod_is_raised_and_its_machine_joins_through_the_metadata_service(mesh: CloudSite) -> None:
    with mesh.booting():
        mesh.said = mesh.site.up("--suppress-outputs", "--logtostderr", "-v=7", "--debug")
    (entry,) = mesh.kubectl[GKE].get("-n", "bookinfo", "workloadentries")["items"]
    assert entry["spec"]["address"] == mesh.machine.address
    assert entry["spec"]["locality"] == "local-site1/local-site1-a", "as the metadata service has it"
    conditions = {each["type"]: each["status"] for each in entry["status"]["conditions"]}
    assert conditions["Healthy"] == "True"


def test_the_gateways_allow_the_clouds_nats_and_nobody_else(mesh: CloudSite) -> None:
    mesh.boot_stranger()
    for info in mesh.clusters.values():
        gateway = [
            "curl",
            "--silent",
            "--insecure",
            "--max-time",
            "3",
            f"https://{info.gateway_address}:15443",
        ]
        past_its_proxy = ["runuser", "-u", "istio-proxy", "--", *gateway]
        admitted = mesh.lab.machine_shell(mesh.machine.name, past_its_proxy, 20)
        assert admitted.returncode == UNFINISHED_HANDSHAKE
        assert mesh.lab.machine_shell(STRANGER, gateway, 20).returncode == TIMED_OUT
        server = ["curl", "--silent", "--insecure", "--max-time", "3", f"{info.peer_endpoint}/livez"]
        assert mesh.lab.machine_shell(STRANGER, server, 20).stdout == "ok", "the stranger's way is none"


@pytest.mark.parametrize("cluster", [GKE, EKS])
def test_the_pods_of_both_clouds_call_the_machine(mesh: CloudSite, cluster: str) -> None:
    """From the other cloud only the east-west gateway leads to it."""
    answers = eventually("an answer", lambda: mesh.kubectl[cluster].ask_from_the_demo(RATINGS_URL), 60)
    assert [(each.status, each.hostname) for each in answers] == [(200, mesh.machine.name)]
    assert answers[0].peer == "spiffe://mesh.example.com/ns/demo/sa/echo"
    assert answers[0].server == "spiffe://mesh.example.com/ns/bookinfo/sa/ratings"


def test_the_machines_own_address_is_out_of_reach_of_the_other_cloud(mesh: CloudSite) -> None:
    outside = ("-n", "demo-outside", "exec", "deploy/outside", "--", CLIENT, "--timeout=2s")
    with pytest.raises(KubectlError, match=r"unreachable|no route|deadline|timeout"):
        mesh.kubectl[EKS](*outside, f"http://{mesh.machine.address}:9080/")


def test_the_machine_calls_the_pods_of_both_clouds(mesh: CloudSite) -> None:
    def of_both() -> bool:
        answers = ask_from_the_machine(mesh, ECHO_URL, 8)
        return {each.cluster for each in answers} == {GKE, EKS}

    eventually("answers of both clusters", of_both, 60)


def test_the_ingress_leads_to_pods_and_machine(mesh: CloudSite) -> None:
    gateway = mesh.kubectl[GKE].get("-n", "istio-ingress", "gateway", "public")
    conditions = {each["type"]: each["status"] for each in gateway["status"]["conditions"]}
    assert conditions["Programmed"] == "True"
    service = mesh.kubectl[GKE].get("-n", "istio-ingress", "service", "public-istio")
    assert service["metadata"]["annotations"]["cloud.google.com/l4-rbs"] == "enabled"
    _survives_a_zone(mesh.kubectl[GKE])
    run_pods_of_ratings(mesh.kubectl[GKE])
    port = mesh.ingress_port()
    seen: set[str] = set()

    def both() -> bool:
        seen.add(_hostname(f"http://127.0.0.1:{port}/ratings"))
        return {mesh.machine.name, PODS} <= seen

    eventually("answers of the pods and of the machine", both, 60)


def _survives_a_zone(kubectl: Kubectl) -> None:
    """istiod has merged the class' defaults into what it made for the Gateway."""
    pod = kubectl.get("-n", "istio-ingress", "deployment", "public-istio")["spec"]["template"]
    keys = [each["topologyKey"] for each in pod["spec"]["topologySpreadConstraints"]]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    drain = {"drainDuration": "5s", "terminationDrainDuration": "5s"}
    assert yaml.safe_load(pod["metadata"]["annotations"]["proxy.istio.io/config"]) == drain
    scaler = kubectl.get("-n", "istio-ingress", "horizontalpodautoscaler", "public-istio")
    assert scaler["spec"]["minReplicas"] == 2
    budget = kubectl.get("-n", "istio-ingress", "poddisruptionbudget", "public-istio")
    assert budget["spec"]["minAvailable"] == 1


def run_pods_of_ratings(kubectl: Kubectl) -> None:
    """The Service in the cluster that shares a route with the VMs; its team deploys it."""
    labels = {"app": PODS}
    container = {
        "name": "ratings",
        "image": ECHO,
        "imagePullPolicy": "Never",
        "command": ["/usr/local/bin/echo-server", "--port=9080"],
        "readinessProbe": {"httpGet": {"path": "/", "port": 9080}, "periodSeconds": 1},
    }
    where = {"name": PODS, "namespace": "bookinfo"}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**where, "labels": labels}, "spec": spec}
    ports = [{"name": "http", "port": 9080}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": where}
    kubectl.apply(pod, {**service, "spec": {"selector": labels, "ports": ports}})


def _hostname(url: str) -> str:
    """Who answers; empty while nobody does."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except urllib.error.URLError:
        return ""
    return next((line.removeprefix("Hostname=") for line in lines if line.startswith("Hostname=")), "")


def test_a_second_up_changes_nothing(mesh: CloudSite) -> None:
    mesh.site.up("--refresh", "--expect-no-changes", "--suppress-outputs")


def test_neither_the_output_nor_the_state_shows_a_secret(mesh: CloudSite) -> None:
    deployment = mesh.site.told("stack", "export", "--show-secrets")["deployment"]
    secrets = known_secrets(deployment) | set(mesh.operators.values())
    assert len(secrets) >= 10, "the search itself must know the mesh's keys and tokens"
    assert leaks(secrets, mesh.said) == []
    assert leaks(secrets, without_certificates(mesh.site.pulumi("stack", "export"))) == []


def test_destroy_leaves_nothing_in_the_clouds_nor_in_the_clusters(mesh: CloudSite) -> None:
    mesh.site.destroy()
    assert mesh.site.world.things() == []
    for name, before in mesh.before.items():
        left = inventory(mesh.kubectl[name]) - before
        assert {each for each in left if not stays(each)} == set(), name


def test_the_lab_leaves_nothing_on_the_host(host: Traces, folder: Path, mesh: CloudSite) -> None:
    take_away(mesh.lab)
    assert_nothing_left(host, folder / "lab")
