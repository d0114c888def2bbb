"""A mesh with its receivers, and the faults that its alerts report."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from hybrid_mesh.local.lab.client import LabClient
from tests.local.lab_site import Kubectl
from tests.local.mesh.site import Site
from tests.local.mesh_telemetry.receivers import NAMESPACE

CLUSTERS: Final = ("east", "west")
DEMO_UNIT: Final = "hybrid-mesh-demo"


@dataclass(frozen=True)
class Mesh:
    site: Site
    kubectl: Mapping[str, Kubectl]

    @property
    def lab(self) -> LabClient:
        return LabClient(self.site.state)

    def asked(self, cluster: str, service: str, path: str, **query: str) -> Any:
        """The JSON that a receiver answers to an HTTP request."""
        proxy = f"/api/v1/namespaces/{NAMESPACE}/services/{service}/proxy"
        question = f"?{urlencode(query)}" if query else ""
        return json.loads(self.kubectl[cluster]("get", "--raw", f"{proxy}{path}{question}"))

    def query(self, cluster: str, expression: str) -> list[dict[str, Any]]:
        answer = self.asked(cluster, "prometheus:9090", "/api/v1/query", query=expression)
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def firing(self) -> set[tuple[str, str]]:
        """Cluster and name of each alert that fires."""
        return {
            (cluster, alert["labels"]["alertname"])
            for cluster in CLUSTERS
            for alert in self.asked(cluster, "prometheus:9090", "/api/v1/alerts")["data"]["alerts"]
            if alert["state"] == "firing"
        }

    def shell(self, machine: str, command: str) -> str:
        done = self.lab.machine_shell(machine, ["sh", "-c", command], 60)
        assert done.returncode == 0, done.stderr
        return done.stdout


GHOST: Final = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "ghost", "cluster": {"server": "https://172.30.255.254:6443"}}],
    "contexts": [{"name": "ghost", "context": {"cluster": "ghost", "user": "ghost"}}],
    "current-context": "ghost",
    "users": [{"name": "ghost", "user": {"token": "none"}}],
}
PEER: Final = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "ghost",
        "namespace": "istio-system",
        "labels": {"istio/multiCluster": "true"},
    },
    "stringData": {"ghost": json.dumps(GHOST)},
}
STALE_NAME: Final = "legacy-10.10.0.99-amsterdam"
STALE: Final = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "WorkloadEntry",
    "metadata": {
        "name": STALE_NAME,
        "namespace": "demo",
        "annotations": {
            "istio.io/autoRegistrationGroup": "legacy",
            "istio.io/workloadController": "istiod-that-is-gone",
        },
    },
    "spec": {"address": "10.10.0.99", "network": "amsterdam", "labels": {"app": "gone"}},
}
"""What stays when a VM and the istiod that it is connected to end at the same time, as istiod neither sees
the VM leave nor, without a time of connection that is long ago, removes its entry."""
SHORT_LIVED: Final = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "short",
        "namespace": "demo",
        "annotations": {"proxy.istio.io/config": "proxyMetadata: {SECRET_TTL: 1h}"},
    },
    "spec": {
        "containers": [
            {"name": "echo", "image": "hybrid-mesh.local/echo:1.31.0", "imagePullPolicy": "Never"},
        ],
        "terminationGracePeriodSeconds": 0,
    },
}
"""A pod whose certificate ends in an hour, as that of an agent that cannot renew it."""


def _scaled(mesh: Mesh, replicas: int) -> None:
    gateway = "deployment/istio-eastwestgateway"
    mesh.kubectl["west"]("-n", "istio-system", "scale", gateway, f"--replicas={replicas}")


Fault = tuple[str, str, Callable[[Mesh], object], Callable[[Mesh], object]]
FAULTS: Final[tuple[Fault, ...]] = (
    ("west", "MeshGatewayDown", lambda mesh: _scaled(mesh, 0), lambda mesh: _scaled(mesh, 1)),
    (
        "east",
        "MeshVmUnhealthy",
        lambda mesh: mesh.shell("legacy-0", f"systemctl stop {DEMO_UNIT}"),
        lambda mesh: mesh.shell("legacy-0", f"systemctl start {DEMO_UNIT}"),
    ),
    (
        "east",
        "MeshWorkloadEntryStale",
        lambda mesh: mesh.kubectl["east"].apply(STALE),
        lambda mesh: mesh.kubectl["east"]("-n", "demo", "delete", "workloadentry", STALE_NAME),
    ),
    (
        "west",
        "MeshPeerNotSynced",
        lambda mesh: mesh.kubectl["west"].apply(PEER),
        lambda mesh: mesh.kubectl["west"]("-n", "istio-system", "delete", "secret", "ghost"),
    ),
    (
        "east",
        "MeshCertificateExpires",
        lambda mesh: mesh.kubectl["east"].apply(SHORT_LIVED),
        lambda mesh: mesh.kubectl["east"]("-n", "demo", "delete", "pod", "short"),
    ),
)
