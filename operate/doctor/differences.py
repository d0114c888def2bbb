"""Whether a live object still has what was declared."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from hybrid_mesh.model.objects.planned import AT_RUN_TIME
from hybrid_mesh.operate.doctor.types import Object

_QUANTITY: Final = re.compile(r"^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$")
_FACTORS: Final = {
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}
"""Suffixes of quantities (Kubernetes API, `Quantity`)."""
_OWN_ANNOTATIONS: Final = "pulumi.com/"
"""Annotations by which the program instructs Pulumi, which may leave them out of the object."""


def differences(expected: Object, live: Object) -> Iterator[str]:
    """The paths of declared fields that `live` lacks or has with another value. Everything that only `live`
    has is a default or somebody else's."""
    yield from _compare(expected, live, "")


def _compare(expected: Any, live: Any, path: str) -> Iterator[str]:
    if expected == AT_RUN_TIME or expected is None or _same(expected, live):
        return
    if isinstance(expected, Mapping) and isinstance(live, Mapping | None):
        for key, value in expected.items():
            if not str(key).startswith(_OWN_ANNOTATIONS):
                yield from _compare(value, (live or {}).get(key), f"{path}.{key}" if path else str(key))
        return
    if isinstance(expected, list) and isinstance(live, list | None):
        yield from _compare_lists(expected, live or [], path)
        return
    if _is_empty(expected) and _is_empty(live):
        return
    yield path


def _compare_lists(expected: Sequence[Any], live: Sequence[Any], path: str) -> Iterator[str]:
    named = all(isinstance(each, Mapping) and "name" in each for each in (*expected, *live))
    if named and expected:
        found = {each["name"]: each for each in live}
        for each in expected:
            yield from _compare(each, found.get(each["name"]), f"{path}[{each['name']}]")
    elif len(expected) != len(live):
        yield path
    else:
        for number, (one, other) in enumerate(zip(expected, live, strict=True)):
            yield from _compare(one, other, f"{path}[{number}]")


def _is_empty(value: Any) -> bool:
    return value in (None, "", 0, False, {}, [])


def _same(expected: Any, live: Any) -> bool:
    if expected == live and isinstance(expected, bool) == isinstance(live, bool):
        return True
    if isinstance(expected, bool) or isinstance(live, bool):
        return False
    one, other = _amount(expected), _amount(live)
    return one is not None and one == other


def _amount(value: Any) -> Decimal | None:
    match = _QUANTITY.match(value) if isinstance(value, str) else None
    if match:
        return Decimal(match[1]) * _FACTORS.get(match[2] or "", Decimal(1))
    return Decimal(value) if isinstance(value, int) else None
