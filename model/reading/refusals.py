"""Scalars of a stack file that Pulumi's engine refuses or changes on their way to the program.

The engine's reader is Go's yaml.v3. It decodes a file, encodes it again and decodes that: dates become other
texts, keys that are not text are written out, and some texts lose their beginning. Source: `LoadProjectStack`
in sdk/go/common/workspace/loaders.go and `unmarshalObject` in sdk/go/common/resource/config/object.go of
Pulumi 3.274; tests/engine/test_yaml.py compares with the real engine.
"""

import math
import re
from dataclasses import dataclass

from hybrid_mesh.model.reading.problems import format_value, shorten
from hybrid_mesh.model.reading.scalars import is_date, plain_value, quoted

MERGE_KEY = "<<"
"""The key that brings another section's entries."""

_CHANGED = re.compile("[\n\t\u2028\u2029].*\n|\n", re.DOTALL)
"""Text of several lines that loses its beginning."""

_ESCAPED_SLASH = re.compile(r"(?<!\\)(\\\\)*\\/")
"""An escape of YAML 1.2 that the engine does not know."""

_TEXT_ONLY = 2
"""Levels, from the root, whose keys must be text to the engine: the file's own and those of `config`."""


@dataclass(frozen=True)
class Scalar:
    """A scalar, as a key or a value: its text and how it is `written`; `plain` is without quotes,
    `in_brackets` between { } or [ ], `depth` the number of keys above it."""

    text: str
    written: str
    plain: bool
    in_brackets: bool
    depth: int


@dataclass(frozen=True)
class Refusal:
    """The parts of a problem."""

    value: str
    message: str
    remedy: str


def value_refusal(scalar: Scalar) -> Refusal | None:
    """Why `scalar` cannot be a value, if it cannot."""
    if not scalar.plain:
        return _of_quoted(scalar)
    text = scalar.text
    if is_date(text):
        return Refusal(text, "a date without quotes is not read as text", _quote(text))
    value = plain_value(text)
    if isinstance(value, float) and not math.isfinite(value):
        return Refusal(text, "must be a finite number", "Write a number.")
    return _of_plain(scalar)


def key_refusal(scalar: Scalar) -> Refusal | None:
    """Why `scalar` cannot be a key, if it cannot."""
    text = scalar.text
    if scalar.plain:
        if is_date(text) or _as_key(text, scalar.depth) != text:
            message = "a key must be text, and this one is not read as text without quotes"
            return Refusal(text, message, f"Write {quoted(text)}.")
        return _of_plain(scalar)
    if text == MERGE_KEY:
        message = "Pulumi takes this key for a merge key, also in quotes"
        return Refusal(text, message, "Choose another key.")
    return _of_quoted(scalar)


def _of_quoted(scalar: Scalar) -> Refusal | None:
    text = scalar.text
    if _CHANGED.match(text):
        message = "the text begins with a line break or a tab, which Pulumi does not keep"
        return Refusal(text, message, "Begin the text with another character.")
    if any("\ud800" <= c <= "\udfff" for c in text):
        remedy = "Write the character itself instead of two \\u escapes."
        return Refusal(ascii(text), "not a valid character in an escape sequence", remedy)
    if scalar.written.startswith('"') and _ESCAPED_SLASH.search(scalar.written):
        message = "unknown escape sequence in double quotes"
        return Refusal("\\/", message, "Write / without a backslash.")
    return None


def _of_plain(scalar: Scalar) -> Refusal | None:
    if scalar.in_brackets and "?" in scalar.text:
        message = "text without quotes between brackets must not contain ?: Pulumi cannot read it"
        return Refusal(scalar.text, message, _quote(scalar.text))
    return None


def _quote(text: str) -> str:
    return f"Put it in quotes: {shorten(quoted(text), 60)}."


def _as_key(text: str, depth: int) -> str | None:
    """How the engine writes the plain key `text`; None for one that it refuses or changes.

    It writes a key that is not text as Go prints it, where it allows one.
    """
    value = plain_value(text)
    if isinstance(value, str):
        return value
    if depth < _TEXT_ONLY or value is None or isinstance(value, float):
        return None
    return format_value(value)
