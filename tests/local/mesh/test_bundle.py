"""A datacenter VM that is handed a bundle, and joins the group beside the VMs of the site.

The tests build on each other in the order of the file; the VM is gone at the end.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import MachineSpec
from hybrid_mesh.local.lab.state import LabState, lab_folder
from hybrid_mesh.local.lab.toolchain import current
from hybrid_mesh.model.istio_facts import VM_HEALTH_PORT
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.texts.bundle import Bundle, render_bundle
from hybrid_mesh.model.texts.hosts import render_hosts
from tests.commands import PROJECT, run
from tests.local.lab_site import say_nothing
from tests.local.mesh.guest import GROUP, NAMESPACE, Guest
from tests.local.mesh.site import Site
from tests.waiting import eventually

pytestmark = pytest.mark.lab

OURS_ALONE = {"CLOUD_PLATFORM", "PROV_CERT", "OUTPUT_CERTS", "ISTIO_SERVICE_EXCLUDE_CIDR"}
PACKAGE = "releases/1.31.0/deb/istio-sidecar.deb"


@pytest.fixture(scope="module")
def guest(site: Site, first_up: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """A VM that knows of no mesh, in the network of the group's VMs."""
    network = LabState(lab_folder(site.state)).machines["legacy-0"].spec.network
    lab = LabClient(site.state)
    lab.ensure_machine(MachineSpec("dc-a", network, "#cloud-config\n", "nobody@test"), say_nothing)
    try:
        made = Guest(site, "dc-a", tmp_path_factory.mktemp("kubectl"))
        eventually("booted", lambda: "running" in made.sh("systemctl is-system-running --wait").stdout, 60)
        yield made
    finally:
        lab.delete_machine("dc-a")


@pytest.fixture(scope="module")
def bundle(guest: Guest) -> Bundle:
    """What `hybrid-mesh bundle` writes for the group, were its VMs of the type `bundle`."""
    mesh = yaml.safe_load((PROJECT / "stacks/Pulumi.local.yaml").read_text())["config"]["hybrid-mesh:mesh"]
    digest = hashlib.sha256((PROJECT / ".toolchain/packages" / PACKAGE).read_bytes()).hexdigest()
    del mesh["demo"]
    mesh["istio"]["packageSha256"] = {"amd64Deb": digest}
    mesh["workloadGroups"][GROUP]["machines"] = {"type": "bundle"}
    group = plan_from(mesh, "local").groups[GROUP]
    roots = guest.kubectl.get("-n", NAMESPACE, "configmap", "istio-ca-root-cert")["data"]["root-cert.pem"]
    return Bundle(
        group=GROUP,
        namespace=NAMESPACE,
        service_account=group.service_account,
        cluster=group.cluster,
        root_certificates=roots,
        gateway_addresses=(guest.gateway_address,),
        cluster_env=group.cluster_env,
        mesh_yaml=group.mesh_yaml,
        package_url=f"{mesh['istio']['packages']}/{PACKAGE}",
        package_sha256=digest,
    )


def hand_over(guest: Guest, bundle: Bundle, token: str | None) -> None:
    """Puts the bundle into the VM's /root/bundle."""
    guest.sh("rm -rf /root/bundle")
    for path, text in render_bundle(bundle).items():
        guest.write(f"/root/bundle/{path}", text)
    if token is not None:
        guest.write("/root/bundle/istio-token", token)


def ended_token() -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1_700_000_000}, separators=(",", ":")).encode())
    return f"e30.{claims.decode().rstrip('=')}.c2ln"


@pytest.mark.parametrize(
    ("token", "reason"), [(ended_token(), "the token expired"), (None, ""), ("nonsense", "")]
)
def test_a_token_that_is_not_valid_is_refused_before_anything_is_installed(
    guest: Guest, bundle: Bundle, token: str | None, reason: str
) -> None:
    hand_over(guest, bundle, token)
    done = guest.sh("sh /root/bundle/install.sh")
    assert done.returncode == 1
    assert reason in done.stderr
    assert f"hybrid-mesh bundle {GROUP}" in done.stderr
    assert guest.sh("test -e /usr/local/bin/pilot-agent").returncode != 0


def test_a_wrong_option_explains_itself(guest: Guest) -> None:
    done = guest.sh("sh /root/bundle/install.sh --adress 10.1.0.7")
    assert done.returncode == 2
    assert "--address" in done.stderr


def test_the_vm_joins_and_uses_its_token_up(guest: Guest, bundle: Bundle) -> None:
    minted = guest.kubectl(
        "-n", NAMESPACE, "create", "token", bundle.service_account, "--audience=istio-ca", "--duration=10m"
    )
    token = minted.strip()
    hand_over(guest, bundle, token)
    done = guest.sh("sh /root/bundle/install.sh", 120)
    assert done.returncode == 0, done
    assert f"This VM has joined the mesh in group {GROUP}" in done.stdout
    assert token not in done.stdout + done.stderr
    eventually("registered", guest.entry, 30)
    assert guest.sh("ls /root/bundle/istio-token /var/run/secrets/tokens/istio-token").stdout == ""


def test_installing_again_needs_no_token(guest: Guest) -> None:
    done = guest.sh("sh /root/bundle/install.sh", 120)
    assert done.returncode == 0, done
    assert "the token is not needed" in done.stdout
    assert guest.sh("grep -c istiod /etc/hosts").stdout == "1\n"


def test_a_reboot_needs_no_token(guest: Guest) -> None:
    guest.reboot()
    guest.await_agent()
    eventually("registered", guest.entry, 60)


def test_the_address_can_be_chosen(guest: Guest) -> None:
    address = guest.info.address.rsplit(".", 1)[0] + ".222"
    done = guest.sh(
        f"ip address add {address}/32 dev lan0; sh /root/bundle/install.sh --address {address}", 120
    )
    assert done.returncode == 0, done
    eventually("registered", lambda: guest.entry(address), 60)


def test_the_uninstaller_leaves_nothing(guest: Guest) -> None:
    for _ in range(2):
        done = guest.sh("sh /root/bundle/uninstall.sh", 120)
        assert done.returncode == 0, done
    assert "istiod" not in guest.sh("cat /etc/hosts").stdout
    assert "ISTIO" not in guest.sh("iptables-save; iptables-legacy-save").stdout
    assert guest.sh("pgrep 'envoy|pilot-agent'").returncode == 1
    places = "/etc/certs /etc/istio /etc/hybrid-mesh /usr/local/lib/hybrid-mesh /var/lib/hybrid-mesh"
    left = guest.sh(
        f"find {places} /run/hybrid-mesh /run/secrets/tokens -type f -o -type l 2>/dev/null"
    ).stdout
    assert left == ""
    assert "istio" not in guest.sh("ls /etc/systemd/system /etc/systemd/system/*.wants").stdout


def test_the_files_are_those_of_istioctl(guest: Guest, bundle: Bundle, tmp_path: Path) -> None:
    command = [str(current().binary("istioctl")), "x", "workload", "entry", "configure", "--autoregister"]
    options = [f"--name={GROUP}", f"--namespace={NAMESPACE}", f"--clusterID={bundle.cluster}"]
    options += [f"--ingressIP={guest.gateway_address}", f"--kubeconfig={guest.kubectl.file}"]
    run([*command, *options, f"--output={tmp_path}"], seconds=60)

    theirs = dict(line.split("=", 1) for line in (tmp_path / "cluster.env").read_text().splitlines())
    ours = dict(line.split("=", 1) for line in bundle.cluster_env.splitlines())
    excluded = "ISTIO_LOCAL_EXCLUDE_PORTS"
    assert ours[excluded].endswith(f",{VM_HEALTH_PORT}'"), "our health endpoint comes last"
    ours[excluded] = ours[excluded].replace(f",{VM_HEALTH_PORT}", "")
    assert {key: ours.get(key) for key in theirs} == theirs
    assert ours.keys() - theirs.keys() == OURS_ALONE
    assert list(theirs) == sorted(theirs)

    wanted = yaml.safe_load((tmp_path / "mesh.yaml").read_text())
    own = yaml.safe_load(bundle.mesh_yaml)
    assert own["defaultConfig"]["readinessProbe"].pop("initialDelaySeconds") == 0, "istioctl omits a zero"
    wanted["defaultConfig"].setdefault("discoveryAddress", "istiod.istio-system.svc:15012")
    assert own == wanted
    assert (tmp_path / "hosts").read_text() == render_hosts((guest.gateway_address,))
    assert (tmp_path / "root-cert.pem").read_text() == bundle.root_certificates
