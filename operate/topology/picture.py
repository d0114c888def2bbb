"""The boxes of a mesh's picture: networks as areas, with their gateways, clusters and groups."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from hybrid_mesh.operate.topology.boxes import Box, Line
from hybrid_mesh.operate.topology.graph import Edge, Health, Kind, Node, Relation, Topology

_MARKS: Final = {
    "added": "+ added",
    "removed": "- removed",
    "moved": "→ moved",
    "changed": "~ changed",
    "healthy": "✓ healthy",
    "warning": "! warning",
    "broken": "✗ broken",
    "unknown": "? unknown",
}
_LONGEST: Final = 44
"""Characters of a fact; the rest is among the details."""
_VMS: Final = 24
_NETWORK: Final = 420.0
"""Pixels: the least width of a network with several clusters."""
_NAMES: Final = {
    Kind.TRUST: "Trust: ",
    Kind.GATEWAY: "gateway ",
    Kind.INGRESS: "ingress ",
    Kind.ROUTE: "route ",
    Kind.SERVICE: "Service ",
}
BUS: Final = "bus"
NETWORKS: Final = "networks"


def picture(topology: Topology, *, heading: bool = True) -> Box:
    """The whole picture, arranged: about as wide as a screen, and as high as it needs. `heading`: with the
    name of the mesh."""
    networks = [_network(each, topology) for each in topology.of_kind(Kind.NETWORK)]
    content = [_heading(topology, heading)]
    if len(networks) > 1:
        text = "East-west: networks reach each other through gateways, by mutual TLS"
        content.append(Box(kind=BUS, lines=[Line(text)], padding=4))
    content.append(
        Box(
            kind=NETWORKS,
            inside=networks,
            limit=_screen(networks),
            padding=0,
            gap=36 if len(networks) > 1 else 16,
        )
    )
    return Box(kind="picture", inside=[Box(inside=content, padding=12, gap=12)], padding=12).arrange()


def marks(part: Node | Edge) -> list[str]:
    """The words on a change and on health."""
    return [_MARKS[each.value] for each in (part.change, part.health) if each]


def _heading(topology: Topology, named: bool) -> Box:
    trust = [_box(each) for each in topology.of_kind(Kind.TRUST)]
    if not named:
        return Box(inside=trust, limit=2000, padding=0)
    facts = [f"stack {topology.stack}", *(f"{key} {value}" for key, value in topology.details[:2])]
    more = [f"compared with {topology.compared}"] if topology.compared else []
    more += [f"as seen at {topology.live}"] if topology.live else []
    lines = [Line(f"Mesh {topology.mesh}", 20, "title"), Line(" · ".join(facts))]
    lines += [Line(" · ".join(more))] if more else []
    return Box(inside=[Box(lines=lines, padding=0), *trust], limit=2000, padding=0, gap=32)


def _network(node: Node, topology: Topology) -> Box:
    inside = [each for each in topology.nodes if each.parent == node.id]
    clusters = [each for each in inside if each.kind is Kind.CLUSTER]
    gateways = [each for each in inside if each.kind is Kind.GATEWAY]
    gateways += [each for cluster in clusters for each in topology.of_kind(Kind.GATEWAY, cluster.id)]
    groups = [each for each in inside if each.kind is Kind.GROUP]
    gates = [_box(each) for each in gateways]
    rows = [
        gates,
        [_cluster(each, topology) for each in clusters],
        [_group(each, topology) for each in groups],
    ]
    wide = max([_NETWORK if len(clusters) > 1 else 0, *(_width(row) for row in rows if row)], default=0)
    boxes = [Box(inside=row, limit=wide, padding=0, grow=row is not gates) for row in rows if row]
    facts = [f"{value}" for key, value in node.details if key in ("type", "CIDR", "region", "locality")]
    lines = [Line(node.name, 15, "name"), Line(_short(" · ".join(facts))), *_marks(node)]
    return Box(node.id, node.kind, lines, boxes, padding=14, gap=10)


def _cluster(node: Node, topology: Topology) -> Box:
    inside = [
        *(_ingress(each, topology) for each in topology.of_kind(Kind.INGRESS, node.id)),
        *(_box(each) for each in topology.of_kind(Kind.SERVICE, node.id)),
    ]
    details = dict(node.details)
    lines = [
        Line(f"cluster {node.name}", 13, "name"),
        Line(f"{details.get('type', '')} · {details.get('state', '')}"),
        *_marks(node),
    ]
    return Box(node.id, node.kind, lines, inside)


def _ingress(node: Node, topology: Topology) -> Box:
    routes = []
    for route in topology.of_kind(Kind.ROUTE, node.id):
        sends = [
            each for each in topology.edges if each.source == route.id and each.relation is Relation.SENDS
        ]
        lines = [Line(_short(_backend(each, topology))) for each in sends] or [Line("redirected")]
        name = Line(_short(f"{route.name}  {route.fact}"), 12, "name")
        routes.append(Box(route.id, route.kind, [name, *lines, *_marks(route)], padding=7))
    lines = [Line(f"ingress {node.name}", 12, "name"), Line(_short(node.fact)), *_marks(node)]
    return Box(node.id, node.kind, lines, routes)


def _backend(edge: Edge, topology: Topology) -> str:
    target = topology.get(edge.target)
    name = f"{'group' if target and target.kind is Kind.GROUP else 'Service'} {target.name if target else ''}"
    return " ".join([edge.label, "→", name, *(f"({each})" for each in marks(edge))])


def _group(node: Node, topology: Topology) -> Box:
    details = dict(node.details)
    machines = [_box(each) for each in _machines(node, topology)]
    lines = [
        Line(f"group {node.name}", 13, "name"),
        Line(f"VMs: {node.fact}"),
        Line(f"registers with {details.get('registers with', '')}"),
        Line(_short(f"ports {details.get('ports', 'none')}")),
        *_marks(node),
    ]
    return Box(node.id, node.kind, lines, machines, limit=max(_width(machines), 240))


def _machines(group: Node, topology: Topology) -> Iterator[Node]:
    """The VMs of a group; of a large mesh only those that something is to be said of: the group has their
    number."""
    many = sum(each.kind is Kind.VM for each in topology.nodes) > _VMS
    for each in topology.of_kind(Kind.VM, group.id):
        if not many or each.change or each.health not in (None, Health.HEALTHY):
            yield each


def _box(node: Node) -> Box:
    name = Line(f"{_NAMES.get(node.kind, '')}{node.name}", 12, "name")
    fact = [Line(_short(node.fact))] if node.fact else []
    return Box(node.id, node.kind, [name, *fact, *_marks(node)], padding=7)


def _marks(node: Node) -> Iterator[Line]:
    yield from (Line(each, 12, "mark") for each in marks(node))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _width(boxes: Sequence[Box]) -> float:
    """For rows that are about twice as wide as all of them are high."""
    area = sum((box.width + box.gap) * (box.height + box.gap) for box in map(Box.measured, boxes))
    return max([math.sqrt(2 * area), *(box.width for box in boxes)])


def _screen(networks: Sequence[Box]) -> float:
    return max(_width(networks), 1240)
