"""A datacenter VM that is handed a bundle, and joins the group beside the VMs of the site.

The tests build on each other in the order of the file; the VM is gone at the end.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from hybrid_mesh.cli.bundle_hosts import Members
from hybrid_mesh.cli.bundle_hosts import hand_over as bring_in
from hybrid_mesh.cli.bundle_source import BundleSource
from hybrid_mesh.cli.deliveries import Result, installing
from hybrid_mesh.cli.inventory import Host
from hybrid_mesh.cli.kubeconfigs import Kubeconfig
from hybrid_mesh.cli.kubectl import Kubectl
from hybrid_mesh.cli.pods import ClusterPods
from hybrid_mesh.local.lab.client import LabClient
from hybrid_mesh.local.lab.specs import MachineSpec
from hybrid_mesh.local.lab.state import LabState, lab_folder
from hybrid_mesh.local.lab.toolchain import current
from hybrid_mesh.model.istio_facts import VM_HEALTH_PORT
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import GroupPlan
from hybrid_mesh.model.texts.application import bundled_application
from hybrid_mesh.model.texts.bundle import Bundle, render_bundle
from hybrid_mesh.model.texts.hosts import render_hosts
from tests.commands import PROJECT, run
from tests.local.lab_site import say_nothing
from tests.local.mesh import ssh_to_vm
from tests.local.mesh.guest import GROUP, NAMESPACE, Guest
from tests.local.mesh.site import Site
from tests.waiting import eventually

pytestmark = pytest.mark.lab

OURS_ALONE = {
    "CLOUD_PLATFORM",
    "PROV_CERT",
    "OUTPUT_CERTS",
    "ISTIO_SERVICE_EXCLUDE_CIDR",
    "ISTIO_EXCLUDE_INTERFACES",
}
PACKAGE = "releases/1.31.0/deb/istio-sidecar.deb"


APPLICATION: dict[str, Any] = {
    "files": [
        {"path": "/srv/www/index.html", "content": "first\n"},
        {"path": "/etc/motd", "content": "serves the group\n"},
    ],
    "units": [
        {
            "name": "www.service",
            "content": "[Service]\nExecStart=/usr/bin/python3 -m http.server 9080 --directory /srv/www\n"
            "[Install]\nWantedBy=multi-user.target\n",
        }
    ],
    "commands": ["cd /srv/www", "echo ran >>runs"],
}


def new_vm(site: Site, name: str, folder: Path) -> Iterator[Guest]:
    """A VM that knows of no mesh, in the network of the group's VMs."""
    network = LabState(lab_folder(site.state)).machines["legacy-0"].spec.network
    lab = LabClient(site.state)
    lab.ensure_machine(MachineSpec(name, network, "#cloud-config\n", "nobody@test"), say_nothing)
    try:
        made = Guest(site, name, folder)
        eventually("booted", lambda: "running" in made.sh("systemctl is-system-running --wait").stdout, 60)
        yield made
    finally:
        lab.delete_machine(name)


@pytest.fixture(scope="module")
def guest(site: Site, first_up: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    yield from new_vm(site, "dc-a", tmp_path_factory.mktemp("kubectl"))


@pytest.fixture
def second(site: Site, first_up: None, tmp_path: Path) -> Iterator[Guest]:
    yield from new_vm(site, "dc-b", tmp_path)


@pytest.fixture(scope="module")
def group() -> GroupPlan:
    """The group, were its VMs of the type `bundle`."""
    return plan_from(bundle_mesh(), "local").groups[GROUP]


def bundle_mesh() -> dict[str, Any]:
    mesh = yaml.safe_load((PROJECT / "stacks/Pulumi.local.yaml").read_text())["config"]["hybrid-mesh:mesh"]
    digest = hashlib.sha256((PROJECT / ".toolchain/packages" / PACKAGE).read_bytes()).hexdigest()
    del mesh["demo"]
    mesh["istio"]["packageSha256"] = {"amd64Deb": digest}
    download = {"path": "/srv/www/agent", "url": f"{mesh['istio']['packages']}/{PACKAGE}", "sha256": digest}
    application = {**APPLICATION, "files": [*APPLICATION["files"], download]}
    mesh["workloadGroups"][GROUP] |= {"machines": {"type": "bundle"}, "application": application}
    found: dict[str, Any] = mesh
    return found


@pytest.fixture(scope="module")
def bundle(guest: Guest, group: GroupPlan) -> Bundle:
    """What `hybrid-mesh bundle` writes for the group."""
    mesh = bundle_mesh()
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
        package_sha256=mesh["istio"]["packageSha256"]["amd64Deb"],
        network_cidrs=("10.10.0.0/16",),
        application=bundled_application(group.config.application),
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
    guest.sh("echo before >/etc/motd")
    minted = guest.kubectl(
        "-n", NAMESPACE, "create", "token", bundle.service_account, "--audience=istio-ca", "--duration=10m"
    )
    token = minted.strip()
    hand_over(guest, bundle, token)
    done = guest.sh("sh /root/bundle/install.sh", 120)
    assert done.returncode == 0, done
    assert f"This VM has joined the mesh in group {GROUP}" in done.stdout
    assert token not in done.stdout + done.stderr
    guest.await_healthy()
    assert guest.sh("ls /root/bundle/istio-token /var/run/secrets/tokens/istio-token").stdout == ""


def test_installing_again_needs_no_token(guest: Guest) -> None:
    done = guest.sh("sh /root/bundle/install.sh", 120)
    assert done.returncode == 0, done
    assert "the token is not needed" in done.stdout
    assert guest.sh("cat /srv/www/runs").stdout == "ran\n"
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


def test_an_address_of_a_nat_is_registered_and_the_application_probed_all_the_same(guest: Guest) -> None:
    address = guest.info.address.rsplit(".", 1)[0] + ".223"
    done = guest.sh(f"sh /root/bundle/install.sh --address {address}", 120)
    assert done.returncode == 0, done
    assert f"No interface of this VM has the address {address}" in done.stderr
    eventually("healthy", lambda: guest.healthy(address), 60)


def test_a_bundle_of_another_group_is_refused(guest: Guest) -> None:
    change = "sed -i \"s/^GROUP=.*/GROUP='billing'/\""
    done = guest.sh(f"cp -r /root/bundle /root/other; cd /root/other; {change} machine.env; sh install.sh")
    assert done.returncode == 1
    assert "this VM is in group demo/legacy already" in done.stderr
    assert "list them in `ports` of one group" in done.stderr


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
    units = guest.sh("ls /etc/systemd/system /etc/systemd/system/*.wants").stdout
    assert "istio" not in units
    assert "www" not in units
    assert guest.sh("ls /srv/www").stdout == "runs\n", "what commands did stays"
    assert guest.sh("cat /etc/motd").stdout == "before\n", "the file that was there is back"


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


def test_the_vms_of_an_inventory_join_and_take_a_changed_application(
    site: Site, guest: Guest, second: Guest, group: GroupPlan, bundle: Bundle
) -> None:
    """As `hybrid-mesh bundle --hosts --ssh`, with another client, as the VMs have no SSH server."""
    vms = {"rack1-a": guest, "rack1-b": second}
    hosts = [Host(name, vm.info.address, vm.name) for name, vm in vms.items()]
    kubectl = Kubectl(Kubeconfig({}, path=Path(guest.kubectl.file)))
    members = Members(ClusterPods(group.cluster, kubectl), group)
    client = [sys.executable, ssh_to_vm.__file__, str(site.state)]

    def results(what: Bundle, again: bool) -> list[tuple[Result, str]]:
        deliver = installing(BundleSource(group, kubectl, what, 600), client, become=False)
        outcomes = bring_in(hosts, members, deliver, parallel=2, again=again, dry_run=False)
        return [(outcome.result, outcome.detail) for outcome in outcomes]

    assert results(bundle, again=False) == [(Result.JOINED, "")] * 2
    assert all(vm.healthy() for vm in vms.values())
    for name, vm in vms.items():
        assert vm.sh(f"grep -z ^POD_NAME={name}$ /proc/$(pgrep envoy)/environ").returncode == 0
    assert results(bundle, again=False) == [(Result.SKIPPED, "")] * 2
    assert second.sh("cat /srv/www/runs").stdout == "ran\n"

    application = {**bundle.application, "0": "second\n"}
    assert results(replace(bundle, application=application), again=True) == [(Result.JOINED, "")] * 2
    assert second.sh("cat /srv/www/runs /srv/www/index.html").stdout == "ran\nran\nsecond\n"
