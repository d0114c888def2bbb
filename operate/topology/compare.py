"""What changes when one mesh becomes another, as one graph."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeVar

from hybrid_mesh.operate.topology.graph import Change, Details, Edge, Node, Relation, Topology

_Part = TypeVar("_Part", Node, Edge)
_SHOWN: Final = 4
"""Names in the summary of each kind of change."""


def compare(before: Topology | None, after: Topology, name: str) -> Topology:
    """`after` with what is added, moved and changed, and with what only `before` has as removed. `name` is
    what `before` is called; None is a mesh of which nothing exists.

    A node moves if it is inside of another one, or registers with another cluster, than before. What is
    inside of a moved node moves along without a mark of its own. A removed node stays where it was.
    """
    nodes = {each.id: each for each in before.nodes} if before else {}
    edges = {each.id: each for each in before.edges} if before else {}
    homes = (_homes(before) if before else {}, _homes(after))
    new_nodes, new_edges = {each.id for each in after.nodes}, {each.id for each in after.edges}
    return replace(
        after,
        nodes=(
            *(_node(nodes.get(each.id), each, homes) for each in after.nodes),
            *(_removed(each) for each in nodes.values() if each.id not in new_nodes),
        ),
        edges=(
            *(_edge(edges.get(each.id), each) for each in after.edges),
            *(_removed(each) for each in edges.values() if each.id not in new_edges),
        ),
        compared=name,
        notes=tuple(_differences(before.details, after.details)) if before else (),
    )


def summary(compared: Topology) -> str:
    """The number of changes of each kind, and the first few of them by name, in one line."""
    parts = []
    for change in Change:
        names = [f"{each.kind} {each.name}" for each in compared.nodes if each.change is change]
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            parts.append(f"{len(names)} {change} ({', '.join(names[:_SHOWN])}{more})")
    return f"Compared with {compared.compared}: {'; '.join([*parts, *compared.notes]) or 'no difference'}."


def _node(before: Node | None, after: Node, homes: tuple[dict[str, str], dict[str, str]]) -> Node:
    if before is None:
        return replace(after, change=Change.ADDED, notes=("added",))
    moved = before.parent != after.parent or homes[0].get(after.id) != homes[1].get(after.id)
    notes = list(_differences(before.details, after.details))
    if before.parent != after.parent:
        notes.insert(0, f"moved from {_place(before)} to {_place(after)}")
    if not moved and not notes:
        return after
    return replace(after, change=Change.MOVED if moved else Change.CHANGED, notes=tuple(notes))


def _edge(before: Edge | None, after: Edge) -> Edge:
    if before is None:
        return replace(after, change=Change.ADDED, notes=("added",))
    notes = tuple(_differences(before.details, after.details))
    return replace(after, change=Change.CHANGED, notes=notes) if notes else after


def _removed(part: _Part) -> _Part:
    return replace(part, change=Change.REMOVED, notes=("removed",))


def _homes(topology: Topology) -> dict[str, str]:
    """Group -> the cluster that its VMs register with."""
    return {each.source: each.target for each in topology.edges if each.relation is Relation.REGISTERS}


def _place(node: Node) -> str:
    return (node.parent or "the mesh").replace("/", " ", 1)


def _differences(before: Details, after: Details) -> Iterator[str]:
    old, new = dict(before), dict(after)
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield f"{key}: {old.get(key, 'none')} → {new.get(key, 'none')}"
