"""What the lab allocates to one cluster, kept in the lab's state."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from hybrid_mesh.local.lab import addressing
from hybrid_mesh.local.lab.errors import LabError
from hybrid_mesh.local.lab.specs import ClusterSpec
from hybrid_mesh.local.lab.state import ClusterRecord, LabState
from hybrid_mesh.local.linux.forwarding import PORTS, Forwarders

GATEWAY = "istio-system/istio-eastwestgateway"


def preferred_port(folder: Path, stack: str, cluster: str, subject: str) -> int:
    """The loopback port of `subject` ("api" or namespace/service:port) of a cluster: the same one each time a
    stack creates that cluster.

    The lab's folder is part of it, so that two labs on one host, whose names are often the same, rarely use
    the same port.
    """
    digest = hashlib.sha256("\0".join((str(folder), stack, cluster, subject)).encode()).digest()
    return PORTS[int.from_bytes(digest[:8], "big") % len(PORTS)]


def port_of(folder: Path, spec: ClusterSpec, subject: str) -> int:
    """The preferred port of `subject` of a cluster that has its owner, or none."""
    return preferred_port(folder, spec.owner.stack if spec.owner else "", spec.name, subject)


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
                self._record.ports[subject] = self._forwarders.free_port(
                    port_of(self._state.folder, self._record.spec, subject), self._state.ports()
                )
                try:
                    self._state.save()
                except LabError:
                    del self._record.ports[subject]
                    raise
            return self._record.ports[subject]

    def release(self, subject: str) -> int:
        with self._state.lock:
            port = self._record.ports.pop(subject)
            self._state.save()
        return port

    def ports(self) -> list[int]:
        with self._state.lock:
            return list(self._record.ports.values())
