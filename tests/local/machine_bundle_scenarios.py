"""A datacenter machine that is handed a bundle, against a real API server and a real istiod. Run by
test_machine_lab.py; the tests build on each other in the order of the file."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from local.lab.specs import CompletedCommand
from local.machines.runtime import MachineRuntime
from model.texts.bundle import render_bundle
from model.texts.cluster_env import render_cluster_env
from model.texts.hosts import render_hosts
from model.texts.mesh_yaml import render_mesh_yaml
from tests.local.machine_site import BRIDGE, SETTINGS, Site, site_with_a_group
from tests.waiting import eventually

OURS_ALONE = {"PROXY_CONFIG_XDS_AGENT", "PROV_CERT", "OUTPUT_CERTS", "ISTIO_SERVICE_EXCLUDE_CIDR"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_a_group(tmp_path_factory.mktemp("site")) as site:
        path = "/api/v1/namespaces/bookinfo/configmaps/istio-ca-root-cert"
        eventually("roots", lambda: site.get(path).get("data"), 60)
        yield site


@pytest.fixture(scope="module")
def machine(site: Site) -> MachineRuntime:
    """A machine that knows of no mesh."""
    machine = site.machine("dc-a", 0, "#cloud-config\n")
    machine.start()
    machine.wait_until_up(60)
    eventually("booted", lambda: "running" in sh(machine, "systemctl is-system-running --wait").stdout, 60)
    return machine


def sh(machine: MachineRuntime, script: str) -> CompletedCommand:
    return machine.shell(["sh", "-c", script], 120)


def hand_over(site: Site, token: str | None) -> None:
    """Puts the bundle into the machine's /root/bundle."""
    folder = site.folder / "dc-a/root/root/bundle"
    for path, text in render_bundle(site.bundle()).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    if token is not None:
        (folder / "istio-token").write_text(token)


def ended_token() -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1_700_000_000}, separators=(",", ":")).encode())
    return f"e30.{claims.decode().rstrip('=')}.c2ln"


def registered(site: Site, address: str) -> bool:
    path = "/apis/networking.istio.io/v1/namespaces/bookinfo/workloadentries"
    return any(entry["spec"]["address"] == address for entry in site.get(path).get("items", []))


def test_ended_token_is_refused_before_anything_is_installed(site: Site, machine: MachineRuntime) -> None:
    hand_over(site, ended_token())
    done = sh(machine, "sh /root/bundle/install.sh")
    assert done.returncode == 1
    assert "the token ended" in done.stderr
    assert "hybrid-mesh bundle ratings" in done.stderr
    assert sh(machine, "test -e /usr/local/bin/pilot-agent").returncode != 0


@pytest.mark.parametrize("token", [None, "nonsense"])
def test_missing_or_broken_token_is_refused(site: Site, machine: MachineRuntime, token: str | None) -> None:
    sh(machine, "rm -f /root/bundle/istio-token")
    hand_over(site, token)
    done = sh(machine, "sh /root/bundle/install.sh")
    assert done.returncode == 1
    assert "hybrid-mesh bundle ratings" in done.stderr


def test_wrong_option_explains_itself(machine: MachineRuntime) -> None:
    done = sh(machine, "sh /root/bundle/install.sh --adress 10.1.0.7")
    assert done.returncode == 2
    assert "--address" in done.stderr


def test_machine_joins_and_uses_its_token_up(site: Site, machine: MachineRuntime) -> None:
    token = site.token()
    hand_over(site, token)
    done = sh(machine, "sh /root/bundle/install.sh")
    assert done.returncode == 0, done
    assert "member of the mesh, in group ratings" in done.stdout
    assert token not in done.stdout + done.stderr
    eventually("registered", lambda: registered(site, machine.address), 30)
    left = sh(machine, "ls /root/bundle/istio-token /var/run/secrets/tokens/istio-token")
    assert left.stdout == ""


def test_installing_again_needs_no_token(machine: MachineRuntime) -> None:
    done = sh(machine, "sh /root/bundle/install.sh")
    assert done.returncode == 0, done
    assert "the token is not needed" in done.stdout
    assert sh(machine, "grep -c istiod /etc/hosts").stdout == "1\n"


def test_reboot_needs_no_token(site: Site, machine: MachineRuntime) -> None:
    sh(machine, "systemctl reboot")
    machine.wait(60)
    machine.start()
    machine.wait_until_up(60)
    eventually("agent", lambda: sh(machine, "pgrep envoy").returncode == 0, 60)
    eventually("registered", lambda: registered(site, machine.address), 60)


def test_address_can_be_chosen(site: Site, machine: MachineRuntime) -> None:
    done = sh(
        machine, "ip address add 10.1.0.222/32 dev lan0; sh /root/bundle/install.sh --address 10.1.0.222"
    )
    assert done.returncode == 0, done
    eventually("registered", lambda: registered(site, "10.1.0.222"), 60)


def test_uninstaller_leaves_nothing(machine: MachineRuntime) -> None:
    for _ in range(2):
        done = sh(machine, "sh /root/bundle/uninstall.sh")
        assert done.returncode == 0, done
    assert "istiod" not in sh(machine, "cat /etc/hosts").stdout
    assert "ISTIO" not in sh(machine, "iptables-save; iptables-legacy-save").stdout
    assert sh(machine, "pgrep 'envoy|pilot-agent'").returncode == 1
    places = "/etc/certs /etc/istio /etc/hybrid-mesh /usr/local/lib/hybrid-mesh /var/lib/hybrid-mesh"
    left = sh(
        machine, f"find {places} /run/hybrid-mesh /run/secrets/tokens -type f -o -type l 2>/dev/null"
    ).stdout
    assert left == ""
    assert "istio" not in sh(machine, "ls /etc/systemd/system /etc/systemd/system/*.wants").stdout


def test_files_are_those_of_istioctl(site: Site, tmp_path: Path) -> None:
    mesh = {"trustDomain": "mesh.local", "defaultConfig": {"meshId": "mesh1"}}
    config = {"metadata": {"name": "istio"}, "data": {"mesh": json.dumps(mesh)}}
    site.apply("/api/v1/namespaces/istio-system/configmaps", config)
    words = ["x", "workload", "entry", "configure", "--name", "ratings", "--namespace", "bookinfo"]
    options = ["--clusterID=west", f"--ingressIP={BRIDGE}", "--autoregister", f"--output={tmp_path}"]
    command = [
        str(site.toolchain.binary("istioctl")),
        *words,
        *options,
        f"--kubeconfig={site.folder / 'kubeconfig'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr

    theirs = dict(line.split("=", 1) for line in (tmp_path / "cluster.env").read_text().splitlines())
    ours = dict(line.split("=", 1) for line in render_cluster_env(SETTINGS).splitlines())
    assert {key: ours.get(key) for key in theirs} == theirs
    assert ours.keys() - theirs.keys() == OURS_ALONE
    assert list(theirs) == sorted(theirs)

    config = yaml.safe_load((tmp_path / "mesh.yaml").read_text())
    own = yaml.safe_load(render_mesh_yaml(SETTINGS))
    assert own["defaultConfig"]["proxyMetadata"].pop("PROXY_CONFIG_XDS_AGENT") == "true"
    config["defaultConfig"].setdefault("discoveryAddress", "istiod.istio-system.svc:15012")
    assert own == config
    assert (tmp_path / "hosts").read_text() == render_hosts((BRIDGE,))
    assert (tmp_path / "root-cert.pem").read_text() == site.bundle().root_certificates
