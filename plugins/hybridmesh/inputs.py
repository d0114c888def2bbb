"""Checks that all our resources share."""

from collections.abc import Collection

from plugins.framework.errors import CheckFailure
from plugins.framework.values import Properties


def unexpected(news: Properties, known: Collection[str]) -> list[CheckFailure]:
    """A failure for each input that the resource does not have: a misspelt one would silently count for
    nothing.
    """
    names = ", ".join(sorted(known))
    return [
        CheckFailure(name, f"there is no such input; there are {names}")
        for name in sorted(news)
        if name not in known and not name.startswith("__")
    ]


def missing(news: Properties, required: Collection[str]) -> list[CheckFailure]:
    """A failure for each required input that was not given."""
    return [CheckFailure(name, "this input is required") for name in sorted(required) if name not in news]
