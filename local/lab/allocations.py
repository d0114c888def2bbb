"""What the lab allocates to one cluster, kept in the lab's state."""

from collections.abc import Collection

from hybrid_mesh.local.lab import addressing
from hybrid_mesh.local.lab.state import ClusterRecord, LabState
from hybrid_mesh.local.linux.forwarding import Forwarders

GATEWAY = "istio-system/istio-eastwestgateway"


class ClusterAllocations:
    """The addresses and loopback ports of the cluster of `record`."""

    def __init__(self, record: ClusterRecord, state: LabState, forwarders: Forwarders) -> None:
        self._record = record
        self._state = state
        self._forwarders = forwarders

    def address(self, service: str, taken: Collection[str], held: str | None) -> str:
        if service == GATEWAY:
            return self._record.gateway_address
        return addressing.wan_balancer(self._record.number, taken, held)

    def port(self, subject: str) -> int:
        with self._state.lock:
            if subject not in self._record.ports:
                self._record.ports[subject] = self._forwarders.free_port(self._state.ports())
                self._state.save()
            return self._record.ports[subject]

    def release(self, subject: str) -> int:
        with self._state.lock:
            port = self._record.ports.pop(subject)
            self._state.save()
        return port

    def ports(self) -> list[int]:
        with self._state.lock:
            return list(self._record.ports.values())
