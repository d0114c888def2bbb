"""How large a mesh may be, so that reading one always ends soon."""

from collections.abc import Mapping

from hybrid_mesh.model.reading.problems import Problem

MAX_DEPTH = 64
MAX_NODES = 100_000
"""Levels and values, each alias of a file counted as what it stands for."""

TOO_DEEP = (
    f"nested more than {MAX_DEPTH} levels deep",
    "Close the brackets that are open, or use fewer levels.",
)
TOO_MANY = (
    f"more than {MAX_NODES:,} values, each alias counted as what it stands for",
    "Remove aliases or split the mesh.",
)
"""Messages and remedies."""


def bounds_problem(raw: object) -> Problem | None:
    """What is wrong with the size of `raw`, which may contain itself."""
    pending: list[tuple[object, int]] = [(raw, 1)]
    count = 0
    while pending:
        value, depth = pending.pop()
        count += 1
        if depth > MAX_DEPTH:
            return Problem("", "", *TOO_DEEP)
        if count > MAX_NODES:
            return Problem("", "", *TOO_MANY)
        if isinstance(value, Mapping):
            pending += [(entry, depth + 1) for entry in value.values()]
        elif isinstance(value, (list, tuple)):
            pending += [(entry, depth + 1) for entry in value]
    return None
