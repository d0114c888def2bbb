"""Narrowing of what the registry of components has matched already."""

from typing import TypeVar

Kind = TypeVar("Kind")


def expect(value: object, kind: type[Kind]) -> Kind:
    """`value`, which is of `kind`. Raises TypeError where it is not: a rule should have refused the mesh."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
