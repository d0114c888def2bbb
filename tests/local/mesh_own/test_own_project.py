"""A project of one's own with the built wheel, from an empty folder: init, plan, up, changes, up, down.

The tests run in this order on one project. Those of the mesh of the checkout have left the host empty.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.paths import cache_folder
from tests.commands import run
from tests.local.host import Traces, assert_nothing_left
from tests.local.lab_site import Kubectl
from tests.local.mesh.secrets import known_secrets, leaks
from tests.local.mesh.site import Site
from tests.local.mesh.test_life import assert_stopped, assert_verified, start_up
from tests.local.mesh_own.load import CLUSTERS, load
from tests.waiting import eventually
from tests.wheel import build_wheel, install

pytestmark = pytest.mark.lab

FORMER = Path(__file__).with_name("former.py")
AS_FORMERLY = (
    "    secrets = {",
    "    from former import former\n\n    plan = former(plan)\n    secrets = {",
)
"""A change of the project's program, with which it declares what version 0.1.0 declared."""
PODS = "http://echo.demo:8080/"
VMS = "http://legacy.demo:9080/"
BROKEN, WORKING = "000 /usr/local/bin/echo-server", "755 /usr/local/bin/echo-server"
"""Modes of the demo's program on a VM."""
LISTENERS = (
    "{name: http, port: 80}",
    "{name: https, port: 443, protocol: HTTPS, hostname: shop.example.com, certificate: shop}",
    "{name: tcp, port: 9000, protocol: TCP}",
)
ROUTES = (
    "{name: up, listeners: [http], pathPrefix: /old, redirect: {scheme: https}}",
    "{name: raw, kind: TCP, backends: [{group: legacy, port: 9080}]}",
)
LEDGER = """\
      ledger:
        namespace: bank
        cluster: west
        network: boston
        ports: {http: 8000}
        application:
          units:
            - name: ledger.service
              content: |
                [Service]
                ExecStart=/usr/bin/python3 -m http.server 8000
                [Install]
                WantedBy=multi-user.target
        machines: {type: local, count: 1}
"""
"""A group whose application knows nothing of the mesh."""
CHANGED_LINES = 4
"""By the test's change: two weights, a path and its replacement."""


@pytest.fixture(scope="module")
def own(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The project, in an environment that holds the wheel and nothing of the checkout. At the end, the cache
    knows nothing of it."""
    if site.lab()["running"]:
        site.hybrid_mesh("down")
    folder = tmp_path_factory.mktemp("own") / "my-mesh"
    install(build_wheel(tmp_path_factory.mktemp("wheel")), folder / ".venv")
    made = replace(site, folder=folder)
    made.hybrid_mesh("init", "--template", "local", "--set", "trustDomain=own.example.com")
    edit(made, "count: 2}", "count: 4, rollout: {maxUnavailable: 3}}")
    edit(made, "periodSeconds: 1}", "periodSeconds: 1, failureThreshold: 1}")
    (folder / ".venv/.installed").touch()
    shutil.copy(FORMER, folder)
    program = folder / "__main__.py"
    program.write_text(program.read_text().replace(*AS_FORMERLY))
    run(["git", "init", "--quiet"], folder=folder)
    run(["git", "add", "--all"], folder=folder)
    yield made
    for known in (cache_folder() / "checkouts").iterdir():
        if known.readlink() == folder:
            known.unlink()


def edit(own: Site, old: str, new: str) -> None:
    """Changes the stack file."""
    path = own.folder / "stacks/Pulumi.local.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def changed(own: Site) -> list[str]:
    """The lines that git sees as changed or added."""
    diff = run(["git", "diff", "--unified=0"], folder=own.folder).stdout.splitlines()
    assert run(["git", "ls-files", "--others", "--exclude-standard"], folder=own.folder).stdout == ""
    return [line for line in diff if line.startswith("+") and not line.startswith("+++")]


def make(own: Site, target: str) -> str:
    return run(["make", target], folder=own.folder, environment=own.environment, merged=True).stdout


def test_its_stacks_are_valid_and_it_has_the_toolchain_that_the_host_has(own: Site) -> None:
    assert "local: valid" in make(own, "test")
    assert json.loads(own.hybrid_mesh("plan", "--json").stdout)["mesh"]["trustDomain"] == "own.example.com"
    assert re.search(r"^(the toolchain is ready|removed)", make(own, "toolchain"), re.MULTILINE)


def test_an_interrupted_up_is_finished_by_a_plain_one(own: Site) -> None:
    """By Ctrl-C. The most that may be logged of the next one, which refreshes, holds no secret."""
    begun = start_up(own)
    os.killpg(begun.pid, signal.SIGINT)
    assert_stopped(begun)
    assert begun.returncode == 130
    verbose = ("--logtostderr", "-v=7", "--debug")
    done = own.pulumi("up", "--refresh", "--yes", "--stack", "local", "--skip-plugin-pre-install", *verbose)
    assert leaks(known_secrets(own.export()), done.stdout + done.stderr) == []
    assert_verified(own)
    made = own.export()["resources"]
    assert made[0]["urn"].startswith("urn:pulumi:local::my-mesh::")
    charts = {each["inputs"]["chart"] for each in made if each["type"].endswith("/v3:Release")}
    assert len(charts) >= 4
    assert not any(chart.startswith("/") for chart in charts), "the state names no folder of this host"


def gateways(own: Site, folder: Path) -> dict[str, list[str]]:
    """What must not change of each cluster's east-west gateway: its Service's UID and addresses, and its
    pods' UIDs."""
    found: dict[str, list[str]] = {}
    for name in CLUSTERS:
        kubectl = kubectl_of(own, name, folder)
        service = kubectl.get("-n", "istio-system", "service", "istio-eastwestgateway")
        pods = kubectl.get("-n", "istio-system", "pods", "-l", "istio=eastwestgateway")["items"]
        uids = [each["metadata"]["uid"] for each in (service, *pods)]
        found[name] = [*uids, json.dumps(service["status"]["loadBalancer"])]
    return found


def kubectl_of(own: Site, cluster: str, folder: Path) -> Kubectl:
    info = LabClient(own.state).cluster(cluster)
    assert info is not None
    return Kubectl(info, folder)


def test_gateways_of_istios_own_api_are_replaced_and_no_request_is_lost(own: Site, tmp_path: Path) -> None:
    """By the program as `init` wrote it. VMs that are created later reach istiod by the TLSRoute."""
    program = own.folder / "__main__.py"
    program.write_text(program.read_text().replace(AS_FORMERLY[1], AS_FORMERLY[0]))
    (own.folder / FORMER.name).unlink()
    before = gateways(own, tmp_path)
    with load(own, tmp_path, PODS, VMS, machine="legacy-0") as requests:
        said = own.pulumi("up", "--yes", "--stack", "local", "--skip-preview", "--skip-plugin-pre-install")
    assert (requests.lost, requests.failures) == (0, [])
    assert requests.asked > 500
    assert re.search(r"\+ 4 created\s+- 6 deleted\s+10 changes\.", said.stdout), said.stdout
    assert gateways(own, tmp_path) == before
    for cluster in CLUSTERS:
        kubectl = kubectl_of(own, cluster, tmp_path)
        gone = "gateways.networking.istio.io,virtualservices.networking.istio.io"
        assert kubectl.get("--all-namespaces", gone)["items"] == []
        log = kubectl("-n", "istio-system", "logs", "deploy/istio-eastwestgateway")
        assert "rejected" not in log, "Envoy accepts the listeners of both"
    assert_verified(own)


def test_a_change_of_its_stack_file_is_applied_and_nothing_else_is(own: Site) -> None:
    path = own.folder / "stacks/Pulumi.local.yaml"
    text = path.read_text().replace("weight: 50", "weight: 80", 1).replace("weight: 50", "weight: 20")
    path.write_text(text.replace("pathPrefix: /\n", "pathPrefix: /echo\n            replacePrefix: /v2\n"))
    said = make(own, "up")
    assert re.search(r"\b1 updated\b", said), said
    assert not re.search(r"\d (created|replaced|deleted)\b", said), said
    assert len(changed(own)) == CHANGED_LINES, "what pulumi writes into the file is not seen"
    [url] = re.findall(r"curl (http://\S+)", said)
    with urlopen(f"{url}/1", timeout=10) as answer:
        assert "URL=/v2/1\n" in answer.read().decode()


def test_an_ingress_ends_tls_redirects_and_passes_connections_on(own: Site, tmp_path: Path) -> None:
    """With a certificate from the configuration, by the commands that `up` prints."""
    path = own.folder / "stacks/Pulumi.local.yaml"
    before = path.read_text()
    edit(own, "listeners: [{name: http, port: 80}]", f"listeners: [{', '.join(LISTENERS)}]")
    edit(
        own,
        "        routes:\n",
        "".join(["        routes:\n", *(f"          - {each}\n" for each in ROUTES)]),
    )
    certificate, key = tmp_path / "shop.pem", tmp_path / "shop-key.pem"
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=shop")
    names = ("-addext", "subjectAltName=DNS:shop.example.com")
    run([*request, *names, "-keyout", str(key), "-out", str(certificate)], folder=tmp_path)
    for name, file, flags in (("certificate", certificate, ()), ("key", key, ("--secret",))):
        value = file.read_text()
        own.pulumi("config", "set", "--stack", "local", *flags, f"hybrid-mesh:shop-{name}", "--", value)
    said = make(own, "up")
    [plain], [secure] = (
        re.findall(r"curl (http://\S+)", said),
        re.findall(r"curl (--connect-to \S+ \S+)", said),
    )
    [port] = re.findall(r"nc 127.0.0.1 (\d+)", said)
    curl = ["curl", "--silent", "--show-error", "--fail"]
    shown = run([*curl, "--cacert", str(certificate), *secure.split()], folder=tmp_path).stdout
    assert "Hostname=" in shown
    moved = [*curl, "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}"]
    old, host = f"http://{plain.split('/')[2]}/old/x", ("--header", "Host:shop.example.com")
    answer = run([*moved, *host, old], folder=tmp_path).stdout
    assert answer == "301 https://shop.example.com/old/x"
    assert "Hostname=legacy-" in run([*curl, f"http://127.0.0.1:{port}/"], folder=tmp_path).stdout
    assert leaks({*key.read_text().splitlines()[1:-1]}, said) == []
    path.write_text(before)


def test_a_template_that_does_not_work_stops_at_its_first_vm_and_loses_no_request(
    own: Site, tmp_path: Path
) -> None:
    machines = "        machines: {type: local"
    edit(own, machines, f"        application: {{commands: [chmod {BROKEN}]}}\n{machines}")
    with load(own, tmp_path, VMS) as requests:
        done = own.hybrid_mesh("up", check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert re.search(r"the rollout of group legacy stopped .* is connected, but unhealthy", said)
    assert "connection refused; legacy-1, legacy-2, legacy-3 keep the former template" in said
    assert (requests.lost, requests.failures) == (0, [])
    assert requests.asked > 500
    assert "legacy-0" not in requests.answered_by[-50:]


def test_a_good_template_reaches_every_vm_and_loses_no_request(own: Site, tmp_path: Path) -> None:
    edit(own, f"chmod {BROKEN}", f"chmod {WORKING}")
    with load(own, tmp_path, VMS) as requests:
        own.pulumi("up", "--yes", "--stack", "local", "--skip-preview", "--skip-plugin-pre-install")
    assert (requests.lost, requests.failures) == (0, [])
    assert requests.asked > 300
    machines = [LabClient(own.state).machine(f"legacy-{number}") for number in range(4)]
    assert [machine.outdated for machine in machines if machine] == [False] * 4
    edit(own, f"        application: {{commands: [chmod {WORKING}]}}\n", "")


def test_a_group_without_the_demo_is_verified_and_a_killed_verify_is_cleaned_up_after(
    own: Site, tmp_path: Path
) -> None:
    path = own.folder / "stacks/Pulumi.local.yaml"
    before = path.read_text()
    edit(own, "    workloadGroups:\n", f"    workloadGroups:\n{LEDGER}")
    said = own.hybrid_mesh("up").stdout
    assert said.count("✓ group ledger, port 8000") == len(CLUSTERS) + 2, said
    assert "✓ VM ledger-" in said, "what comes without a proxy is refused"
    kubectl = kubectl_of(own, "east", tmp_path)

    def probes() -> list[str]:
        found = kubectl.get("namespaces", "-l", "app.kubernetes.io/component=probe")["items"]
        return [each["metadata"]["name"] for each in found if each["status"]["phase"] == "Active"]

    eventually("the probes of `up` are removed", lambda: not probes(), 20)
    program = str(own.folder / ".venv/bin/hybrid-mesh")
    with subprocess.Popen([program, "verify"], cwd=own.folder, env=own.environment) as killed:
        eventually("the probes have a namespace", probes, 20)
        killed.kill()
    (left,) = probes()
    own.hybrid_mesh("verify", "--from", "east", "--to", "group ledger")
    eventually("the next verify removes it", lambda: left not in probes(), 20)
    path.write_text(before)


def test_down_leaves_nothing(own: Site, before: Traces) -> None:
    assert own.lab()["running"] is True
    make(own, "down")
    assert_nothing_left(before, own.state)
    assert not (own.state / "lab").exists()
    assert own.lab()["running"] is False
    assert len(changed(own)) == CHANGED_LINES
