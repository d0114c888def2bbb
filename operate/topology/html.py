"""The picture as one page that needs nothing else: no network, no other file.

Each part of the drawing is a button that opens its details. On a narrow screen a list of all parts takes the
place of the drawing. The page allows itself only the script and the style that are in it
(Content-Security-Policy by their hashes), and every name is escaped.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from importlib import resources
from typing import Final

from hybrid_mesh.operate.topology.graph import Edge, Health, Node, Probe, Relation, Topology
from hybrid_mesh.operate.topology.picture import marks
from hybrid_mesh.operate.topology.svg import as_svg, describe, label, name, style

_CELLS: Final = {Health.HEALTHY: "✓", Health.WARNING: "!", Health.BROKEN: "✗", Health.UNKNOWN: "?"}
_RELATIONS: Final = {
    Relation.PEERS: ("exchanges endpoints with", "exchanges endpoints with"),
    Relation.REGISTERS: ("registers with", "has the registrations of"),
    Relation.SENDS: ("sends {} to", "gets {} of"),
}
"""What an edge with its label says at its source and at its target."""


def as_html(topology: Topology) -> str:
    title = escape(f"Mesh {topology.mesh} of stack {topology.stack}")
    css, script = f"{style()}{_file('page.css')}", _file("page.js")
    allowed = f"style-src {_hash(css)}; script-src {_hash(script)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>{css}</style>\n</head>\n<body>",
            f"<header><h1>{title}</h1>{_facts(topology)}</header>\n<main>",
            '<section class="drawing" aria-label="Picture" tabindex="0">',
            f"{as_svg(topology, interactive=True)}</section>",
            '<nav class="list" aria-label="All parts">\n<h2>All parts</h2>',
            *_list(topology, None),
            "</nav>",
            *_matrix(topology.probes),
            *_certificates(topology),
            "</main>",
            '<div id="panel" role="dialog" aria-labelledby="panel-title" hidden>',
            '<button id="close" type="button">Close</button>\n<div id="details"></div></div>',
            *(_details(each, topology) for each in topology.nodes),
            f"<script>{script}</script>\n</body>\n</html>\n",
        ]
    )


def _facts(topology: Topology) -> str:
    facts = [describe(topology), " · ".join(f"{key} {value}" for key, value in topology.details)]
    facts += [f"Compared with {topology.compared}."] if topology.compared else []
    facts += [f"As seen at {topology.live}."] if topology.live else []
    return "".join(f"<p>{escape(each)}</p>" for each in (*facts, *topology.notes) if each)


def _list(topology: Topology, parent: str | None) -> Iterator[str]:
    """The parts inside of `parent`, each with those inside of it."""
    known = {each.id for each in topology.nodes}
    inside = [
        each
        for each in topology.nodes
        if each.parent == parent or (parent is None and each.parent is not None and each.parent not in known)
    ]
    if not inside:
        return
    yield "<ul>"
    for each in inside:
        yield f"<li>{_button(each)}"
        yield from _list(topology, each.id)
        yield "</li>\n"
    yield "</ul>"


def _button(node: Node) -> str:
    classes = " ".join(each.value for each in (node.change, node.health) if each)
    words = escape(label(node))
    return f'<button type="button" class="{classes}" data-id="{escape(node.id)}">{words}</button>'


def _details(node: Node, topology: Topology) -> str:
    """What the panel shows of a node; the page holds it ready."""
    title = escape(f"{name(node.kind)} {node.name}")
    rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in node.details)
    notes = [*marks(node), *node.notes]
    return "".join(
        [
            f'<template data-of="{escape(node.id)}"><h2 id="panel-title">{title}</h2>',
            f"<ul>{''.join(f'<li>{escape(each)}</li>' for each in notes)}</ul>" if notes else "",
            f"<dl>{rows}</dl>" if rows else "",
            *_related(node, topology),
            "</template>",
        ]
    )


def _related(node: Node, topology: Topology) -> Iterator[str]:
    lines = list(_relations(node, topology))
    if lines:
        yield f"<h3>Related</h3><ul>{''.join(lines)}</ul>"


def _relations(node: Node, topology: Topology) -> Iterator[str]:
    for edge in topology.edges:
        if node.id in (edge.source, edge.target):
            leaving = edge.source == node.id
            other = topology.get(edge.target if leaving else edge.source)
            if other:
                yield f"<li>{escape(_saying(edge, leaving))} {_button(other)}</li>"
    for each in topology.nodes:
        if each.parent == node.id:
            yield f"<li>contains {_button(each)}</li>"


def _saying(edge: Edge, leaving: bool) -> str:
    words = _RELATIONS[edge.relation][0 if leaving else 1].format(edge.label or "requests")
    return " ".join([words, *(f"({each})" for each in (*marks(edge), *edge.notes))])


def _matrix(probes: Iterable[Probe]) -> Iterator[str]:
    """What verify found: a row for each source, a column for each destination."""
    cells: dict[tuple[str, str], list[Probe]] = {}
    for each in probes:
        cells.setdefault((each.row or each.source, each.column or each.destination), []).append(each)
    if not cells:
        return
    columns = list(dict.fromkeys(destination for _, destination in cells))
    yield from _table("matrix", "What verify found", ["from", *columns])
    for row in dict.fromkeys(source for source, _ in cells):
        yield f'<tr><th scope="row">{escape(row)}</th>'
        yield from (_cell(cells.get((row, column), [])) for column in columns)
        yield "</tr>"
    yield "</tbody></table></div></section>"


def _cell(probes: list[Probe]) -> str:
    """A line for each request, with its exact destination where the column's name is another."""
    lines = [
        f'<span class="{each.health.value}">{_CELLS[each.health]} {escape(each.expected)}</span> '
        + escape(
            each.detail if each.column in ("", each.destination) else f"{each.destination}: {each.detail}"
        )
        for each in probes
    ]
    return f"<td>{'<br>'.join(lines)}</td>"


def _certificates(topology: Topology) -> Iterator[str]:
    if not topology.certificates:
        return
    yield from _table("ends", "Certificates", ["of", "certificate", "ends", "days left"])
    for each in topology.certificates:
        texts = "".join(f"<td>{escape(text)}</td>" for text in (each.name, each.expires))
        days = f'<td class="{each.health.value}">{_CELLS[each.health]} {each.days}</td>'
        yield f'<tr><th scope="row">{escape(each.subject)}</th>{texts}{days}</tr>'
    yield "</tbody></table></div></section>"


def _table(key: str, title: str, columns: Iterable[str]) -> Iterator[str]:
    """The beginning of a section with a table that scrolls where the screen is narrow."""
    yield f'<section><h2 id="{key}">{title}</h2>'
    yield f'<div class="wide" role="region" aria-labelledby="{key}" tabindex="0"><table><thead><tr>'
    yield "".join(f'<th scope="col">{escape(each)}</th>' for each in columns)
    yield "</tr></thead><tbody>"


def _file(file: str) -> str:
    return resources.files(__package__).joinpath(file).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Source: Content Security Policy Level 3, "hash-source"."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
