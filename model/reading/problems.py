"""Problems of a configuration, in words that say where, what and what to do."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from hybrid_mesh.model.reading.scalars import needs_quotes, quoted

MAX_SHOWN = 20
"""Problems that the text of an error holds; JSON holds all."""

_CUTOFF = 0.6
"""Similarity, of `difflib`, of a word to the one that it was probably meant to be."""

_MAX_VALUE = 60
_MAX_PATH = 120
"""Characters of a value and of a path in the text of a problem."""


@dataclass(frozen=True)
class Problem:
    """One mistake: the key's path (`clusters.east.network`), the value found there, what is wrong, what to
    do; and its place in a file, if that is known. Lines and columns count from 1."""

    path: str
    value: str
    message: str
    remedy: str
    file: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(map(str, filter(None, (self.file, self.line, self.column))))
        found = shorten(self.value, _MAX_VALUE)
        if self.path:
            subject = shorten(self.path, _MAX_PATH) + (f" ({found})" if found else "")
        else:
            subject = found or ("" if place else "the mesh")
        text = ": ".join(filter(None, (place, subject, self.message)))
        return f"{printable(text)}\n    {printable(self.remedy)}"

    def as_json(self) -> dict[str, Any]:
        """The problem for scripts: `line` and `column` are null where they are not known."""
        return asdict(self)


UNKNOWN_KEY = "unknown key"
"""The message of a problem whose place is the key itself."""

Problems = Iterator[Problem]
"""What a rule yields."""


class ConfigurationError(Exception):
    """The configuration cannot become a mesh. Holds every problem that was found, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(_text(self.problems))


def _text(problems: tuple[Problem, ...]) -> str:
    lines = [str(problem) for problem in problems[:MAX_SHOWN]]
    if len(problems) > MAX_SHOWN:
        lines.append(f"… and {len(problems) - MAX_SHOWN:,} more")
    return "\n".join(lines)


def format_value(value: object, limit: int = _MAX_VALUE) -> str:
    """`value` as a person would write it in a stack file, cut in the middle to `limit` characters."""
    return shorten("".join(_pieces(value, limit)), limit)


def _pieces(value: object, limit: int) -> Iterator[str]:
    if isinstance(value, bool):
        yield "true" if value else "false"
    elif value is None:
        yield "null"
    elif isinstance(value, (list, tuple)):
        yield f"[{_joined((format_value(item, limit) for item in value), limit)}]"
    elif isinstance(value, Mapping):
        entries = (f"{key}: {format_value(item, limit)}" for key, item in value.items())
        yield f"{{{_joined(entries, limit)}}}"
    elif isinstance(value, str) and needs_quotes(value):
        yield quoted(value)
    else:
        yield str(value)


def _joined(items: Iterable[str], limit: int) -> str:
    """As many of `items` as can be shown."""
    taken: list[str] = []
    length = 0
    for item in items:
        taken.append(item)
        length += len(item)
        if length > 2 * limit:
            break
    return ", ".join(taken)


def shorten(text: str, limit: int) -> str:
    """`text` with at most `limit` characters: a longer one lacks its middle."""
    if len(text) <= limit:
        return text
    kept = limit - 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def printable(text: str) -> str:
    """`text` with control characters written out, so that no value of a file reaches the terminal as one."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def nearest_match(word: str, choices: Iterable[str]) -> str | None:
    """The one of `choices` that `word` was probably meant to be, or None."""
    return _nearest(word, tuple(choices))


@lru_cache(maxsize=65536)
def _nearest(word: str, choices: tuple[str, ...]) -> str | None:
    form = _form(word)
    by_form = {other: choice for choice in choices if _may_match(form, other := _form(choice))}
    matches = get_close_matches(form, by_form, n=1, cutoff=_CUTOFF)
    return by_form[matches[0]] if matches else None


@lru_cache(maxsize=4096)
def _form(word: str) -> str:
    return word.replace("-", "").replace("_", "").lower()


def _may_match(one: str, other: str) -> bool:
    """Whether the words have enough characters in common to be alike: saves the costly comparison."""
    common = len(_characters(one) & _characters(other))
    return 2 * common >= _CUTOFF * (len(one) + len(other))


@lru_cache(maxsize=4096)
def _characters(word: str) -> frozenset[tuple[str, int]]:
    """The characters of `word`, each with its number among its like."""
    return frozenset((character, word.count(character, 0, at)) for at, character in enumerate(word))


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A question for the one of `choices` that `word` was probably meant to be, which names the characters
    that only look like others; empty when there is none."""
    near = nearest_match(word, choices)
    if near is None:
        return ""
    odd = dict.fromkeys(c for c in word if not c.isascii())
    named = "".join(f" The {c} is {unicodedata.name(c, f'U+{ord(c):04X}')}." for c in odd)
    return f"Did you mean `{near}`?{named}"
