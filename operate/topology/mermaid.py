"""The graph as a flowchart of Mermaid, which GitHub and GitLab draw in Markdown.

Source: mermaid.js.org, "Flowcharts": labels in double quotes, `#quot;` and `#35;` for characters with a
meaning of their own.
"""

from collections.abc import Iterator
from typing import Final

from hybrid_mesh.operate.topology.graph import Change, Edge, Health, Kind, Node, Relation, Topology

_ARROWS: Final = {Relation.PEERS: "<-->", Relation.REGISTERS: "-.->", Relation.SENDS: "-->"}
_BOXES: Final = (Kind.NETWORK, Kind.CLUSTER, Kind.INGRESS)
"""Kinds that are drawn around what is inside of them. A group is one node, with the number of its VMs."""
_BREAK: Final = "\n"
_GREEN: Final = "fill:#dcfce7,stroke:#166534,color:#14532d"
_AMBER: Final = "fill:#fef3c7,stroke:#92400e,color:#78350f"
_RED: Final = "fill:#fee2e2,stroke:#991b1b,color:#7f1d1d"
_CLASSES: Final = {
    Change.ADDED: _GREEN,
    Change.REMOVED: f"{_RED},stroke-dasharray:4 3",
    Change.MOVED: "fill:#ede9fe,stroke:#5b21b6,color:#4c1d95",
    Change.CHANGED: _AMBER,
    Health.HEALTHY: _GREEN,
    Health.WARNING: _AMBER,
    Health.BROKEN: _RED,
    Health.UNKNOWN: "fill:#f3f4f6,stroke:#4b5563,color:#1f2937",
}


def as_mermaid(topology: Topology) -> str:
    """A flowchart with a subgraph for each network and cluster. Changes and health are colours and words."""
    names = {each.id: f"n{index}" for index, each in enumerate(topology.nodes)}
    drawn = [each for each in topology.nodes if each.kind is not Kind.VM]
    lines = ["flowchart LR"]
    for node in drawn:
        if node.parent not in names:
            lines += _node(node, drawn, names, "  ")
    lines += [f"  {_edge(each, names)}" for each in topology.edges]
    for mark, style in _CLASSES.items():
        marked = [names[each.id] for each in drawn if mark in (each.change, each.health)]
        if marked:
            lines += [f"  classDef {mark.value} {style}", f"  class {','.join(marked)} {mark.value}"]
    return "\n".join(lines) + "\n"


def _node(node: Node, drawn: list[Node], names: dict[str, str], indent: str) -> Iterator[str]:
    name = names[node.id]
    inside = [each for each in drawn if each.parent == node.id]
    if node.kind not in _BOXES or not inside:
        yield f"{indent}{name}[{_quoted(_text(node, _BREAK))}]"
        return
    yield f"{indent}subgraph {name}[{_quoted(_text(node, ' · '))}]"  # one line: there is no room for more
    for each in inside:
        yield from _node(each, drawn, names, f"{indent}  ")
    yield f"{indent}end"


def _text(node: Node, separator: str) -> str:
    marks = [each.value for each in (node.change, node.health) if each]
    return separator.join(filter(None, [f"{node.kind} {node.name}", node.fact, *marks]))


def _edge(edge: Edge, names: dict[str, str]) -> str:
    words = [edge.label, *(each.value for each in (edge.change, edge.health) if each)]
    label = f"|{_quoted(', '.join(filter(None, words)))}|" if any(words) else ""
    return f"{names[edge.source]} {_ARROWS[edge.relation]}{label} {names[edge.target]}"


def _quoted(text: str) -> str:
    for character, name in (
        ("#", "#35;"),
        ('"', "#quot;"),
        ("&", "#amp;"),
        ("<", "#lt;"),
        (">", "#gt;"),
        ("`", "#96;"),
    ):
        text = text.replace(character, name)
    return f'"{text.replace(chr(10), "<br/>")}"'
