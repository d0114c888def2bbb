"""The graph as plain data, for scripts."""

from typing import Any

from hybrid_mesh.operate.topology.graph import Edge, Node, Topology


def as_data(topology: Topology) -> dict[str, Any]:
    """JSON's types, keys in camelCase; what nobody asked for (changes, health) is null."""
    return {
        "stack": topology.stack,
        "mesh": topology.mesh,
        "details": dict(topology.details),
        "comparedWith": topology.compared or None,
        "lookedAt": topology.live or None,
        "notes": list(topology.notes),
        "nodes": [
            {
                "id": each.id,
                "kind": each.kind.value,
                "name": each.name,
                "parent": each.parent,
                **_common(each),
            }
            for each in topology.nodes
        ],
        "edges": [
            {
                "relation": each.relation.value,
                "source": each.source,
                "target": each.target,
                "label": each.label,
                **_common(each),
            }
            for each in topology.edges
        ],
        "probes": [
            {
                "source": each.source,
                "destination": each.destination,
                "expected": each.expected,
                "health": each.health.value,
                "detail": each.detail,
            }
            for each in topology.probes
        ],
        "certificates": [
            {
                "subject": each.subject,
                "name": each.name,
                "expires": each.expires,
                "days": each.days,
                "health": each.health.value,
            }
            for each in topology.certificates
        ],
    }


def _common(part: Node | Edge) -> dict[str, Any]:
    return {
        "details": dict(part.details),
        "change": part.change.value if part.change else None,
        "health": part.health.value if part.health else None,
        "notes": list(part.notes),
    }
