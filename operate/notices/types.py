"""A notice, and the parts of a stack's state that notices are read from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["notice", "warning"]
Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Notice:
    """`path` is the key of the stack file that the notice is about, such as `clusters.east`."""

    level: Level
    path: str
    message: str


def resources(state: Mapping[str, Any]) -> list[Resource]:
    """The resources of a state as `pulumi stack export` prints it, without those that wait for their
    deletion."""
    found = (state.get("deployment") or {}).get("resources") or []
    return [resource for resource in found if not resource.get("delete")]


def of_type(found: list[Resource], token: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Inputs and outputs of each resource of a type."""
    for resource in found:
        if resource.get("type") == token:
            yield resource.get("inputs") or {}, resource.get("outputs") or {}


def text(value: object) -> str | None:
    """A plain text of the state; None for secrets, which stay encrypted, and for everything else."""
    return value if isinstance(value, str) else None
