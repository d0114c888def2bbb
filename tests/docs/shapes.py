"""Tables that say which keys a document has and of which types, and documents compared with them.

A row is `| `clusters[].name` | text | … |`: `[]` stands for each item of a list, `<name>` for each key of a
mapping. Types are text, number, boolean, object, null and list of one of the first three, several joined by
"or". Objects and lists of objects have no row of their own unless null may be in their place.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+?) \|", re.MULTILINE)
_KINDS = {bool: "boolean", str: "text", int: "number", float: "number", type(None): "null"}


def documented(page: Path, heading: str) -> dict[str, set[str]]:
    """The rows of one section: path -> its types."""
    text = page.read_text()
    section = re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return {path: set(kinds.split(" or ")) for path, kinds in _ROW.findall(section)}


def differences(samples: Iterable[Any], rows: dict[str, set[str]]) -> list[str]:
    """One line for each value without a row or of another type, and for each row that no sample has."""
    found, seen = [], set()
    for sample in samples:
        for path, kind in _leaves(sample, "", rows):
            seen.add(path)
            kinds = rows.get(path)
            if kinds is None:
                found.append(f"{path} ({kind}) is not documented")
            elif kind == "list":
                if not any(each.startswith("list") for each in kinds):
                    found.append(f"{path} is a list")
            elif kind not in kinds:
                found.append(f"{path} is {kind}, not {' or '.join(sorted(kinds))}")
    return sorted({*found, *(f"{path} is in no sample" for path in rows if path not in seen)})


def _leaves(value: Any, path: str, rows: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if path in rows:
            yield path, "object"
        for key, inner in value.items():
            prefix = f"{path}." if path else ""
            named = next((row for row in rows if row.startswith(f"{prefix}<")), None)
            part = named[len(prefix) :].partition(">")[0] + ">" if named else key
            yield from _leaves(inner, f"{prefix}{part}", rows)
    elif isinstance(value, list | tuple):
        if any(isinstance(item, dict) for item in value):
            for item in value:
                yield from _leaves(item, f"{path}[]", rows)
        elif value:
            yield path, f"list of {_KINDS[type(value[0])]}"
        elif not any(row.startswith(f"{path}[]") for row in rows):
            yield path, "list"
    else:
        yield path, _KINDS[type(value)]
