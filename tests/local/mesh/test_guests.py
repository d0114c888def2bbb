"""What befalls one VM of the group: its rights, its token, its certificate, its API server.

The tests build on each other in the order of the file and leave the VM a healthy member.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.local.mesh.guest import GROUP, NAMESPACE, TOKEN, Guest
from tests.local.mesh.secrets import expired_certificate
from tests.local.mesh.site import Site
from tests.waiting import eventually

pytestmark = pytest.mark.lab

IDENTITY = "hybrid-mesh-identity.service"
VALID = "/usr/local/lib/hybrid-mesh/certificate-is-valid"
HEALTH = "curl -s localhost:15029"


@pytest.fixture(scope="module")
def guest(site: Site, first_up: None, tmp_path_factory: pytest.TempPathFactory) -> Guest:
    return Guest(site, "legacy-0", tmp_path_factory.mktemp("kubectl"))


@contextmanager
def api_server_away(guest: Guest) -> Iterator[None]:
    """The VM cannot reach the API server, not even after a reboot: its network outlives it."""
    route = f"ip route {{}} unreachable {guest.api_address}/32"
    assert guest.sh(route.format("add")).returncode == 0
    try:
        yield
    finally:
        assert guest.sh(route.format("delete")).returncode == 0


def test_the_token_is_private_and_in_no_log(guest: Guest) -> None:
    guest.await_healthy()
    assert guest.sh(f"stat -c '%U %a' {TOKEN}").stdout == "istio-proxy 600\n"
    token = guest.sh(f"cat {TOKEN}").stdout.strip()
    assert token.count(".") == 2
    logs = guest.sh("journalctl --no-pager; cat /var/log/cloud-init*.log /var/log/istio/*").stdout
    assert "wrote a token that is valid until" in logs
    assert token.rpartition(".")[2] not in logs
    assert "ey" + "JhbGciOi" not in logs


def test_it_registers_by_the_address_of_its_metadata(guest: Guest) -> None:
    entry = guest.entry()
    assert entry is not None
    assert (entry["spec"]["serviceAccount"], entry["spec"]["network"]) == (GROUP, "amsterdam")


def test_the_boot_finished_without_a_failed_unit(guest: Guest) -> None:
    done = guest.sh(
        "cloud-init status --wait >/dev/null; systemctl is-system-running --wait; systemctl --failed"
    )
    assert done.stdout.startswith("running"), done.stdout
    assert "Valid cloud-config" in guest.sh("cloud-init schema --system 2>&1").stdout


def test_the_token_is_renewed_at_boot_on_resume_and_by_timer(guest: Guest) -> None:
    targets = guest.sh(f"systemctl show --property WantedBy {IDENTITY}").stdout
    for target in ("hybrid-mesh.target", "suspend.target", "hibernate.target"):
        assert target in targets
    assert "hybrid-mesh-identity.timer" in guest.sh("systemctl list-timers --no-pager").stdout


def test_the_metadata_service_needs_no_envoy(guest: Guest) -> None:
    url = "http://169.254.169.254/computeMetadata/v1/instance/name"
    ask = f"curl -s --max-time 5 -H 'Metadata-Flavor: Google' {url}"
    assert guest.sh(f"pkill -STOP envoy; {ask}; pkill -CONT envoy").stdout == guest.name


def test_it_waits_for_its_rights(guest: Guest) -> None:
    """A VM that has neither a certificate nor a right to a token starts no agent."""
    binding = guest.kubectl.get("-n", NAMESPACE, "rolebinding", f"hybrid-mesh-{GROUP}")
    guest.kubectl("-n", NAMESPACE, "delete", "rolebinding", f"hybrid-mesh-{GROUP}")
    try:
        guest.sh(f"systemctl stop istio.service hybrid-mesh-identity.timer {IDENTITY}")
        guest.sh(f"rm -f {TOKEN} /etc/certs/*; systemctl start --no-block istio.service")
        log = f"journalctl --no-pager --since=-5min -u {IDENTITY}"
        eventually("refusal in the log", lambda: "403" in guest.sh(log).stdout, 60)
        assert guest.sh("systemctl is-active istio.service").stdout.strip() != "active"
        assert guest.sh("pgrep envoy").returncode == 1
        eventually("the reason", lambda: "waiting for the API server" in guest.sh(HEALTH).stdout, 30)
        assert "403" in guest.sh(HEALTH).stdout
    finally:
        for key in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            binding["metadata"].pop(key, None)
        guest.kubectl("create", "-f", "-", text=json.dumps(binding))
    guest.await_agent()
    guest.await_healthy()


def test_it_boots_by_its_certificate_while_the_api_server_is_away_and_keeps_its_disk(guest: Guest) -> None:
    guest.sh("echo kept >/root/note")
    with api_server_away(guest):
        guest.reboot()
        guest.await_agent()
        assert "certificate is still valid" in guest.sh(f"journalctl -b --no-pager -u {IDENTITY}").stdout
        assert guest.sh(f"test -e {TOKEN}").returncode != 0
        guest.await_healthy()
        eventually("in service", lambda: guest.sh(HEALTH).stdout == "in service\n", 30)
    assert guest.sh("cat /root/note").stdout == "kept\n"
    assert guest.sh("grep -c istiod /etc/hosts").stdout == "1\n"
    assert guest.sh("grep -c 'Unpacking istio-sidecar' /var/log/cloud-init-output.log").stdout == "1\n"


def test_it_recovers_with_an_expired_certificate_no_token_and_no_envoy(guest: Guest) -> None:
    guest.sh(f"systemctl stop istio.service hybrid-mesh-identity.timer {IDENTITY}")
    certificate, key = expired_certificate()
    guest.write("/etc/certs/cert-chain.pem", certificate)
    guest.write("/etc/certs/key.pem", key)
    environment = "cd / && set -a && . /var/lib/istio/envoy/cluster.env"
    guest.sh(f"rm -f {TOKEN}; {environment} && pilot-agent istio-iptables")
    assert guest.sh(VALID).returncode != 0
    refused = guest.sh(f"curl -sk --max-time 5 https://{guest.api_address}:6443/version")
    assert refused.returncode != 0, "root's traffic should be redirected to an Envoy that is down"
    guest.sh("systemctl start --no-block istio.service")
    eventually("valid certificate", lambda: guest.sh(VALID).returncode == 0, 60)
    guest.await_healthy()


def test_new_roots_arrive_with_the_next_run(guest: Guest) -> None:
    guest.sh(f"echo stale >/etc/certs/root-cert.pem; systemctl start {IDENTITY}")
    roots = guest.kubectl.get("-n", NAMESPACE, "configmap", "istio-ca-root-cert")["data"]["root-cert.pem"]
    assert guest.sh("cat /etc/certs/root-cert.pem").stdout.strip() == roots.strip()


def test_a_failure_at_timer_time_leaves_the_agent_alone(guest: Guest) -> None:
    agent = guest.sh("systemctl show --property MainPID istio.service").stdout
    with api_server_away(guest):
        assert guest.sh(f"systemctl start {IDENTITY}").returncode != 0
        assert guest.sh("systemctl show --property MainPID istio.service").stdout == agent
    guest.sh(f"systemctl start {IDENTITY} hybrid-mesh-identity.timer")
