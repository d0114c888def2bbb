"""What the tests ask a world and a state about the order of things."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tests.engine.doubles.store import Call

SECRET_MARK: Final = "1b47061264138c4ac30d75fd1eb44270"


def positions(calls: Iterable[Call], *, type_: str = "", name: str = "", owner: str = "") -> list[int]:
    """Where in `calls` those are whose type and name contain the texts."""
    return [
        index
        for index, call in enumerate(calls)
        if type_ in call.type and name in call.name and owner in call.owner
    ]


def names(resources: Iterable[dict[str, Any]], type_: str) -> list[str]:
    """The Pulumi names of all resources whose type contains `type_`."""
    return [each["urn"].rpartition("::")[2] for each in resources if type_ in each["type"]]
