"""The mesh as a graph, as every picture of it is drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a node is."""

    TRUST = "trust"
    NETWORK = "network"
    CLUSTER = "cluster"
    GATEWAY = "gateway"
    """An east-west gateway: of a cluster, or one of a network that belongs to no cluster."""
    INGRESS = "ingress"
    ROUTE = "route"
    SERVICE = "service"
    """A Service that a route sends requests to."""
    GROUP = "group"
    VM = "vm"


class Relation(StrEnum):
    """What an edge says of its source and target."""

    PEERS = "peers"
    """Two clusters have each other's remote Secret; once for each pair."""
    REGISTERS = "registers"
    """The VMs of a group register with a cluster."""
    SENDS = "sends"
    """A route sends requests to a group or a Service."""


class Change(StrEnum):
    """What becomes of a node or edge when another mesh becomes this one."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


class Health(StrEnum):
    """How a running node or edge is."""

    HEALTHY = "healthy"
    WARNING = "warning"
    BROKEN = "broken"
    UNKNOWN = "unknown"


Details = tuple[tuple[str, str], ...]
"""Names and values for people, in the order in which they are shown."""
_FACTS: Final = {
    Kind.TRUST: "trust domain",
    Kind.NETWORK: "CIDR",
    Kind.CLUSTER: "type",
    Kind.INGRESS: "listeners",
    Kind.ROUTE: "matches",
    Kind.SERVICE: "namespace",
    Kind.GROUP: "VMs",
}
"""The detail that is shown beside a name."""


@dataclass(frozen=True)
class Node:
    """One thing of the mesh.

    `id` is `<kind>/<name>` and the same in every run. `parent` is the id of the node that it is inside of.
    `notes` are sentences on its `change` and its `health`; both are None where nobody asked for them.
    """

    id: str
    kind: Kind
    name: str
    parent: str | None = None
    details: Details = ()
    change: Change | None = None
    health: Health | None = None
    notes: tuple[str, ...] = ()

    @property
    def fact(self) -> str:
        """The most important detail; empty if there is none."""
        return dict(self.details).get(_FACTS.get(self.kind, ""), "")


@dataclass(frozen=True)
class Edge:
    """A relation of two nodes, given by their ids. `label` is what is written beside it."""

    relation: Relation
    source: str
    target: str
    label: str = ""
    details: Details = ()
    change: Change | None = None
    health: Health | None = None
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.relation}:{self.source}:{self.target}"


@dataclass(frozen=True)
class Certificate:
    """A certificate of the running mesh: whose it is, which one, when it ends (RFC 3339) and how many whole
    days are left."""

    subject: str
    name: str
    expires: str
    days: int
    health: Health


@dataclass(frozen=True)
class Probe:
    """One check of `verify`. `row` and `column` are the members of the mesh at its ends: its cell of the
    matrix. Empty, they are its source and its destination."""

    source: str
    destination: str
    expected: str
    health: Health
    detail: str
    row: str = ""
    column: str = ""


@dataclass(frozen=True)
class Topology:
    """`stack` and `mesh` are names. `details` are those of the whole mesh, `notes` sentences on it.
    `compared` says with what it was compared, `live` when it was looked at; both are empty otherwise. Nodes
    come after those that they are inside of."""

    stack: str
    mesh: str
    details: Details
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    compared: str = ""
    live: str = ""
    notes: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    certificates: tuple[Certificate, ...] = ()

    def of_kind(self, kind: Kind, parent: str | None = None) -> Iterator[Node]:
        """The nodes of a kind, those inside of `parent` or all."""
        for node in self.nodes:
            if node.kind is kind and parent in (None, node.parent):
                yield node

    def get(self, id_: str) -> Node | None:
        return next((node for node in self.nodes if node.id == id_), None)
