"""Message and remedy for each kind of mistake in the form of a value."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from hybrid_mesh.model.config.base import (
    ABSOLUTE_PATH_PATTERN,
    AWS_ROLE_PATTERN,
    CA_POOL_PATTERN,
    DATE_PATTERN,
    DEVICE_PATTERN,
    DNS_LABEL_PATTERN,
    DNS_NAME_PATTERN,
    DURATION_PATTERN,
    FILE_MODE_PATTERN,
    HEADER_NAME_PATTERN,
    IMAGE_PATTERN,
    IMAGE_REPOSITORY_PATTERN,
    IMAGE_TAG_PATTERN,
    INTERFACE_PATTERN,
    KMS_KEY_PATTERN,
    LOCALITY_PATTERN,
    NOT_BLANK_PATTERN,
    ONE_LINE_PATTERN,
    SHA256_PATTERN,
    TIME_OF_DAY_PATTERN,
    UNIT_NAME_PATTERN,
    URL_PATH_PATTERN,
    VARIABLE_PATTERN,
)
from hybrid_mesh.model.reading.problems import did_you_mean, format_value, shorten
from hybrid_mesh.model.reading.scalars import plain_value

Message = tuple[str, str]

_FALLBACK = ("not a valid value", "See docs/configuration.md for the values of this key.")

_TYPES: dict[str, Message] = {
    "string": ("must be text", 'Put the value in quotes: "{text}".'),
    "int": ("must be a whole number", "Write a whole number, for example 1."),
    "float": ("must be a number", "Write a number, for example 1.5."),
    "bool": ("must be true or false", "Write true or false."),
    "dict": ("must be a section of named entries", "Write `name: …` lines below the key."),
    "model": ("must be a section of keys", "Write `key: value` lines below the key."),
    "tuple": ("must be a list", "Write `[first, second]`, or a line `- …` for each entry."),
}

_WORDS_OF_SWITCHES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""Words that YAML 1.1 took for true and false. Those of YAML 1.2 are true and false alone."""

_PATTERNS: dict[str, Message] = {
    DNS_NAME_PATTERN: (
        "not a valid DNS name",
        "Use lower case letters, digits, dashes and dots; begin and end with a letter or digit.",
    ),
    IMAGE_TAG_PATTERN: ("not a valid image tag", "Use letters, digits, '.', '_' and '-', as in 1.31.0."),
    IMAGE_PATTERN: ("not a valid image name", "Write it like registry.example.com/echo:1.31.0."),
    NOT_BLANK_PATTERN: ("the text is empty", "Remove the entry, or give it a value."),
    DNS_LABEL_PATTERN: (
        "not a valid DNS label",
        "Use at most 63 lower case letters, digits and dashes, without a dash at either end.",
    ),
    SHA256_PATTERN: ("not a valid SHA-256 digest", "Write its 64 hexadecimal digits in lower case."),
    DEVICE_PATTERN: ("not a valid name of a disk device", "Write it like /dev/xvda or /dev/sda1."),
    CA_POOL_PATTERN: (
        "not a valid name of a CA pool",
        "Use at most 63 letters, digits, dashes and underscores; the location has a key of its own.",
    ),
    DATE_PATTERN: ("not a valid date", 'Write it in quotes, for example "2026-12-18".'),
    TIME_OF_DAY_PATTERN: ("not a valid time of day", 'Write it in quotes, from "00:00" to "23:59".'),
    IMAGE_REPOSITORY_PATTERN: (
        "not a valid Artifact Registry repository",
        "Write it as project/location/repository, for example my-project/europe-west4/images.",
    ),
    AWS_ROLE_PATTERN: (
        "not the ARN of an IAM role",
        "Write it like arn:aws:iam::123456789012:role/mesh-preview, not as a session (arn:aws:sts::…).",
    ),
    KMS_KEY_PATTERN: (
        "not a valid Cloud KMS key",
        "Write it as projects/…/locations/…/keyRings/…/cryptoKeys/….",
    ),
    HEADER_NAME_PATTERN: ("not a valid name of a header", "Use letters, digits and dashes, as in x-version."),
    VARIABLE_PATTERN: (
        "not a valid name of a variable",
        "Use letters, digits and `_`, beginning with a letter or `_`.",
    ),
    URL_PATH_PATTERN: ("not a valid path of a URL", "Begin it with a slash: /v1/traces."),
    ONE_LINE_PATTERN: ("must be one line, and not empty", "Write it on one line."),
    DURATION_PATTERN: ("not a valid duration", "Write a number with its unit: 500ms, 10s, 1m30s."),
    INTERFACE_PATTERN: (
        "not a valid name of a network interface",
        "Write up to 15 characters, with `+` for any ending, as in docker0 or br-+.",
    ),
    LOCALITY_PATTERN: ("not a valid locality", "Write it like region, region/zone or region/zone/subzone."),
    ABSOLUTE_PATH_PATTERN: ("not an absolute path", "Begin it with a slash."),
    FILE_MODE_PATTERN: ("not a valid file mode", 'Write four octal digits in quotes: "0644".'),
    UNIT_NAME_PATTERN: (
        "not a valid systemd unit name",
        "End it with .service, .timer, .socket or .path, as in ratings.service.",
    ),
}


def form_message(kind: str, context: Mapping[str, Any], value: object, text: str) -> Message:
    """Message and remedy for pydantic's error of type `kind` about `value`, which is reported as `text`."""
    if value is None:
        return "the key has no value", "Give it a value, or leave the key out if it is optional."
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(context, value)
    wanted = kind.split("_", 1)[0]
    message, remedy = _TYPES.get(wanted, _FALLBACK)
    if isinstance(value, str) and wanted in ("int", "float", "bool"):
        remedy = _without_quotes(wanted, value) or remedy
    elif wanted == "string" and isinstance(value, (Mapping, list)):
        remedy = "Write a single text."
    return message, remedy.format(text=shorten(text, 20))


def _without_quotes(wanted: str, text: str) -> str:
    """The remedy for a text that would be right without quotes, or in words of YAML 1.2; else nothing."""
    meant = plain_value(_WORDS_OF_SWITCHES.get(text.lower(), text) if wanted == "bool" else text)
    kinds: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "bool": bool}
    if not isinstance(meant, kinds[wanted]) or isinstance(meant, bool) != (wanted == "bool"):
        return ""
    quotes = "" if text.lower() in _WORDS_OF_SWITCHES else " without quotes"
    return f"Write {format_value(meant)}{quotes}."


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
    remedy = f"Choose one of {' | '.join(choices)}. {did_you_mean(str(value), choices)}".strip()
    return "not one of the allowed values", remedy


def _range(context: Mapping[str, Any], value: object) -> Message:
    del value
    if suggestion := context.get("suggestion"):
        return "the address has host bits set", f"Did you mean {suggestion}?"
    return "not a valid IPv4 CIDR", "Write it as address/length, for example 10.10.0.0/16."


def _at_least(context: Mapping[str, Any], value: object) -> Message:
    del value
    return f"must be at least {context.get('ge'):g}", f"Write {context.get('ge'):g} or more."


def _at_most(context: Mapping[str, Any], value: object) -> Message:
    del value
    return f"must be at most {context.get('le'):g}", f"Write {context.get('le'):g} or less."


def _empty(context: Mapping[str, Any], value: object) -> Message:
    del context, value
    return "at least one entry is required", "Add one, or leave the key out if it is optional."


def _too_long(context: Mapping[str, Any], value: object) -> Message:
    most = context.get("max_length")
    return f"must have at most {most} characters (got {len(str(value))})", f"Use at most {most} characters."


_SPECIAL: dict[str, Callable[[Mapping[str, Any], object], Message]] = {
    "string_pattern_mismatch": _pattern,
    "literal_error": _choice,
    "cidr": _range,
    "greater_than_equal": _at_least,
    "less_than_equal": _at_most,
    "too_short": _empty,
    "string_too_long": _too_long,
}
