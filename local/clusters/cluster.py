"""One cluster of the lab: starts it, waits until its node is Ready, removes it."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from threading import Event

from hybrid_mesh.local.clusters import daemons, images
from hybrid_mesh.local.clusters.allocations import Allocations
from hybrid_mesh.local.clusters.api import ApiClient, ApiError
from hybrid_mesh.local.clusters.balancer import LoadBalancers
from hybrid_mesh.local.clusters.daemons import API_PORT, Node
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import Report
from hybrid_mesh.local.linux import cgroups
from hybrid_mesh.local.linux.commands import ip
from hybrid_mesh.local.linux.forwarding import Forwarders
from hybrid_mesh.local.linux.mounts import remove_tree
from hybrid_mesh.local.linux.supervision import Supervisor
from hybrid_mesh.local.linux.waiting import until

READY_TIMEOUT = 120.0
_API_NAMES = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
]
_DNS_ROLE = [
    {"apiGroups": [""], "resources": ["services", "namespaces"], "verbs": ["list", "watch"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
]


class Cluster:
    """Runs a cluster on `node`, whose namespace already has its links."""

    def __init__(
        self,
        node: Node,
        *,
        allocations: Allocations,
        forwarders: Forwarders,
        image_folder: Path,
        log: Report,
    ) -> None:
        self.node = node
        self._forwarders = forwarders
        self._images = image_folder
        self._log = log
        self._supervisor = Supervisor(log)
        self._balancers: LoadBalancers | None = None
        self._allocations = allocations
        self._stopped = Event()

    def start(self, report: Report) -> None:
        """Starts everything and returns when the node is Ready. Raises LabError with the reason otherwise."""
        node, name = self.node, self.node.spec.name
        self._prepare()
        initialized = node.folder / "initialized"
        if not initialized.exists():
            # An etcd that was killed while it wrote its first log never elects a leader; it was still empty.
            shutil.rmtree(node.folder / "etcd", ignore_errors=True)
        self._supervisor.start(daemons.etcd(node))
        self._supervisor.start(daemons.api_server(node))
        images.prepare(node.folder / "containerd", self._images, node.namespace, node.runtime / "import")
        self._supervisor.start(daemons.container_runtime(node))
        report(f"cluster {name}: etcd, API server and container runtime started")
        api = ApiClient(node.namespace, node.pki)
        self._until(
            lambda: _answers(api) and node.containerd_socket.exists(), "the API server did not answer"
        )
        began = datetime.now(UTC).replace(microsecond=0)
        for daemon in daemons.clients(node):
            self._supervisor.start(daemon)
        self._until(
            lambda: _serves(api),
            f"the API server did not become ready; see `hybrid-mesh lab logs {name}/kube-apiserver`",
        )
        initialized.touch()
        report(f"cluster {name}: API server ready")
        _let_dns_read(api)
        self._balancers = LoadBalancers(
            node, allocations=self._allocations, forwarders=self._forwarders, api=api, log=self._log
        )
        self._balancers.start()
        self._until(
            lambda: _ready(api, name, began),
            f"the node did not become Ready; see `hybrid-mesh lab logs {name}/kubelet`",
        )
        self._until(
            lambda: _takes_pods(api),
            f"no default service account; see `hybrid-mesh lab logs {name}/kube-controller-manager`",
        )
        report(f"cluster {name}: node Ready")

    def _prepare(self) -> None:
        node, name = self.node, self.node.spec.name
        subject = f"cluster {name}'s API server"
        target = (node.wan_address, API_PORT)
        self._forwarders.open(self._allocations.port("api"), subject, node.namespace, target)
        cgroups.make(f"{node.cgroup}/daemons")
        _route_services(node)
        names = ["127.0.0.1", node.wan_address, node.lan_address, _first_service(node), "localhost"]
        node.pki.ensure(name, [*names, *_API_NAMES], [node.lan_address])
        daemons.write_configuration(node)

    def _until(self, condition: Callable[[], bool], failure: str) -> None:
        def holds() -> bool:
            if self._stopped.is_set():
                raise LabError(f"cluster {self.node.spec.name} was deleted while it started")
            return condition()

        until(holds, READY_TIMEOUT, f"cluster {self.node.spec.name}: {failure}", every=0.15)

    def troubles(self) -> str:
        """What does not run correctly, in a few words; empty if nothing."""
        failing = self._supervisor.failing()
        return f"restarted lately: {', '.join(failing)}" if failing else ""

    def stop(self) -> None:
        """Ends every process of the cluster, also those of its pods, and a start that is in progress."""
        self._stopped.set()
        if self._balancers:
            self._balancers.stop()
        self._supervisor.kill()
        cgroups.kill(self.node.cgroup)
        for port in self._allocations.ports():
            self._forwarders.close(port)

    def remove(self) -> None:
        """Stops the cluster and removes its mounts, cgroups and files. Raises OSError."""
        self.stop()
        cgroups.remove(self.node.cgroup)
        remove_tree(self.node.runtime)
        remove_tree(self.node.folder)


def _answers(api: ApiClient) -> bool:
    """Whether the API server listens, ready or not."""
    try:
        api.request("GET", "/livez", timeout=2)
    except ApiError as error:
        return error.status != 0
    return True


def _serves(api: ApiClient) -> bool:
    try:
        api.request("GET", "/readyz", timeout=2)
    except ApiError:
        return False
    return True


def _ready(api: ApiClient, name: str, since: datetime) -> bool:
    """Whether this run's kubelet reports the node as Ready; the status of the previous run does not count."""
    try:
        node = api.request("GET", f"/api/v1/nodes/{name}")
    except ApiError:
        return False
    for condition in node["status"].get("conditions", []):
        if condition["type"] == "Ready" and condition["status"] == "True":
            return datetime.fromisoformat(condition["lastHeartbeatTime"]) >= since
    return False


def _takes_pods(api: ApiClient) -> bool:
    """Whether the default service account exists; until then, pods are refused."""
    try:
        api.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")
    except ApiError:
        return False
    return True


def _let_dns_read(api: ApiClient) -> None:
    """Gives CoreDNS a role for what it reads; Kubernetes has no built-in one."""
    role = {"name": "system:coredns"}
    group = "rbac.authorization.k8s.io"
    bodies = {
        "clusterroles": {"metadata": role, "rules": _DNS_ROLE},
        "clusterrolebindings": {
            "metadata": role,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role["name"]},
            "subjects": [{"apiGroup": group, "kind": "User", "name": role["name"]}],
        },
    }
    for resource, body in bodies.items():
        try:
            api.request("POST", f"/apis/{group}/v1/{resource}", body)
        except ApiError as error:
            if error.status != 409:
                raise LabError(f"the role of CoreDNS could not be created: {error}") from error


def _route_services(node: Node) -> None:
    """Adds a route for the addresses of Services, because there is no default route.

    kube-proxy rewrites a Service's address only after the kernel has found a route to it; without one the API
    server would not reach its webhooks.
    """
    ip([f"route replace {node.spec.service_cidr} dev lan0"], namespace=node.namespace)


def _first_service(node: Node) -> str:
    """The address of Service default/kubernetes: the first of the service CIDR."""
    return str(IPv4Network(node.spec.service_cidr)[1])
