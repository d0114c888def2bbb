"""The annotation `pulumi.com/waitFor`: conditions and JSON paths that an object must meet.

`condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`,
`jsonpath={.status.address}`, or a JSON list of those (pulumi.com/registry/packages/kubernetes, "waitFor").
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from plugins.framework.errors import ResourceError
from plugins.kubernetes_standin.readiness import READY, Live, Readiness, condition

ANNOTATION: Final = "pulumi.com/waitFor"
_STEP: Final = re.compile(r"\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]|\[\?\(@\.([\w-]+)==[\"']([^\"']+)[\"']\)\]")


def expressions(text: str) -> list[str]:
    """The expressions of an annotation. Raises ResourceError for one that is not understood."""
    try:
        parsed = json.loads(text) if text.lstrip().startswith("[") else [text]
    except json.JSONDecodeError:
        raise ResourceError(f"{ANNOTATION}: {text} is not a JSON list") from None
    for one in parsed:
        if not isinstance(one, str) or not one.startswith(("condition=", "jsonpath=")):
            raise ResourceError(f"{ANNOTATION}: {one} is neither condition=… nor jsonpath=…")
    return list(parsed)


def readiness(live: Live, wanted: list[str]) -> Readiness:
    """Whether the object meets all expressions."""
    missing = [one for one in wanted if not _met(live, one)]
    return Readiness(done=False, text=f"waiting for {', '.join(missing)}") if missing else READY


def _met(live: Live, expression: str) -> bool:
    kind, _, rest = expression.partition("=")
    if kind == "condition":
        name, _, value = rest.partition("=")
        return bool(condition(live, name).get("status", "").lower() == (value or "True").lower())
    path, separator, value = rest.partition("}=")
    found = _find(live, path.removeprefix("{").removesuffix("}"))
    return _text(found) == value if separator else found is not None


def _find(value: Any, path: str) -> Any:
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise ResourceError(f"{ANNOTATION}: the path {{{path}}} is not understood from {path[position:]}")
        value = _step(value, step)
        position = step.end()
    return value


def _step(value: Any, step: re.Match[str]) -> Any:
    name, index, quoted, field, wanted = step.groups()
    if name is not None or quoted is not None:
        return value.get(name or quoted) if isinstance(value, Mapping) else None
    if not isinstance(value, list):
        return None
    if index is not None:
        return value[int(index)] if int(index) < len(value) else None
    return next((item for item in value if _text(item.get(field)) == wanted), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
