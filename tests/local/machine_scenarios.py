"""What happens to machines, against a real API server and a real istiod. Run by test_machine_lab.py in
namespaces of its own; the tests build on each other in the order of the file."""

import os
import time
from collections.abc import Iterator

import pytest

from local.lab.specs import CompletedCommand
from local.machines.runtime import REBOOT_EXIT_CODE, MachineRuntime
from model.texts.cloud_init import render_user_data
from tests.local.machine_parts import write_expired_certificate
from tests.local.machine_site import BRIDGE, Site, site_with_a_group
from tests.waiting import eventually

TOKEN = "/var/run/secrets/tokens/istio-token"
FIRST_BOOT_SECONDS = 12


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_a_group(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def machine(site: Site) -> MachineRuntime:
    return site.machine("vm-a", 0, render_user_data(site.boot()))


def sh(machine: MachineRuntime, script: str) -> CompletedCommand:
    return machine.shell(["sh", "-c", script], 30)


def restart(machine: MachineRuntime) -> None:
    machine.start()
    machine.wait_until_up(60)


def await_healthy(site: Site, machine: MachineRuntime, timeout: float = 90) -> None:
    try:
        eventually(f"{machine.spec.name} healthy", lambda: site.healthy(machine), timeout)
    except AssertionError as failure:
        entries = site.get("/apis/networking.istio.io/v1/namespaces/bookinfo/workloadentries")
        agent = sh(machine, "systemctl status --no-pager istio.service; tail -n 30 /var/log/istio/istio.log")
        istiod = (site.folder / "istiod.log").read_text()[-6000:]
        raise AssertionError(f"{failure}\n{entries}\n{agent.stdout}\n{istiod}") from failure


def test_machine_waits_for_its_rights(site: Site, machine: MachineRuntime) -> None:
    machine.start()
    machine.wait_until_up(60)
    log = "journalctl --no-pager -u hybrid-mesh-identity.service"
    eventually("refusal in the log", lambda: "403" in sh(machine, log).stdout, 90)
    assert sh(machine, "systemctl is-active istio.service").stdout.strip() == "inactive"
    site.declare_rights()
    await_healthy(site, machine)


def test_another_machine_joins_within_the_time(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    machine = site.machine("vm-b", 1, render_user_data(site.boot()))
    started = time.monotonic()
    machine.start()
    await_healthy(site, machine, 60)
    took = time.monotonic() - started
    with capsys.disabled():
        print(f"machine start to Healthy: {took:.1f} s")
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    assert busy or took < FIRST_BOOT_SECONDS
    machine.remove()


def test_token_is_private_and_in_no_log(machine: MachineRuntime) -> None:
    assert sh(machine, f"stat -c '%U %a' {TOKEN}").stdout == "istio-proxy 600\n"
    token = sh(machine, f"cat {TOKEN}").stdout.strip()
    assert token.count(".") == 2
    logs = sh(machine, "journalctl --no-pager; cat /var/log/cloud-init*.log /var/log/istio/*").stdout
    assert "wrote a token that is valid until" in logs
    assert token.rpartition(".")[2] not in logs
    assert "ey" + "JhbGciOi" not in logs


def test_registers_by_the_address_of_its_metadata(site: Site, machine: MachineRuntime) -> None:
    entries = site.get("/apis/networking.istio.io/v1/namespaces/bookinfo/workloadentries")["items"]
    spec = next(entry["spec"] for entry in entries if entry["spec"]["address"] == machine.address)
    assert (spec["serviceAccount"], spec["network"]) == ("ratings", "lan-a")


def test_boot_finished_without_a_failed_unit(machine: MachineRuntime) -> None:
    done = sh(
        machine, "cloud-init status --wait >/dev/null; systemctl is-system-running --wait; systemctl --failed"
    )
    assert done.stdout.startswith("running"), done.stdout


def test_user_data_is_as_cloud_init_wants_it(machine: MachineRuntime) -> None:
    assert "Valid cloud-config" in sh(machine, "cloud-init schema --system 2>&1").stdout


def test_token_is_renewed_at_boot_on_resume_and_by_timer(machine: MachineRuntime) -> None:
    show = "systemctl show --property WantedBy hybrid-mesh-identity.service"
    for target in ("hybrid-mesh.target", "suspend.target", "hibernate.target"):
        assert target in sh(machine, show).stdout
    assert "hybrid-mesh-identity.timer" in sh(machine, "systemctl list-timers --no-pager").stdout


def test_metadata_service_needs_no_envoy(machine: MachineRuntime) -> None:
    url = "http://169.254.169.254/computeMetadata/v1/instance/name"
    ask = f"curl -s --max-time 5 -H 'Metadata-Flavor: Google' {url}"
    done = sh(machine, f"pkill -STOP envoy; {ask}; pkill -CONT envoy")
    assert done.stdout == "vm-a"


def test_reboot_keeps_the_disk_and_the_membership(site: Site, machine: MachineRuntime) -> None:
    sh(machine, "echo kept >/root/note")
    sh(machine, "systemctl reboot")
    assert machine.wait(60) == REBOOT_EXIT_CODE
    restart(machine)
    assert sh(machine, "cat /root/note").stdout == "kept\n"
    eventually("agent active", lambda: sh(machine, "pgrep envoy").returncode == 0, 90)
    await_healthy(site, machine)
    assert sh(machine, "grep -c istiod /etc/hosts").stdout == "1\n"
    assert sh(machine, "grep -c 'Unpacking istio-sidecar' /var/log/cloud-init-output.log").stdout == "1\n"


def test_power_cut(site: Site, machine: MachineRuntime) -> None:
    machine.stop(timeout=0)
    restart(machine)
    assert sh(machine, "cat /root/note").stdout == "kept\n"
    eventually("agent active", lambda: sh(machine, "pgrep envoy").returncode == 0, 90)
    await_healthy(site, machine)


def test_boots_by_its_certificate_while_the_api_server_is_away(site: Site, machine: MachineRuntime) -> None:
    machine.stop(timeout=10)
    site.end("kube-apiserver")
    restart(machine)
    eventually("agent ready", lambda: sh(machine, "pgrep envoy").returncode == 0, 90)
    log = sh(machine, "journalctl -b --no-pager -u hybrid-mesh-identity.service").stdout
    assert "certificate is still valid" in log
    assert sh(machine, f"test -e {TOKEN}").returncode != 0
    site.start_api_server()
    site.end("istiod")
    site.start_istiod()
    await_healthy(site, machine, 60)


def test_recovers_with_an_expired_certificate_no_token_and_no_envoy(
    site: Site, machine: MachineRuntime
) -> None:
    sh(machine, "systemctl stop istio.service hybrid-mesh-identity.timer hybrid-mesh-identity.service")
    write_expired_certificate(site.folder / machine.spec.name / "root/etc/certs")
    sh(
        machine,
        f"rm -f {TOKEN}; cd / && set -a && . /var/lib/istio/envoy/cluster.env && pilot-agent istio-iptables",
    )
    assert sh(machine, "/usr/local/lib/hybrid-mesh/certificate-is-valid").returncode != 0
    refused = sh(machine, f"curl -sk --max-time 5 https://{BRIDGE}:6443/version")
    assert refused.returncode != 0, "root's traffic should be redirected to an Envoy that is down"
    sh(machine, "systemctl start --no-block istio.service")
    eventually(
        "valid certificate",
        lambda: not sh(machine, "/usr/local/lib/hybrid-mesh/certificate-is-valid").returncode,
        30,
    )
    await_healthy(site, machine)


def test_new_roots_arrive_with_the_next_run(site: Site, machine: MachineRuntime) -> None:
    sh(machine, "echo stale >/etc/certs/root-cert.pem; systemctl start hybrid-mesh-identity.service")
    path = "/api/v1/namespaces/bookinfo/configmaps/istio-ca-root-cert"
    found = sh(machine, "cat /etc/certs/root-cert.pem").stdout
    assert found.strip() == site.get(path)["data"]["root-cert.pem"].strip()


def test_failure_at_timer_time_leaves_the_agent_alone(site: Site, machine: MachineRuntime) -> None:
    agent = sh(machine, "systemctl show --property MainPID istio.service").stdout
    site.end("kube-apiserver")
    assert sh(machine, "systemctl start hybrid-mesh-identity.service").returncode != 0
    assert sh(machine, "systemctl show --property MainPID istio.service").stdout == agent
    site.start_api_server()


def test_agent_killed(site: Site, machine: MachineRuntime) -> None:
    agent = sh(machine, "pgrep -o pilot-agent").stdout
    sh(machine, "pkill -KILL pilot-agent")
    eventually("new agent", lambda: sh(machine, "pgrep -o pilot-agent").stdout not in ("", agent), 90)
    await_healthy(site, machine)
