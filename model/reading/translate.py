"""Says what pydantic found in the words of the configuration: path, value and remedy.

Pydantic names a place by field names, by the tags of unions and by `[key]`; a person by the keys in the
file. So each
place is walked through the model and the raw value side by side.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from model.config.mesh import MeshConfig
from model.reading.messages import octal_mode, wording
from model.reading.places import Place, example, walk
from model.reading.problems import Problem, nearest, shown


def translate(error: ValidationError, raw: Mapping[str, Any]) -> list[Problem]:
    """One problem for each mistake that `error` holds about `raw`, in the order of the file's keys."""
    errors = error.errors(include_url=False)
    misspelt = {path for details in errors for path in _meant(details, raw)}
    problems = [_problem(d, raw) for d in errors if not _follows_from_another(d, raw, misspelt)]
    return list(dict.fromkeys(problems))


def _meant(details: ErrorDetails, raw: Mapping[str, Any]) -> Iterator[str]:
    """The key that an unknown one was probably meant to be."""
    if details["type"] == "extra_forbidden":
        place = walk(MeshConfig, raw, details["loc"])
        near = nearest(place.key, sorted(place.siblings))
        if near:
            yield ".".join([*place.keys[:-1], near])


def _follows_from_another(details: ErrorDetails, raw: Mapping[str, Any], misspelt: set[str]) -> bool:
    """Pydantic counts only the right entries of a list, so that one wrong entry also makes it "too short";
    and a key that is misspelt is missing, too."""
    if details["type"] == "missing":
        return walk(MeshConfig, raw, details["loc"]).path in misspelt
    return details["type"] == "too_short" and bool(details["input"])


def _problem(details: ErrorDetails, raw: Mapping[str, Any]) -> Problem:
    place = walk(MeshConfig, raw, details["loc"])
    kind = details["type"]
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return _missing_key(place)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_type(details, place)
    if kind == "string_type" and place.key == "mode" and isinstance(place.value, int):
        return Problem(place.path, shown(place.value), *octal_mode(place.value))
    message, remedy = wording(kind, details.get("ctx", {}), details["input"])
    return Problem(place.path, shown(details["input"]), message, remedy)


def _unknown_key(place: Place) -> Problem:
    valid = sorted(place.siblings)
    near = nearest(place.key, valid)
    remedy = f"Did you mean `{near}`?" if near else f"Keys that are known here: {', '.join(valid)}."
    return Problem(place.path, shown(place.value), "this key is unknown", remedy)


def _missing_key(place: Place) -> Problem:
    sample = example(place)
    remedy = f"Add it, for example `{place.key}: {sample}`." if sample else "Add it."
    return Problem(place.path, "", "this key is missing", remedy)


def _unknown_type(details: ErrorDetails, place: Place) -> Problem:
    context = details.get("ctx", {})
    key = str(context.get("discriminator", "type")).strip("'")
    value = place.value.get(key) if isinstance(place.value, Mapping) else None
    tags = sorted(place.siblings)
    listed = " | ".join(tags)
    path = f"{place.path}.{key}"
    if value is None:
        return Problem(path, "", "this key is missing", f"Add it: `{key}: {listed}`.")
    near = nearest(str(value), tags)
    hint = f" Did you mean `{near}`?" if near else ""
    return Problem(path, shown(value), f"there is no such {key}", f"Choose one of {listed}.{hint}")
