"""Problems of a configuration, in words that say where, what and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Problem:
    """One mistake: the key's path (`clusters.east.network`), the value found there, what is wrong, what to
    do."""

    path: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        place = self.path or "the mesh"
        found = f" ({self.value})" if self.value else ""
        return f"{_printable(f'{place}{found}: {self.message}')}\n    {_printable(self.remedy)}"


Problems = Iterator[Problem]
"""What a rule yields."""


class ConfigurationError(Exception):
    """The configuration cannot become a mesh. Holds every problem that was found, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def format_value(value: object, limit: int = 60) -> str:
    """`value` as a person would write it in a stack file, cut to `limit` characters."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif value is None:
        text = "null"
    elif isinstance(value, (list, tuple)):
        text = f"[{', '.join(format_value(item, limit) for item in value)}]"
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{key}: {format_value(item, limit)}' for key, item in value.items())}}}"
    else:
        text = str(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _printable(text: str) -> str:
    """`text` with control characters written out, so that no value of a file reaches the terminal as one."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def nearest_match(word: str, choices: Iterable[str]) -> str | None:
    """The one of `choices` that `word` was probably meant to be, or None."""
    by_form = {choice.replace("-", "").replace("_", "").lower(): choice for choice in choices}
    form = word.replace("-", "").replace("_", "").lower()
    matches = get_close_matches(form, by_form, n=1, cutoff=0.6)
    return by_form[matches[0]] if matches else None
