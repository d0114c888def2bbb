"""What was found in one cluster of a mesh that was made by hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Find = Callable[[str], Any | None]
"""The JSON at a path of a cluster's API server; None if it does not exist there."""


@dataclass(frozen=True)
class Finding:
    """Something that cannot be adopted, or is left as it is. `place` names the context and the object."""

    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}. {self.remedy}"


@dataclass(frozen=True)
class Peer:
    """How the holder of a remote Secret reaches a peer's API server. `authority` is PEM, "" for that of the
    system."""

    server: str
    authority: str
    server_name: str | None = None


@dataclass(frozen=True)
class FoundGateway:
    """The east-west gateway. `tls_node_port` etc. are 0 for a LoadBalancer Service."""

    service: str
    type: str
    addresses: tuple[str, ...]
    node_ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundGroup:
    """A WorkloadGroup. `section` is what the stack file has for it, without its cluster; `injection` is the
    label of its namespace, "" without one."""

    context: str
    name: str
    namespace: str
    injection: str
    section: Mapping[str, Any]


@dataclass(frozen=True)
class FoundCluster:
    """One cluster. `uid` is that of the namespace kube-system, which identifies the cluster. `remote` maps
    each remote Secret to its peers, `networks` each configured network to its gateways' addresses."""

    context: str
    uid: str
    name: str
    network: str
    mesh_id: str
    trust_domain: str
    version: str
    root: str
    authority: str
    gateway: FoundGateway | None
    remote: Mapping[str, Mapping[str, Peer]]
    networks: Mapping[str, tuple[str, ...]]
    pod_cidr: str | None
    gateway_api: bool
    replaced: tuple[str, ...] = ()
    """Objects that the program's own replace, as `KIND/NAME` in `istio-system`."""
    groups: tuple[FoundGroup, ...] = ()
    left: tuple[Finding, ...] = ()
    """What the stack file does not express."""
