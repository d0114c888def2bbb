"""The life of a real mesh: proved, broken in every known way, repaired, destroyed.

The tests run in this order on one site. Each ends with a verified mesh again, on which the next relies,
except those that destroy it.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.host import Traces, assert_nothing_left, traces
from tests.local.mesh.guest import TOKEN
from tests.local.mesh.secrets import known_secrets, leaks, sensitive_lines
from tests.local.mesh.site import Site, descendants, kill_one
from tests.waiting import eventually

pytestmark = pytest.mark.lab

RULES = "iptables-legacy --table nat --list-rules"
"""Shell that prints the NAT rules of a VM."""
PACKAGE = "http://172.30.0.1:8080/releases/1.31.0/deb/istio-sidecar.deb"
REINSTALL = f"curl --silent --fail --output /tmp/istio.deb {PACKAGE} && dpkg --install /tmp/istio.deb"


def assert_verified(site: Site) -> None:
    report = json.loads(site.hybrid_mesh("verify", "--json", "--patience", "60").stdout)
    assert report["passed"] is True
    assert len(report["checks"]) >= 12


def kill_lab(site: Site, before: Traces) -> None:
    pid = site.lab()["processId"]
    family = [pid, *(child for child, _ in descendants(pid))]
    os.kill(pid, signal.SIGKILL)
    eventually("every process of the lab ended", lambda: not any(_alive(member) for member in family), 20)
    assert_nothing_left(before, site.state)


def lose_state(site: Site, before: Traces) -> None:
    kill_lab(site, before)
    shutil.rmtree(site.state / "lab")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_second_up_changes_nothing(site: Site) -> None:
    said = site.hybrid_mesh("up").stderr
    assert " unchanged" in said
    assert re.search(r"\d (created|updated|replaced|deleted)\b", said) is None


def test_its_picture_is_as_deployed_and_healthy(site: Site) -> None:
    said = site.hybrid_mesh("topology", "--diff", "deployed", "--live", "--format", "json")
    picture = json.loads(said.stdout)
    parts = [*picture["nodes"], *picture["edges"]]
    assert {each["change"] for each in parts} == {None}
    looked_at = {each["kind"]: each["health"] for each in picture["nodes"] if each["health"]}
    kinds = ("cluster", "group", "ingress", "service", "vm")
    assert looked_at == dict.fromkeys(kinds, "healthy"), said.stderr
    assert {each["health"] for each in picture["probes"]} == {"healthy"}
    subjects = {each["subject"].split()[0] for each in picture["certificates"]}
    assert subjects == {"cluster", "pod", "VM"}


def test_the_exported_state_holds_no_plain_secret(site: Site) -> None:
    plain = site.pulumi("stack", "export", "--stack", "local").stdout
    assert leaks(known_secrets(site.export()), plain) == []


def test_the_support_bundle_holds_no_secret(site: Site, tmp_path: Path) -> None:
    secrets = {
        *known_secrets(site.export()),
        *(found for cluster in ("east", "west") for found in _sensitive(_secret_objects(site, cluster))),
        *(
            found
            for path in (site.state / "lab").rglob("*.key")
            for found in sensitive_lines(path.read_text())
        ),
        *sensitive_lines(site.hybrid_mesh("lab", "shell", "legacy-0", "--", "cat", TOKEN).stdout.strip()),
    }
    assert len(secrets) > 50
    target = tmp_path / "support"
    site.hybrid_mesh("lab", "export", str(target))
    files = [path for path in target.rglob("*") if path.is_file()]
    assert [found for path in files for found in leaks(secrets, path.read_text())] == []
    names = {str(path.relative_to(target)) for path in files}
    assert not [name for name in names if name.endswith(".failed")]
    assert {"plan-local.json", "machines/legacy-0/config_dump.json", "lab.log"} <= names
    assert len([name for name in names if "/proxies/istio-system_istio-eastwestgateway-" in name]) == 2


def _secret_objects(site: Site, cluster: str) -> list[str]:
    """The values of every Secret of a cluster, in base64."""
    asked = ("get", "secrets", "--all-namespaces", "--output=json")
    found = json.loads(site.hybrid_mesh("kubectl", cluster, "--", *asked).stdout)["items"]
    return [value for secret in found for value in (secret.get("data") or {}).values()]


def _sensitive(values: list[str]) -> Iterator[str]:
    for value in values:
        yield from sensitive_lines(value)


def test_the_host_sees_nothing_of_the_running_lab(site: Site, before: Traces) -> None:
    now = traces(site.state)
    assert not any(
        "169.254.169.254" in line for kind in ("addresses", "routes", "firewall") for line in now[kind]
    )
    for kind in ("mounts", "network namespaces", "links", "addresses", "routes", "firewall", "files"):
        assert now[kind] - before[kind] == set(), f"the lab changed the host's {kind}"


def test_a_vm_that_boots_without_its_mesh_reaches_what_is_outside_of_it(site: Site) -> None:
    """istiod and its gateway are away: no rule is laid, and root's connections and names go on."""
    gateways = ("deployment/istiod", "deployment/istio-eastwestgateway")
    scale = ("kubectl", "east", "--", "--namespace=istio-system", "scale", *gateways)
    site.hybrid_mesh(*scale, "--replicas=0")
    begun = _begin_of(site, "legacy-1")
    site.hybrid_mesh("lab", "shell", "legacy-1", "--", "systemctl", "reboot", check=False)
    eventually("legacy-1 booted again", lambda: _begin_of(site, "legacy-1") not in ("", begun))
    outside = "curl --silent --fail --output /dev/null http://172.30.0.1:8080/echo-client"
    eventually("the VM reaches the outside", lambda: _runs(site, "legacy-1", outside))
    eventually("the agent waits", lambda: _runs(site, "legacy-1", "pgrep -f await-istiod"))
    assert not _runs(site, "legacy-1", f"{RULES} | grep -q ISTIO"), "no rule is laid before the mesh is back"
    assert not _runs(site, "legacy-1", "getent hosts echo.demo.svc.cluster.local")
    site.hybrid_mesh(*scale, "--replicas=1")
    eventually(
        "the rules are back", lambda: _runs(site, "legacy-1", f"{RULES} | grep -q ISTIO_IN_REDIRECT"), 90
    )
    eventually(
        "the mesh's names are back",
        lambda: _runs(site, "legacy-1", "getent hosts echo.demo.svc.cluster.local"),
    )


def test_an_agent_leaves_no_rules_behind(site: Site) -> None:
    """After a restart, an upgrade of its package and a stop."""
    count = f"{RULES} | grep -c ISTIO"
    before = _said(site, "legacy-0", count)
    assert int(before) > 10
    assert _runs(site, "legacy-0", f"{REINSTALL} && systemctl restart istio")
    eventually("the rules are as before", lambda: _said(site, "legacy-0", count) == before)
    assert _runs(site, "legacy-0", "systemctl cat istio | grep -q before-istio"), "the drop-in stays"
    assert _runs(site, "legacy-0", "systemctl stop istio")
    assert _said(site, "legacy-0", count) == "0"
    assert _runs(site, "legacy-0", "systemctl start istio")
    eventually("the rules are back", lambda: _said(site, "legacy-0", count) == before)


def _runs(site: Site, machine: str, command: str) -> bool:
    done = site.hybrid_mesh("lab", "shell", machine, "--", "sh", "-c", command, check=False)
    return done.returncode == 0


def _said(site: Site, machine: str, command: str) -> str:
    done = site.hybrid_mesh("lab", "shell", machine, "--", "sh", "-c", command, check=False)
    return done.stdout.strip()


def test_what_is_killed_or_rebooted_comes_back(site: Site) -> None:
    """istiod, a gateway or sidecar, an API server, the agent of one VM and the other VM, all at once."""
    begun = _begin_of(site, "legacy-1")
    for program in ("pilot-discovery", "envoy", "kube-apiserver"):
        kill_one(site.lab()["processId"], program)
    site.hybrid_mesh("lab", "shell", "legacy-0", "--", "pkill", "-9", "pilot-agent")
    site.hybrid_mesh("lab", "shell", "legacy-1", "--", "systemctl", "reboot", check=False)
    eventually("legacy-1 booted again", lambda: _begin_of(site, "legacy-1") not in ("", begun))
    site.hybrid_mesh("up")


def _begin_of(site: Site, machine: str) -> str:
    """When a VM began to run, "" while it does not."""
    words = ("lab", "shell", machine, "--", "stat", "-c", "%Y", "/proc/1")
    done = site.hybrid_mesh(*words, check=False)
    return done.stdout if done.returncode == 0 else ""


def test_a_killed_lab_comes_back_as_after_a_power_cut(site: Site, before: Traces) -> None:
    kill_lab(site, before)
    site.pulumi("up", "--yes", "--stack", "local", "--skip-plugin-pre-install", "--expect-no-changes")
    assert_verified(site)


def test_a_killed_lab_comes_back_under_a_refresh(site: Site, before: Traces) -> None:
    kill_lab(site, before)
    site.pulumi(
        "up", "--refresh", "--yes", "--stack", "local", "--skip-plugin-pre-install", "--expect-no-changes"
    )
    assert_verified(site)


def test_a_lab_whose_state_is_gone_is_created_again_even_if_that_is_killed(
    site: Site, before: Traces
) -> None:
    """In the middle of a Helm release, whose name Helm then refuses until its record is gone. The first up is
    without a refresh, for there is nothing that could be refreshed; the next one refreshes.
    """
    lose_state(site, before)
    begun = start_up(site)
    eventually("Helm has a record of a release", lambda: "sh.helm.release" in secrets_of(site, "east"))
    kill_one(begun.pid, "pulumi")
    assert_stopped(begun)
    site.hybrid_mesh("up")
    site.pulumi("preview", "--stack", "local", "--expect-no-changes")


def test_destroy_of_a_killed_lab_leaves_nothing(site: Site, before: Traces) -> None:
    kill_lab(site, before)
    site.pulumi("destroy", "--yes", "--stack", "local")
    assert site.export().get("resources", []) == [] or len(site.export()["resources"]) == 1
    assert not (site.state / "lab").exists()
    assert_nothing_left(before, site.state)


def secrets_of(site: Site, cluster: str) -> str:
    """The names of the Secrets in `istio-system`, "" while the cluster cannot be asked."""
    asked = ("get", "secrets", "--namespace=istio-system", "--output=name")
    return site.hybrid_mesh("kubectl", cluster, "--", *asked, check=False).stdout


def start_up(site: Site) -> subprocess.Popen[str]:
    """`hybrid-mesh up` of a mesh that is not there, as soon as it makes the first cluster."""
    assert not site.lab()["running"]
    begun = site.start("up")
    eventually("the first cluster is being made", lambda: len(site.lab()["clusters"]) > 0)
    return begun


def assert_stopped(run: subprocess.Popen[str]) -> None:
    """The interrupted run ended and said what happened."""
    output, _ = run.communicate(timeout=120)
    assert run.returncode != 0, output
    assert "Traceback" not in output
