"""Faults that are injected into a running mesh, and what doctor must say of each.

Clusters are `east` and `west`, the VMs are `legacy-0` and `legacy-1`, registered in `east`.
"""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hybrid_mesh.local.lab.client import LabClient
from tests.local.mesh.site import Site, descendants

SYSTEM: Final = "--namespace=istio-system"
DEMO: Final = "--namespace=demo"


class Hands:
    """What a fault is made with: kubectl on the clusters, a shell on the VMs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lab = LabClient(site.state)
        self.kept: dict[str, Any] = {}
        """What a fault has removed, for its repair."""

    def kubectl(self, cluster: str, *arguments: str) -> str:
        return self._site.hybrid_mesh("kubectl", cluster, "--", *arguments).stdout

    def patch(self, cluster: str, what: str, patch: object, *where: str) -> None:
        self.kubectl(cluster, "patch", *what.split(), *where, "--type=merge", f"--patch={json.dumps(patch)}")

    def apply(self, cluster: str, *objects: dict[str, Any]) -> None:
        folder = self._site.state
        path = folder / "fault.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
        self.kubectl(cluster, "apply", f"--filename={path}")
        path.unlink()

    def vm(self, name: str, script: str) -> str:
        done = self._lab.machine_shell(name, ["sh", "-c", script], 60)
        assert done.returncode == 0, (script, done)
        return done.stdout

    def address(self, name: str) -> str:
        machine = self._lab.machine(name)
        assert machine is not None
        return machine.address

    def process(self, program: str, cluster: str) -> int:
        """The id of a cluster's process."""
        for pid, command in descendants(self._site.lab()["processId"]):
            if Path(command.split("\0")[0]).name == program and f"/{cluster}/" in command:
                return pid
        raise AssertionError(f"no {program} of {cluster} runs")


Act = Callable[[Hands], object]


@dataclass(frozen=True)
class Fault:
    """`check` and `subject` are those of the finding that must name it, and `remedy` is in what doctor
    suggests. Without `restore`, `doctor --fix` must repair it."""

    name: str
    inject: Act
    check: str
    subject: str
    remedy: str
    restore: Act | None = None


def _rule(kind: str, api: str, name: str, spec: dict[str, Any], space: str = "demo") -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": space}, "spec": spec}


_NO_MTLS = _rule(
    "DestinationRule",
    "networking.istio.io/v1",
    "plain",
    {"host": "echo.demo.svc.cluster.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}},
)
_CLOSED = _rule(
    "NetworkPolicy",
    "networking.k8s.io/v1",
    "closed",
    {"podSelector": {"matchLabels": {"app": "istiod"}}, "policyTypes": ["Ingress"], "ingress": []},
    "istio-system",
)
_STRANGER = _rule(
    "WorkloadEntry",
    "networking.istio.io/v1",
    "legacy-10.10.0.77-amsterdam",
    {"address": "10.10.0.77", "labels": {"app": "legacy"}, "network": "amsterdam"},
)


def _stop_api_server(hands: Hands) -> None:
    hands.kept["api"] = hands.process("kube-apiserver", "west")
    os.kill(hands.kept["api"], signal.SIGSTOP)


def _go_on(hands: Hands) -> None:
    os.kill(hands.kept["api"], signal.SIGCONT)


def _take_peer(hands: Hands) -> None:
    secret = json.loads(
        hands.kubectl("west", "get", "secret", "istio-remote-secrets", SYSTEM, "--output=json")
    )
    hands.kept["peer"] = secret["data"]["east"]
    hands.patch("west", "secret istio-remote-secrets", {"data": {"east": None}}, SYSTEM)


def _give_peer(hands: Hands) -> None:
    data = {"data": {"east": hands.kept["peer"]}}
    hands.patch("west", "secret istio-remote-secrets", data, SYSTEM)


def _scale(cluster: str, deployment: str) -> Act:
    return lambda hands: hands.kubectl(cluster, "scale", f"deployment/{deployment}", "--replicas=0", SYSTEM)


def _delete(cluster: str, *what: str) -> Act:
    return lambda hands: hands.kubectl(cluster, "delete", *what)


_SELECTS_NOTHING: Final = {"spec": {"selector": {"hybrid-mesh/group": "x"}}}
_NO_TRACING: Final = {"data": {"mesh": "enableTracing: false\n"}}

CLUSTER_FAULTS: Final = (
    Fault(
        "istiod has no replica",
        _scale("west", "istiod"),
        "deployment-down",
        "Deployment istio-system/istiod of west",
        "scale deployment/istiod",
    ),
    Fault(
        "the gateway has no replica",
        _scale("east", "istio-eastwestgateway"),
        "deployment-down",
        "Deployment istio-system/istio-eastwestgateway of east",
        "scale deployment/istio-eastwestgateway",
    ),
    Fault(
        "mutual TLS is not strict",
        lambda hands: hands.patch(
            "east", "peerauthentication default", {"spec": {"mtls": {"mode": "PERMISSIVE"}}}, SYSTEM
        ),
        "object-changed",
        "PeerAuthentication istio-system/default of east",
        "up",
    ),
    Fault(
        "a namespace injects no sidecar",
        lambda hands: hands.kubectl(
            "east", "label", "namespace", "demo", "istio-injection=disabled", "--overwrite"
        ),
        "object-changed",
        "Namespace demo of east",
        "up",
    ),
    Fault(
        "the network of a cluster is wrong",
        lambda hands: hands.kubectl(
            "west", "label", "namespace", "istio-system", "topology.istio.io/network=amsterdam", "--overwrite"
        ),
        "object-changed",
        "Namespace istio-system of west",
        "up",
    ),
    Fault(
        "the injector is gone",
        _delete("east", "mutatingwebhookconfiguration", "istio-sidecar-injector"),
        "object-missing",
        "MutatingWebhookConfiguration istio-sidecar-injector of east",
        "up",
    ),
    Fault(
        "the injector fails open",
        lambda hands: hands.kubectl(
            "west",
            "patch",
            "mutatingwebhookconfiguration",
            "istio-sidecar-injector",
            "--type=json",
            '--patch=[{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]',
        ),
        "webhook-policy",
        "MutatingWebhookConfiguration istio-sidecar-injector of west",
        "up",
    ),
    Fault(
        "istiod's mesh configuration was edited",
        lambda hands: hands.patch(
            "east", "configmap istio", {"data": {"mesh": "enableTracing: false\n"}}, SYSTEM
        ),
        "object-changed",
        "ConfigMap istio-system/istio of east",
        "up",
    ),
    Fault(
        "VMs of other networks find no istiod",
        _delete("east", "tlsroute", "istiod", SYSTEM),
        "object-missing",
        "TLSRoute istio-system/istiod of east",
        "up",
    ),
    Fault(
        "a gateway announces an address that it does not have",
        lambda hands: hands.patch(
            "west", "service istio-eastwestgateway", {"spec": {"externalIPs": ["172.30.2.99"]}}, SYSTEM
        ),
        "object-changed",
        "Service istio-system/istio-eastwestgateway of west",
        "up",
    ),
    Fault(
        "a Service selects nothing",
        lambda hands: hands.patch(
            "east", "service legacy", {"spec": {"selector": {"hybrid-mesh/group": "x"}}}, DEMO
        ),
        "object-changed",
        "Service demo/legacy of east",
        "up",
    ),
    Fault(
        "the VMs may not renew their tokens",
        _delete("east", "rolebinding", "hybrid-mesh-legacy", DEMO),
        "object-missing",
        "RoleBinding demo/hybrid-mesh-legacy of east",
        "up",
    ),
    Fault(
        "a peer is not known",
        _take_peer,
        "peer-missing",
        "cluster west → cluster east",
        "up",
        _give_peer,
    ),
    Fault(
        "a rule turns mutual TLS off",
        lambda hands: hands.apply("east", _NO_MTLS),
        "mtls-disabled",
        "DestinationRule demo/plain of east",
        "delete destinationrule plain",
        _delete("east", "destinationrule", "plain", DEMO),
    ),
    Fault(
        "istiod is cut off",
        lambda hands: hands.apply("west", _CLOSED),
        "network-policy",
        "NetworkPolicy istio-system/closed of west",
        "delete networkpolicy closed",
        _delete("west", "networkpolicy", "closed", SYSTEM),
    ),
    Fault(
        "an API server does not answer",
        _stop_api_server,
        "cluster-unreachable",
        "cluster west",
        "up",
        _go_on,
    ),
)


def _vm(script: str, name: str = "legacy-0") -> Act:
    return lambda hands: hands.vm(name, script)


def _forget(hands: Hands) -> None:
    """The entry of legacy-1 is deleted, which its istiod does not notice."""
    found = json.loads(hands.kubectl("east", "get", "workloadentries", DEMO, "--output=json"))["items"]
    address = hands.address("legacy-1")
    [name] = [each["metadata"]["name"] for each in found if each["spec"]["address"] == address]
    hands.kubectl("east", "delete", "workloadentry", name, DEMO)


_TWIN = {**_STRANGER, "spec": {**_STRANGER["spec"], "address": "10.10.0.100"}}
_OTHER_ROOT = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -days 9 "
    "-subj /CN=other -out /tmp/other.pem 2>/dev/null && "
)

MACHINE_FAULTS: Final = (
    Fault(
        "an agent is stopped",
        _vm("systemctl stop istio"),
        "agent-stopped",
        "VM legacy-0",
        "systemctl restart istio.service",
    ),
    Fault(
        "an application is stopped",
        _vm("systemctl stop hybrid-mesh-demo", "legacy-1"),
        "application-stopped",
        "VM legacy-1",
        "systemctl restart hybrid-mesh-demo.service",
    ),
    Fault(
        "the redirection is gone",
        _vm("iptables-legacy -t nat -F"),
        "rules-missing",
        "VM legacy-0",
        "systemctl restart istio.service",
    ),
    Fault(
        "istiod has a wrong address in a hosts file",
        _vm("sed 's/^[0-9.]* istiod/172.30.9.9 istiod/' /etc/hosts > /tmp/h && cat /tmp/h > /etc/hosts"),
        "hosts-changed",
        "VM legacy-0",
        "/usr/local/lib/hybrid-mesh/hosts",
    ),
    Fault(
        "tokens are not renewed any more",
        _vm("systemctl stop hybrid-mesh-identity.timer", "legacy-1"),
        "identity-timer-stopped",
        "VM legacy-1",
        "systemctl restart hybrid-mesh-identity.timer",
    ),
    Fault(
        "a VM's file of roots has another root",
        _vm(f"{_OTHER_ROOT} cp /tmp/other.pem /etc/certs/root-cert.pem", "legacy-1"),
        "root-file-differs",
        "VM legacy-1",
        "systemctl restart hybrid-mesh-identity.service",
    ),
    Fault(
        "the configuration of a VM's agent was edited",
        _vm("echo '# edited' >> /var/lib/istio/config/mesh"),
        "vm-file-changed",
        "VM legacy-0",
        "systemctl restart istio.service",
    ),
    Fault(
        "a VM is not registered",
        _forget,
        "entry-missing",
        "VM legacy-1",
        "systemctl restart istio.service",
    ),
    Fault(
        "two entries have one address",
        lambda hands: hands.apply("east", _TWIN),
        "entry-duplicate",
        "WorkloadEntry demo/legacy-10.10.0.77-amsterdam of east",
        "delete workloadentry legacy-10.10.0.77-amsterdam",
    ),
    Fault(
        "a disk is full",
        _vm("mount -t tmpfs -o size=16k full /var/log/istio; head -c 20k /dev/zero > /var/log/istio/x; true"),
        "disk-full",
        "VM legacy-0",
        "du -xhd2",
        _vm("umount /var/log/istio"),
    ),
)
