"""Type narrowing of values that the registry of components has already matched."""

from typing import TypeVar

Kind = TypeVar("Kind")


def expect(value: object, kind: type[Kind]) -> Kind:
    """`value`, which must be a `kind`. Raises TypeError otherwise: a rule should have refused the mesh."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
