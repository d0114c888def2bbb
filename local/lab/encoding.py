"""Dataclasses as JSON values, for the control socket and the state file."""

from dataclasses import asdict, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints


def encode(value: object) -> Any:
    """`value` as JSON can hold it; dataclasses become objects."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def decode(kind: Any, value: Any) -> Any:
    """`value` as `kind`: a dataclass, a list or dict of such, an optional one, or a plain type. Keys that the
    dataclass does not have are ignored.

    Raises TypeError when a value is missing or of another type.
    """
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind) if field.name in value]
        return kind(**{name: decode(hints[name], value[name]) for name in names})
    arguments = get_args(kind)
    if get_origin(kind) is list and isinstance(value, list):
        return [decode(arguments[0], element) for element in value]
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: decode(arguments[1], element) for key, element in value.items()}
    if type(None) in arguments:
        return None if value is None else decode(arguments[0], value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
