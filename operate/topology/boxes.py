"""Boxes in boxes: how large each is and where it stands, as CSS does with rows that wrap.

Texts are measured by the widths of DejaVu Sans, one of the widest common fonts: they fit with any other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

_NARROW: Final = frozenset("ijlI.,:;'|!()[]{}/\\ftr- ")
_WIDE: Final = frozenset("mwMWQO@%—→←↔…")
_EM_NARROW, _EM_USUAL, _EM_WIDE = 0.42, 0.65, 1.0
_BOLD: Final = 1.12


@dataclass(frozen=True)
class Line:
    """One line of text: its size in pixels and its class."""

    text: str
    size: int = 12
    kind: Literal["title", "name", "fact", "mark"] = "fact"

    @property
    def width(self) -> float:
        return text_width(self.text, self.size, bold=self.kind in ("title", "name"))

    @property
    def height(self) -> float:
        return self.size * 1.4


@dataclass
class Box:
    """A box with lines of text and, below them, `inside`: in rows of at most `limit` pixels if there is one,
    else one below the other. `key` is the id of the node that it shows; empty for a box without a frame.
    With `grow`, the boxes of a row share what is left of it."""

    key: str = ""
    kind: str = ""
    lines: Sequence[Line] = ()
    inside: list[Box] = field(default_factory=list)
    limit: float | None = None
    padding: float = 10
    gap: float = 8
    grow: bool = False
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0

    def arrange(self) -> Box:
        """Give this box and all inside of it their places, from (0, 0)."""
        self.measured()._place(0, 0)
        return self

    def measured(self) -> Box:
        """This box with the size that it needs."""
        for box in self.inside:
            box.measured()
        rows = self.rows()
        widths = [sum(box.width for box in row) + self.gap * (len(row) - 1) for row in rows]
        content = max([*widths, *(line.width for line in self.lines)], default=0)
        text = sum(line.height for line in self.lines)
        heights = [max(box.height for box in row) for row in rows]
        between = self.gap * (len(rows) - 1 + bool(self.lines)) if rows else 0
        self.width = content + 2 * self.padding
        self.height = text + sum(heights) + between + 2 * self.padding
        return self

    def all(self) -> Iterator[Box]:
        """This box and all inside of it, the outer ones first."""
        yield self
        for box in self.inside:
            yield from box.all()

    def rows(self) -> list[list[Box]]:
        """The boxes inside by rows."""
        rows: list[list[Box]] = []
        width = 0.0
        for box in self.inside:
            width += box.width + self.gap
            if not rows or self.limit is None or width - self.gap > self.limit:
                rows.append([])
                width = box.width + self.gap
            rows[-1].append(box)
        return rows

    def _place(self, x: float, y: float) -> None:
        self.x, self.y = x, y
        top = y + self.padding + sum(line.height for line in self.lines)
        top += self.gap if self.lines and self.inside else 0
        for row in self.rows():
            left = x + self.padding
            height = max(box.height for box in row)
            used = sum(box.width + self.gap for box in row) - self.gap
            spare = self.width - 2 * self.padding - used
            for box in row:
                if self.grow or self.limit is None:
                    box.width += spare / len(row)
                box.height = height
                box._place(left, top)
                left += box.width + self.gap
            top += height + self.gap


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound, in pixels, for a text in any common sans-serif font."""
    return sum(map(_em, text)) * size * (_BOLD if bold else 1)


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF" or character in _WIDE:
        return _EM_WIDE
    if unicodedata.combining(character):
        return 0
    if character in _NARROW:
        return _EM_NARROW
    return _EM_USUAL if ord(character) < 0x2000 and not character.isupper() else 0.8
