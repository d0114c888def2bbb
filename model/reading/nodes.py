"""The nodes of a stack file: every value with the place where it stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Mark(NamedTuple):
    """A place in a file; both count from 1."""

    line: int
    column: int


@dataclass
class Node:
    """A value of the file.

    `mark` is where it begins, `key` where its key does (a list's entries have none); `entries` are the nodes
    below it by key or index. `text` is a plain scalar as it is written. `size` counts the nodes below it and
    itself with aliases expanded, `height` the levels.
    """

    mark: Mark
    value: Any = None
    key: Mark | None = None
    entries: dict[str, "Node"] = field(default_factory=dict)
    text: str | None = None
    size: int = 1
    height: int = 1

    @property
    def place(self) -> Mark:
        """Where a reader looks for it: a scalar at its value, all else at its key."""
        written = self.text is None or self.text != ""
        return self.mark if self.key is None or (written and not self.entries) else self.key

    def find(self, path: str) -> "tuple[Node, str]":
        """The deepest node on `path`, keys joined by dots, and what of the path is not there."""
        segments = path.split(".") if path else []
        ways = (self.entries[key].find(below) for key, below in _prefixes(segments) if key in self.entries)
        return min(ways, key=lambda way: len(way[1]), default=(self, path))

    def at(self, keys: Sequence[str]) -> "Node | None":
        """The node at `keys`, if there is one."""
        node: Node | None = self
        for key in keys:
            node = node.entries.get(key) if node is not None else None
        return node


def _prefixes(segments: list[str]) -> Iterator[tuple[str, str]]:
    """Each way to cut a path in two: keys may contain dots."""
    for length in range(1, len(segments) + 1):
        yield ".".join(segments[:length]), ".".join(segments[length:])
