"""LoadBalancer Services of one cluster: their addresses on the WAN, and loopback ports for its gateways.

Like the controller of a cloud, fills `status.loadBalancer`, which kube-proxy serves. The addresses are on the
node's `wan0`, which answers ARP for them.
"""

from threading import Event
from typing import Any

from hybrid_mesh.local.clusters.allocations import Allocations
from hybrid_mesh.local.clusters.api import ApiClient, ApiError
from hybrid_mesh.local.clusters.daemons import Node
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import Report
from hybrid_mesh.local.linux.commands import ip
from hybrid_mesh.local.linux.forwarding import Forwarders
from hybrid_mesh.local.linux.guard import run_guarded, start_guarded
from hybrid_mesh.model.istio_facts import HEALTH_PORT

GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name"
_RELIST = 300.0
_PAUSE = 0.5
_LONGEST_PAUSE = 4.0


class LoadBalancers:
    """Watches a cluster's Services on a thread of its own until `stop`."""

    def __init__(
        self,
        node: Node,
        *,
        allocations: Allocations,
        forwarders: Forwarders,
        api: ApiClient,
        log: Report,
    ) -> None:
        self._node = node
        self._allocations = allocations
        self._forwarders = forwarders
        self._api = api
        self._log = log
        self._stopping = Event()
        self._complaint = ""
        self._pause = _PAUSE
        self._addresses: dict[str, str] = {}
        self._open: dict[str, str] = {}

    def start(self) -> None:
        start_guarded(f"balancers of {self._node.spec.name}", self._run, self._log)

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not run_guarded(f"LoadBalancers of {self._node.spec.name}", self._follow, self._complain):
                self._stopping.wait(self._pause)

    def _complain(self, text: str) -> None:
        """Logs a failure, but not the same one twice in a row, and increases the pause between retries."""
        self._pause = min(2 * self._pause, _LONGEST_PAUSE) if text == self._complaint else _PAUSE
        if text != self._complaint and not self._stopping.is_set():
            self._log(text)
        self._complaint = text

    def _follow(self) -> None:
        listing = self._api.request("GET", "/api/v1/services")
        self._complaint = ""
        services = {_name(service): service for service in listing["items"]}
        for name in [name for name in self._addresses if name not in services]:
            self._release(name)
        for name, service in sorted(services.items(), key=lambda entry: not _addresses(entry[1])):
            self._reconcile(name, service)
        version = listing["metadata"]["resourceVersion"]
        for event in self._api.watch("/api/v1/services", version, _RELIST):
            if self._stopping.is_set() or event["type"] == "ERROR":
                return
            name = _name(event["object"])
            if event["type"] == "DELETED":
                self._release(name)
            elif event["type"] in ("ADDED", "MODIFIED"):
                self._reconcile(name, event["object"])

    def _reconcile(self, name: str, service: dict[str, Any]) -> None:
        if service["spec"].get("type") != "LoadBalancer":
            self._release(name)
            return
        if name not in self._addresses:
            held = next(iter(_addresses(service)), None)
            address = self._allocations.address(name, set(self._addresses.values()), held)
            ip([f"address replace {address}/32 dev wan0"], namespace=self._node.namespace)
            self._addresses[name] = address
        address = self._addresses[name]
        if _addresses(service) != [address]:
            self._publish(service, address)
        self._forward(name, service, address)

    def _publish(self, service: dict[str, Any], address: str) -> None:
        meta = service["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/services/{meta['name']}/status"
        body = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
        try:
            self._api.request("PATCH", path, body, content_type="application/merge-patch+json")
        except ApiError as error:
            if error.status != 404:
                raise

    def _release(self, name: str) -> None:
        for subject in [subject for subject in self._open if subject.rsplit(":", 1)[0] == name]:
            self._close(subject)
        if address := self._addresses.pop(name, None):
            ip([f"address delete {address}/32 dev wan0"], namespace=self._node.namespace)

    def _forward(self, name: str, service: dict[str, Any], address: str) -> None:
        """Opens a loopback port for each port of a Gateway-API gateway, the same one after every restart."""
        labels = service["metadata"].get("labels") or {}
        ports = [port["port"] for port in service["spec"]["ports"]] if GATEWAY_LABEL in labels else []
        wanted = {f"{name}:{port}": port for port in ports if port != HEALTH_PORT}
        for subject in [one for one in self._open if one.rsplit(":", 1)[0] == name and one not in wanted]:
            self._close(subject)
        for subject, port in wanted.items():
            if subject not in self._open:
                self._open_port(subject, (address, port))

    def _open_port(self, subject: str, target: tuple[str, int]) -> None:
        """Logs that a port is taken: the gateway works without it, and the next listing retries."""
        port = self._allocations.port(subject)
        try:
            self._forwarders.open(port, f"gateway {subject}", self._node.namespace, target)
        except LabError as error:
            self._log(str(error))
        else:
            self._open[subject] = target[0]

    def _close(self, subject: str) -> None:
        self._open.pop(subject)
        self._forwarders.close(self._allocations.release(subject))


def _name(service: dict[str, Any]) -> str:
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def _addresses(service: dict[str, Any]) -> list[str]:
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    return [entry["ip"] for entry in ingress if "ip" in entry]
