"""The one form of an object in which it is kept, compared and sent."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from plugins.framework.calls import CallContext
from plugins.framework.differences import Difference, compare
from plugins.framework.values import UNKNOWN, Path, Properties, Secret
from plugins.kubernetes_standin.kinds import Kind, namespaced

AUTONAMED: Final = "pulumi.com/autonamed"
SECRET: Final = Kind("v1", "Secret")
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_SUFFIX_LENGTH: Final = 7
_LONGEST_NAME: Final = 63
_OWN_PREFIX: Final = "__"
_PROGRAM_METADATA: Final = frozenset({"name", "namespace", "labels", "annotations"})

_QUANTITY: Final = re.compile(
    r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([eE][+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?"
)
_QUANTITY_PARENTS: Final = frozenset(
    {"limits", "requests", "capacity", "hard", "min", "max", "default", "defaultRequest", "overhead"}
)
_QUANTITY_FIELDS: Final = frozenset({"sizeLimit", "divisor", "storage", "averageValue"})
_POWERS: Final = {
    suffix: Decimal(10) ** power
    for suffix, power in {
        "n": -9,
        "u": -6,
        "m": -3,
        "k": 3,
        "M": 6,
        "G": 9,
        "T": 12,
        "P": 15,
        "E": 18,
    }.items()
} | {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)}


def normalised(kind: Kind, olds: Properties, news: Properties, context: CallContext) -> Properties:
    """Inputs as they are kept: without nulls, with a name, and a Secret's `stringData` in its `data`."""
    inputs = without_nulls(news)
    inputs.setdefault("apiVersion", kind.api_version)
    inputs.setdefault("kind", kind.name)
    if kind == SECRET:
        _merge_string_data(inputs)
    return _named(olds, inputs, context)


def protected(kind: Kind, properties: Properties) -> Properties:
    """`properties` with what is always secret of that kind marked so."""
    if kind == SECRET and "data" in properties:
        return {**properties, "data": Secret(properties["data"])}
    return properties


def outputs_of(live: Mapping[str, Any], manager: str) -> Properties:
    """An object of the server as outputs: without bookkeeping, with our field manager's name."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    annotations = {k: v for k, v in metadata.get("annotations", {}).items() if k != _LAST_APPLIED}
    if annotations:
        metadata["annotations"] = annotations
    else:
        metadata.pop("annotations", None)
    return {
        **live,
        "metadata": metadata,
        "__fieldManager": manager,
        "__initialApiVersion": live.get("apiVersion", ""),
    }


def imported_inputs(live: Mapping[str, Any]) -> Properties:
    """What a program would say to get a live object that it imports: without what the server fills in."""
    outputs = outputs_of(live, "")
    kept = {key: value for key, value in outputs["metadata"].items() if key in _PROGRAM_METADATA}
    rest = {key: value for key, value in manifest(outputs).items() if key not in {"metadata", "status"}}
    return {**rest, "metadata": kept}


def manifest(inputs: Properties) -> Properties:
    """Inputs as the server gets them."""
    return {key: value for key, value in inputs.items() if not key.startswith(_OWN_PREFIX)}


def field_manager(outputs: Properties, inputs: Properties, urn: str) -> str:
    """The name under which this resource's fields are applied: annotated, as before, or one of its own."""
    annotated = annotation(inputs, "pulumi.com/patchFieldManager")
    recorded = outputs.get("__fieldManager", "")
    return annotated or recorded or f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def annotation(properties: Properties, name: str) -> str:
    """The value of an annotation, "" when it is not there or not known."""
    metadata = properties.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    value = annotations.get(name) if isinstance(annotations, dict) else None
    return value if isinstance(value, str) else ""


def name_of(properties: Properties) -> Any:
    """metadata.name, which may be UNKNOWN or ""."""
    return _metadata(properties).get("name", "")


def namespace_of(kind: Kind, properties: Properties, default: str) -> Any:
    """metadata.namespace or the default, "" for kinds that are known to have none; may be UNKNOWN."""
    if namespaced(kind) is False:
        return ""
    return _metadata(properties).get("namespace", default) or default


def autonamed(properties: Properties) -> bool:
    """Whether the plug-in chose the name."""
    return annotation(properties, AUTONAMED) == "true"


def differences(
    kind: Kind, old: Properties, new: Properties, default_namespace: str
) -> dict[Path, Difference]:
    """What differs between two sets of inputs, by meaning: quantities by value, the default namespace
    spelled or not.
    """
    found = compare(_comparable(kind, old, default_namespace), _comparable(kind, new, default_namespace))
    return {path: how for path, how in found.items() if not same_quantity(path, at(old, path), at(new, path))}


def same_quantity(path: Path, one: Any, other: Any) -> bool:
    """Whether two values are the same amount in a place where Kubernetes has quantities (`1000m` and `1`)."""
    if not (path and (path[-1] in _QUANTITY_FIELDS or _QUANTITY_PARENTS.intersection(path))):
        return False
    first, second = _amount(one), _amount(other)
    return first is not None and first == second


def without_nulls(value: Any) -> Any:
    """A copy without the keys whose value is null."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def at(value: Any, path: Path) -> Any:
    """The value at a path, None when there is none."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _metadata(properties: Properties) -> Mapping[str, Any]:
    metadata = properties.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _named(olds: Properties, inputs: Properties, context: CallContext) -> Properties:
    metadata = inputs.get("metadata", {})
    if not isinstance(metadata, dict) or metadata.get("name") or metadata.get("generateName") is UNKNOWN:
        return inputs
    # Server-side apply knows no generateName: the name is made here, and kept.
    prefix = metadata.get("generateName") or f"{context.name}-"
    name = name_of(olds) if autonamed(olds) else _random_name(prefix, context)
    annotations = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**inputs, "metadata": {**metadata, "name": name, "annotations": annotations}}


def _random_name(prefix: str, context: CallContext) -> str:
    suffix = (
        hashlib.sha256(context.random_seed).hexdigest()[:_SUFFIX_LENGTH]
        if context.random_seed
        else secrets.token_hex(_SUFFIX_LENGTH)[:_SUFFIX_LENGTH]
    )
    return f"{prefix[: _LONGEST_NAME - _SUFFIX_LENGTH]}{suffix}"


def _merge_string_data(inputs: Properties) -> None:
    plain = inputs.pop("stringData", None)
    if plain is UNKNOWN:
        inputs["data"] = UNKNOWN
    elif plain and inputs.get("data") is not UNKNOWN:
        encoded = {
            key: text if text is UNKNOWN else base64.b64encode(str(text).encode()).decode()
            for key, text in plain.items()
        }
        inputs["data"] = {**inputs.get("data", {}), **encoded}


def _comparable(kind: Kind, properties: Properties, default_namespace: str) -> Properties:
    plain = without_nulls(manifest(properties))
    if namespaced(kind) is False or not isinstance(plain.get("metadata", {}), dict):
        return dict(plain)
    metadata = {"namespace": default_namespace, **plain.get("metadata", {})}
    return {**plain, "metadata": metadata}


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    number, exponent, suffix = match.groups()
    return Decimal(number + (exponent or "")) * _POWERS.get(suffix or "", Decimal(1))
