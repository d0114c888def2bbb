"""The picture as SVG."""

from collections import Counter
from collections.abc import Iterator
from html import escape
from importlib import resources
from typing import Final

from hybrid_mesh.operate.topology.boxes import Box
from hybrid_mesh.operate.topology.graph import Kind, Node, Topology
from hybrid_mesh.operate.topology.picture import BUS, NETWORKS, marks, picture

_BRANCH: Final = 40
"""Where the line reaches a network, from its left side."""
_RADIUS: Final = {"network": 12, "cluster": 8, "group": 8}

_NAMES: Final = {Kind.VM: "VM", Kind.SERVICE: "Service", Kind.GATEWAY: "east-west gateway"}
_PLURALS: Final = {
    Kind.NETWORK: "networks",
    Kind.CLUSTER: "clusters",
    Kind.GATEWAY: "east-west gateways",
    Kind.INGRESS: "ingresses",
    Kind.ROUTE: "routes",
    Kind.GROUP: "groups",
    Kind.VM: "VMs",
}
"""Kinds that are counted."""


def style() -> str:
    """The style sheet of the drawing, for light and dark."""
    return resources.files(__package__).joinpath("picture.css").read_text(encoding="utf-8")


def as_svg(topology: Topology, *, interactive: bool = False) -> str:
    """A file of its own; or, `interactive`, an element of a page that has the style sheet and makes a button
    of each part."""
    whole = picture(topology, heading=not interactive)
    width, height = f"{whole.width:.0f}", f"{whole.height:.0f}"
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    nodes = {each.id: each for each in topology.nodes}
    body = "\n".join(
        [
            f'<rect class="ground" width="{width}" height="{height}"/>',
            *_bus(whole),
            *(_box(each, nodes.get(each.key), interactive=interactive) for each in whole.all()),
        ]
    )
    title = escape(f"Mesh {topology.mesh} of stack {topology.stack}")
    if interactive:
        return f'<svg class="mesh" role="group" aria-label="{title}" {size}>\n{body}\n</svg>\n'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mesh" role="img" aria-labelledby="t d" {size}>\n'
        f'<title id="t">{title}</title>\n<desc id="d">{escape(describe(topology))}</desc>\n'
        f"<style>{style()}</style>\n{body}\n</svg>\n"
    )


def describe(topology: Topology) -> str:
    """What the picture shows, in one sentence."""
    counts = Counter(node.kind for node in topology.nodes if node.kind in _PLURALS)
    named = [f"{number} {name(kind) if number == 1 else _PLURALS[kind]}" for kind, number in counts.items()]
    return f"{', '.join(named)}."


def name(kind: Kind) -> str:
    """What people call the kind."""
    return _NAMES.get(kind, kind.value)


def label(node: Node) -> str:
    """What a screen reader says of a part."""
    return ", ".join(filter(None, [f"{name(node.kind)} {node.name}", node.fact, *marks(node)]))


def _box(box: Box, node: Node | None, *, interactive: bool) -> str:
    texts, y = [], box.y + box.padding
    for line in box.lines:
        y += line.height
        texts.append(
            f'<text class="{line.kind}" x="{box.x + box.padding:.1f}" y="{y - line.size * 0.35:.1f}" '
            f'font-size="{line.size}">{escape(_printable(line.text))}</text>'
        )
    if node is None:
        return "".join(texts)
    classes = " ".join(
        filter(None, ["part", box.kind, node.change and node.change.value, node.health and node.health.value])
    )
    words = escape(label(node))
    frame = (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" '
        f'rx="{_RADIUS.get(box.kind, 5)}"/>'
    )
    if not interactive:
        return f'<g class="{classes}"><title>{words}</title>{frame}{"".join(texts)}</g>'
    return (
        f'<g class="{classes}" role="button" tabindex="0" aria-label="{words}" data-id="{escape(node.id)}">'
        f"{frame}{''.join(texts)}</g>"
    )


def _bus(whole: Box) -> Iterator[str]:
    """The line that connects networks: above each row of them, with a branch to each."""
    boxes = {each.kind: each for each in whole.all() if each.kind in (BUS, NETWORKS)}
    if BUS not in boxes:
        return
    networks = boxes[NETWORKS]
    rows, path = networks.rows(), []
    trunk = networks.x - 10 if len(rows) > 1 else networks.x + _BRANCH
    for row in rows:
        path.append(f"M{trunk:.1f} {row[0].y - 14:.1f}H{row[-1].x + _BRANCH:.1f}")
        path += [f"M{box.x + _BRANCH:.1f} {box.y - 14:.1f}V{box.y:.1f}" for box in row]
    path.append(f"M{trunk:.1f} {rows[0][0].y - 14:.1f}V{rows[-1][0].y - 14:.1f}")
    yield f'<path class="bus" d="{"".join(path)}"/>'
    yield from (
        f'<circle class="join" cx="{box.x + _BRANCH:.1f}" cy="{box.y:.1f}" r="4"/>' for box in networks.inside
    )


def _printable(text: str) -> str:
    """Without characters that XML does not allow."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
