"""What is wrong with a value, and what to do, for each kind of mistake that the form of the configuration
can have."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from model.config.base import (
    ABSOLUTE_PATH_PATTERN,
    DEVICE_PATTERN,
    DNS_LABEL_PATTERN,
    FILE_MODE_PATTERN,
    SHA256_PATTERN,
    UNIT_NAME_PATTERN,
)
from model.reading.problems import format_value, nearest_match

Message = tuple[str, str]

_FALLBACK = ("this value is not accepted", "docs/configuration.md says what this key takes.")

_TYPES: dict[str, Message] = {
    "string": ("text is expected here", 'Put the value in quotes: "{value}".'),
    "int": ("a whole number is expected here", "Write a number without quotes and without a fraction."),
    "float": ("a number is expected here", "Write a number without quotes."),
    "bool": ("true or false is expected here", "Write true or false without quotes."),
    "dict": ("a section of named entries is expected here", "Write `name: …` lines below the key."),
    "model": ("a section of keys is expected here", "Write `key: value` lines below the key."),
    "tuple": ("a list is expected here", "Write `[first, second]`, or a line `- …` for each entry."),
}

_PATTERNS: dict[str, Message] = {
    DNS_LABEL_PATTERN: (
        "this is no DNS label",
        "Use lower case letters, digits and dashes, 63 characters at most, no dash at either end.",
    ),
    SHA256_PATTERN: ("this is not a SHA-256 sum", "Write its 64 hexadecimal digits in lower case."),
    DEVICE_PATTERN: ("this is no name of a disk", "Write it like /dev/xvda or /dev/sda1."),
    ABSOLUTE_PATH_PATTERN: ("this is no absolute path", "Begin it with a slash."),
    FILE_MODE_PATTERN: ("this is no file mode", 'Write four octal digits in quotes: "0644".'),
    UNIT_NAME_PATTERN: (
        "this is no name of a systemd unit",
        "End it with .service, .timer, .socket or .path, as in ratings.service.",
    ),
}


def form_message(kind: str, context: Mapping[str, Any], value: object) -> Message:
    """Message and remedy for pydantic's error of type `kind`."""
    if value is None and kind.endswith("_type"):
        return "nothing stands here", "Give the key a value, or leave the key out."
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(context, value)
    message, remedy = _TYPES.get(kind.split("_", 1)[0], _FALLBACK)
    return message, remedy.format(value=format_value(value, 20))


def octal_mode(value: int) -> Message:
    """For a file mode without quotes, which YAML reads as an octal number."""
    return "YAML reads a mode without quotes as a number", f'Write it in quotes: "{value:04o}".'


def _pattern(context: Mapping[str, Any], value: object) -> Message:
    message, remedy = _PATTERNS.get(str(context.get("pattern")), _FALLBACK)
    near = re.sub(r"[^a-z0-9]+", "-", str(value).lower())[:63].strip("-")
    if context.get("pattern") == DNS_LABEL_PATTERN and near not in ("", str(value)):
        return message, f"Use lower case letters, digits and dashes, for example `{near}`."
    return message, remedy


def _choice(context: Mapping[str, Any], value: object) -> Message:
    choices = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
    near = nearest_match(str(value), choices)
    hint = f" Did you mean `{near}`?" if near else ""
    return "there is no such choice", f"Choose one of {' | '.join(choices)}.{hint}"


def _range(context: Mapping[str, Any], value: object) -> Message:
    del value
    if suggestion := context.get("suggestion"):
        return "bits of the host are set in this range", f"Did you mean {suggestion}?"
    return "this is no range of IPv4 addresses", "Write it as address/length, for example 10.10.0.0/16."


def _at_least(context: Mapping[str, Any], value: object) -> Message:
    del value
    return "this number is too small", f"It is at least {context.get('ge'):g}."


def _at_most(context: Mapping[str, Any], value: object) -> Message:
    del value
    return "this number is too large", f"It is at most {context.get('le'):g}."


def _empty(context: Mapping[str, Any], value: object) -> Message:
    del context, value
    return "at least one entry is needed here", "Add one, or leave the key out where it may be left out."


def _too_long(context: Mapping[str, Any], value: object) -> Message:
    del value
    return "this text is too long", f"It has {context.get('max_length')} characters at most."


_SPECIAL: dict[str, Callable[[Mapping[str, Any], object], Message]] = {
    "string_pattern_mismatch": _pattern,
    "literal_error": _choice,
    "cidr": _range,
    "greater_than_equal": _at_least,
    "less_than_equal": _at_most,
    "too_short": _empty,
    "string_too_long": _too_long,
}
