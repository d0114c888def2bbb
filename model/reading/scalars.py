"""What a plain scalar of a stack file means to Pulumi's engine.

The engine reads a file with Go's yaml.v3, whose rules are the core schema of YAML 1.2 with a few more forms
of numbers, and passes the mesh on as JSON. A number here is what the program gets in the end: `1e3` and
`1000.0` are 1000.
"""

import json
import math
import re
from decimal import Decimal

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}

_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]{0,19}))")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LOOSE_UNDERSCORE = re.compile(r"(?<![0-9])_|_(?![0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ]+[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}.*)?")

_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)

_JSON_EXPONENT = 1e21
"""Go's JSON writes whole numbers below this one without an exponent, so that they arrive as integers."""


def is_date(text: str) -> bool:
    """Whether the engine may take `text` for a date and hand on another text than the file has."""
    return _DATE.fullmatch(text) is not None


def plain_value(text: str) -> str | int | float | bool | None:
    """The value of the plain (unquoted) scalar `text`, which must not be a date."""
    if text in _WORDS:
        return _WORDS[text]
    if not text or text[0] not in "+-.0123456789":
        return text
    kept = text[0] == "." and _LOOSE_UNDERSCORE.search(text)
    digits = text if kept else text.replace("_", "")
    integer = _INTEGER.fullmatch(digits)
    if integer is not None:
        sign, *groups = integer.groups()
        number = next(int(g, base) for g, base in zip(groups, _BASES, strict=True) if g is not None)
        number = -number if sign == "-" else number
        if number in _INT64:
            return number
        if number in _UINT64:
            return _as_passed_on(float(number))
    if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)):
        return _as_passed_on(float(digits))
    return text


def _as_passed_on(number: float) -> int | float:
    """`number` after Go's JSON, which writes the shortest digits that give it back."""
    if number.is_integer() and abs(number) < _JSON_EXPONENT:
        return int(Decimal(repr(number)))
    return number


def needs_quotes(text: str) -> bool:
    """Whether `text` without quotes would be something else than this text."""
    return text != text.strip() or is_date(text) or not isinstance(plain_value(text), str)


def quoted(text: str) -> str:
    """`text` in the double quotes of YAML."""
    return json.dumps(text, ensure_ascii=False)
