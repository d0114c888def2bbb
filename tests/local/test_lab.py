"""A lab with two networks: which members reach each other, what Services get, and what the host sees of
it."""

import base64
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.errors import LabError, PreflightError
from hybrid_mesh.local.lab.specs import ClusterInfo, ClusterSpec, MachineSpec, NetworkSpec, Owner
from hybrid_mesh.local.paths import state_folder
from tests import waiting
from tests.local.host import assert_nothing_left, command_lines, listening_sockets, traces
from tests.local.lab_site import (
    ACCOUNT,
    EAST,
    FAR,
    MACHINE,
    NEAR,
    TWO,
    Kubectl,
    bring_up,
    eventually,
    lab_processes,
    own_lab,
    say_nothing,
)

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module", autouse=True)
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    with own_lab(tmp_path_factory.mktemp("lab")) as before:
        yield before


@pytest.fixture(scope="module")
def infos(before: dict[str, set[str]]) -> dict[str, ClusterInfo]:
    return bring_up(EAST, NEAR, FAR)


@pytest.fixture(scope="module")
def kubectl(infos: dict[str, ClusterInfo], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kubectl]:
    folder = tmp_path_factory.mktemp("kubectl")
    return {name: Kubectl(info, folder) for name, info in infos.items()}


@pytest.fixture(scope="module")
def pods(kubectl: dict[str, Kubectl]) -> dict[str, str]:
    """Cluster to the address of its pod `echo`."""
    return {name: run.run_echo("echo") for name, run in kubectl.items()}


def test_kubectl_works_over_the_hosts_loopback(
    infos: dict[str, ClusterInfo], kubectl: dict[str, Kubectl]
) -> None:
    assert infos["east"].endpoint.startswith("https://127.0.0.1:")
    node = kubectl["east"].get("node", "east")
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.35.4"
    assert infos["east"].state == "ready"


def test_infos_do_not_show_their_keys(infos: dict[str, ClusterInfo]) -> None:
    key = json.loads(infos["east"].kubeconfig)["users"][0]["user"]["client-key-data"]
    assert "PRIVATE KEY" in base64.b64decode(key).decode()
    assert key not in repr(infos["east"])


def test_pods_of_one_network_reach_each_other(kubectl: dict[str, Kubectl], pods: dict[str, str]) -> None:
    assert kubectl["east"].call("echo", f"http://{pods['near']}:8080")
    assert kubectl["near"].call("echo", f"http://{pods['east']}:8080")


def test_pods_of_another_network_are_out_of_reach(kubectl: dict[str, Kubectl], pods: dict[str, str]) -> None:
    assert kubectl["far"].call("echo", f"http://{pods['far']}:8080"), "the pod itself answers"
    assert not kubectl["far"].call("echo", f"http://{pods['east']}:8080")
    assert not kubectl["east"].call("echo", f"http://{pods['far']}:8080")


def test_the_wan_leads_to_no_pod_even_with_a_route(pods: dict[str, str]) -> None:
    """Who guesses the route still gets nothing from the WAN: only Services are forwarded."""
    client = LabClient.connect(start=False)
    client.ensure_machine(MACHINE, say_nothing)
    try:
        route = f"ip route add {FAR.pod_cidr} via {client.cluster('far').peer_endpoint[8:-5]}"  # type: ignore[union-attr]
        request = f"curl -s -m 3 -o /dev/null http://{pods['far']}:8080"
        done = client.machine_shell("vm", ["sh", "-c", f"{route} && {request}"], 20)
        assert done.returncode == 28, done
    finally:
        client.delete_machine("vm")


def test_names_of_services_resolve_and_no_others(kubectl: dict[str, Kubectl], pods: dict[str, str]) -> None:
    kubectl["east"].expose("named", "echo")
    assert eventually("DNS", lambda: kubectl["east"].call("echo", "http://named.default.svc.cluster.local"))
    assert not kubectl["east"].call("echo", "http://example.org")
    kubectl["east"]("delete", "service", "named")


def test_load_balancers_have_addresses_that_other_networks_reach(
    kubectl: dict[str, Kubectl], pods: dict[str, str]
) -> None:
    east = kubectl["east"]
    east.expose("one", "echo")
    east.expose("two", "echo")
    first, second = east.balancer("one"), east.balancer("two")
    assert first.rsplit(".", 1)[0] == second.rsplit(".", 1)[0]
    assert {first.rsplit(".", 1)[1], second.rsplit(".", 1)[1]} == {"11", "12"}
    assert eventually("balancer answers", lambda: kubectl["far"].call("echo", f"http://{second}"))
    east("delete", "service", "one")
    east.expose("three", "echo")
    assert east.balancer("three") == first, "a freed address is given again"
    east("delete", "service", "two", "three")


def test_the_east_west_gateway_has_its_reserved_address(
    infos: dict[str, ClusterInfo], kubectl: dict[str, Kubectl]
) -> None:
    far = kubectl["far"]
    far("create", "namespace", "istio-system")
    far.expose("istio-eastwestgateway", "none", namespace="istio-system")
    address = far.balancer("istio-eastwestgateway", "istio-system")
    assert address == infos["far"].gateway_address
    assert address.endswith(".10")
    far("delete", "namespace", "istio-system")


def test_gateways_are_reached_on_loopback(kubectl: dict[str, Kubectl], pods: dict[str, str]) -> None:
    client = LabClient.connect(start=False)
    kubectl["far"].expose("web", "echo", labels={"gateway.networking.k8s.io/gateway-name": "web"})
    kubectl["far"].balancer("web")

    def port() -> int | None:
        forwards = client.status().forwards
        return next((one.port for one in forwards if one.subject == "default/web:80"), None)

    loopback = eventually("forward", port)

    def answer() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{loopback}", timeout=3) as response:
                return str(response.read().decode())
        except OSError:
            return ""

    assert "Hostname=echo" in eventually("an answer", answer)
    kubectl["far"]("delete", "service", "web")
    eventually("forward gone", lambda: port() is None)


def test_the_host_sees_nothing_of_the_labs_networks(
    before: dict[str, set[str]], infos: dict[str, ClusterInfo]
) -> None:
    now = traces(state_folder())
    for kind in ("mounts", "network namespaces", "links", "addresses", "routes", "firewall", "files"):
        assert now[kind] == before[kind]


def test_the_lab_listens_on_the_hosts_loopback_only(
    infos: dict[str, ClusterInfo], kubectl: dict[str, Kubectl], pods: dict[str, str]
) -> None:
    """What docs/local-site.md says: API servers, which ask for a client certificate, and gateways."""
    kubectl["far"].expose("seen", "echo", labels={"gateway.networking.k8s.io/gateway-name": "seen"})
    kubectl["far"].balancer("seen")
    client = LabClient.connect(start=False)
    eventually("forward", lambda: any("seen" in one.subject for one in client.status().forwards))
    ports = {one.port for one in client.status().forwards}
    listening = set(listening_sockets(lab_processes()))
    assert listening == {("127.0.0.1", port) for port in ports}
    assert len(ports) == len(infos) + 1
    for info in infos.values():
        context = ssl.create_default_context(cadata=info.certificate_authority)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{info.endpoint}/api/v1/secrets", timeout=5, context=context)
        assert refused.value.code == 403
    kubectl["far"]("delete", "service", "seen")


def test_a_vm_cannot_load_modules_nor_make_devices_nor_set_the_clock(infos: dict[str, ClusterInfo]) -> None:
    client = LabClient.connect(start=False)
    client.ensure_machine(MACHINE, say_nothing)
    try:
        bounds = client.machine_shell("vm", ["grep", "CapBnd", "/proc/1/status"], 10).stdout.split()[1]
        held = {name for name, bit in CAPABILITIES.items() if int(bounds, 16) >> bit & 1}
        assert held == {"NET_ADMIN"}
        write = ["sh", "-c", "echo hybrid > /proc/sys/kernel/core_pattern"]
        assert client.machine_shell("vm", write, 10).returncode != 0
        with pytest.raises(LabError, match="took longer than 1 s"):
            client.machine_shell("vm", ["sh", "-c", "sleep 987 & sleep 987"], 1)
        assert client.machine_shell("vm", ["pgrep", "-f", "^sleep 987"], 10).returncode == 1, (
            "it ends there, too"
        )
    finally:
        client.delete_machine("vm")


def test_a_machine_proves_itself_to_the_api_server(infos: dict[str, ClusterInfo]) -> None:
    client = LabClient.connect(start=False)
    machine = client.ensure_machine(MACHINE, say_nothing)
    try:
        token = (
            "curl -s -m 5 -H 'Metadata-Flavor: Google' http://169.254.169.254/computeMetadata/v1/instance/"
            'service-accounts/default/token | sed \'s/.*access_token": "\\([^"]*\\).*/\\1/\''
        )
        review = '{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}'
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        call = (
            f"curl -sk -m 5 -H \"Authorization: Bearer $({token})\" -H 'Content-Type: application/json' "
            f"-d '{review}' {infos['far'].peer_endpoint}{path}"
        )

        def account() -> str:
            answer = json.loads(client.machine_shell("vm", ["sh", "-c", call], 20).stdout)
            return str(answer["status"]["userInfo"]["username"])

        # An API server finds its issuers after it has become ready, on a busy host seconds later.
        # It refuses the token until then: the status is a word.
        asked = waiting.eventually("the API server knows the VM", account, passing=(ValueError, TypeError))
        assert asked == ACCOUNT
        packages = ["curl", "-sfI", "-m", "5", "http://172.30.0.1:8080/echo-client"]
        assert client.machine_shell("vm", packages, 20).returncode == 0
        assert machine.address == "10.61.0.100"
    finally:
        client.delete_machine("vm")


def test_machines_of_a_direct_network_are_reached_from_other_networks(
    kubectl: dict[str, Kubectl], pods: dict[str, str]
) -> None:
    client = LabClient.connect(start=False)
    direct = NetworkSpec("direct", "10.63.0.0/16", direct=True)
    machine = client.ensure_machine(MachineSpec("direct", direct, "#cloud-config\n", ACCOUNT), say_nothing)
    hidden = client.ensure_machine(MachineSpec("hidden", TWO, "#cloud-config\n", ACCOUNT), say_nothing)
    serve = ["sh", "-c", "cd /tmp && (python3 -m http.server 8080 >/dev/null 2>&1 &)"]
    try:
        for name in ("direct", "hidden"):
            client.machine_shell(name, serve, 10)
        address = f"http://{machine.address}:8080"
        assert eventually("direct machine", lambda: kubectl["east"].call("echo", address))
        assert eventually("own machine", lambda: kubectl["far"].call("echo", f"http://{hidden.address}:8080"))
        assert not kubectl["east"].call("echo", f"http://{hidden.address}:8080")
    finally:
        client.delete_machine("direct")
        client.delete_machine("hidden")


def test_delay_that_the_kernel_cannot_do_is_refused_before_anything_is_made(
    infos: dict[str, ClusterInfo],
) -> None:
    client = LabClient.connect(start=False)
    slow = NetworkSpec("slow", "10.64.0.0/16", delay_milliseconds=20, loss_percent=0.1)
    spec = MachineSpec("slow", slow, "#cloud-config\n", ACCOUNT)
    if _kernel_has_netem():
        client.ensure_machine(spec, say_nothing)
        began = time.monotonic()
        client.machine_shell("slow", ["curl", "-s", "-m", "5", infos["far"].peer_endpoint], 10)
        client.delete_machine("slow")
        assert time.monotonic() - began > 0.02
    else:
        with pytest.raises(PreflightError, match=r"network slow .* sch_netem"):
            client.ensure_machine(spec, say_nothing)
        assert client.machine("slow") is None


def test_pods_have_no_metadata_service(kubectl: dict[str, Kubectl], pods: dict[str, str]) -> None:
    assert not kubectl["east"].call("echo", "http://169.254.169.254/")


def test_a_dead_daemon_is_started_again(kubectl: dict[str, Kubectl], infos: dict[str, ClusterInfo]) -> None:
    for program in ("kube-apiserver", "etcd"):
        dead = _daemons_of("near", program)
        assert len(dead) == 1
        os.kill(dead[0], 9)
        _await_another("near", program, dead)
        status = {cluster.name: cluster for cluster in LabClient.connect(start=False).status().clusters}
        assert f"near/{program}" in status["near"].detail
        assert status["east"].detail == ""
        eventually("near answers again", lambda: kubectl["near"].get("node", "near"))


def test_the_same_spec_is_the_same_cluster_and_another_is_refused(infos: dict[str, ClusterInfo]) -> None:
    client = LabClient.connect(start=False)
    assert client.ensure_cluster(EAST, say_nothing) == infos["east"]
    other = ClusterSpec("east", EAST.network, "10.61.160.0/20", EAST.service_cidr, "1.35.4")
    with pytest.raises(LabError, match="different settings"):
        client.ensure_cluster(other, say_nothing)
    clash = ClusterSpec("new", NetworkSpec("one", "10.99.0.0/16"), "10.99.128.0/20", "10.98.0.0/20", "1.35.4")
    with pytest.raises(LabError, match="network one"):
        client.ensure_cluster(clash, say_nothing)


def test_logs_and_status_cover_every_member(infos: dict[str, ClusterInfo]) -> None:
    client = LabClient.connect(start=False)
    status = client.status()
    assert {cluster.name: cluster.state for cluster in status.clusters} == dict.fromkeys(infos, "ready")
    assert 100 << 20 < status.memory_bytes < 4 << 30
    assert any("Serving securely" in line.text for line in LabClient.log("east", "kube-apiserver").read())
    with pytest.raises(LabError, match="no member nobody"):
        LabClient.log("nobody")


def test_a_terminal_begins_in_roots_home_without_a_complaint(infos: dict[str, ClusterInfo]) -> None:
    client = LabClient.connect(start=False)
    client.ensure_machine(MACHINE, say_nothing)
    program = "from hybrid_mesh.local.lab.client import LabClient as L; L.connect(start=False).terminal('vm')"
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], input="pwd\n", capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr, done.returncode) == ("/root\n", "", 0)
    finally:
        client.delete_machine("vm")


def test_the_log_of_a_vm_is_its_journal_and_goes_on(infos: dict[str, ClusterInfo]) -> None:
    client = LabClient.connect(start=False)
    client.ensure_machine(MACHINE, say_nothing)
    try:
        log = LabClient.log("vm", "journal")
        eventually("the journal", lambda: any("systemd[1]" in line.text for line in log.read()), 60)
        client.machine_shell("vm", ["logger", "said by a test"], 10)
        eventually("the new line", lambda: any("said by a test" in line.text for line in log.read()))
    finally:
        client.delete_machine("vm")


def test_two_stacks_share_the_lab_until_each_goes(infos: dict[str, ClusterInfo]) -> None:
    client = LabClient.connect(start=False)
    first, second = (Owner("hybrid-mesh", name) for name in ("first", "second"))
    wanted = [replace(MACHINE, name=f"of-{owner.stack}", owner=owner) for owner in (first, second)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda spec: client.ensure_machine(spec, say_nothing), wanted))
    assert LabClient.stacks() == {first, second}
    with pytest.raises(LabError, match="VM of-first belongs to stack first"):
        client.ensure_machine(replace(wanted[0], owner=second), say_nothing)
    assert LabClient.end(first) == {second}
    assert client.machine("of-first") is None
    assert client.machine_shell("of-second", ["true"], 10).returncode == 0
    client.delete_machine("of-second")
    assert LabClient.stacks() == set()


def test_the_last_member_gone_leaves_nothing(
    before: dict[str, set[str]], infos: dict[str, ClusterInfo]
) -> None:
    state = Path(os.environ["HYBRID_MESH_STATE"])
    client = LabClient.connect(start=False)
    for name in infos:
        client.delete_cluster(name)
    assert not (state / "lab").exists()
    assert not LabClient.has_state()
    assert_nothing_left(before, state)


CAPABILITIES = {"NET_ADMIN": 12, "SYS_MODULE": 16, "SYS_RAWIO": 17, "SYS_TIME": 25, "MKNOD": 27, "BPF": 39}
"""Numbers of linux/capability.h."""


def _kernel_has_netem() -> bool:
    words = ["unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def _await_another(cluster: str, program: str, dead: list[int]) -> None:
    eventually(f"new {program}", lambda: set(_daemons_of(cluster, program)) - set(dead))


def _daemons_of(cluster: str, program: str) -> list[int]:
    mark = f"{os.environ['HYBRID_MESH_STATE']}/lab/clusters/{cluster}/"
    return [
        number
        for number, words in command_lines()
        if Path(words[0]).name == program and any(mark in word for word in words)
    ]
