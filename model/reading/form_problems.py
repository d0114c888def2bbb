"""Translates pydantic's errors into problems with the path, the value and the remedy of a stack file.

Pydantic names a place by field names, by the tags of unions and by `[key]`; a problem names it by the file's
keys.
"""

import re
from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.messages import form_message, octal_mode
from hybrid_mesh.model.reading.partial import Path
from hybrid_mesh.model.reading.places import Place, example, walk
from hybrid_mesh.model.reading.problems import Problem, did_you_mean, format_value, nearest_match
from hybrid_mesh.model.reading.stack_file import StackFile


def form_problems(error: ValidationError, raw: object, file: StackFile | None = None) -> list[Problem]:
    """One problem for each mistake that `error` reports about `raw`, in the order of the file's keys; values
    are reported as they are written in `file`."""
    errors = error.errors(include_url=False)
    misspelt = {path for details in errors for path in _meant(details, raw)}
    problems = [_problem(d, raw, file) for d in errors if not _follows_from_another(d, raw, misspelt)]
    return list(dict.fromkeys(problems))


def mistaken_paths(error: ValidationError, raw: object) -> set[Path]:
    """The places whose values are unknown because of the mistakes that `error` reports about `raw`.

    An unknown key that is near a missing one stands for that one; any other will go.
    """
    errors = error.errors(include_url=False)
    places = {tuple(walk(MeshConfig, raw, details["loc"]).keys) for details in errors}
    return places.union(*(_meant(details, raw) for details in errors))


def _meant(details: ErrorDetails, raw: object) -> Iterator[Path]:
    """The key, missing in the file, that an unknown one was probably meant to be."""
    if details["type"] != "extra_forbidden":
        return
    place = walk(MeshConfig, raw, details["loc"])
    near = nearest_match(place.key, sorted(place.choices))
    if near and near not in place.present:
        yield (*place.keys[:-1], near)


def _follows_from_another(details: ErrorDetails, raw: object, misspelt: set[Path]) -> bool:
    """Pydantic counts only the right entries of a list, so that one wrong entry also makes it "too short";
    and a key that is misspelt is missing, too."""
    if details["type"] == "missing":
        return tuple(walk(MeshConfig, raw, details["loc"]).keys) in misspelt
    return details["type"] == "too_short" and bool(details["input"])


def _problem(details: ErrorDetails, raw: object, file: StackFile | None) -> Problem:
    place = walk(MeshConfig, raw, details["loc"])
    kind = details["type"]
    value = details["input"]
    written = file.written(place.keys) if file is not None and not isinstance(value, str) else None
    shown = written or format_value(value)
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return _missing_key(place)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_type(details, place)
    if kind == "string_type" and place.key == "mode" and isinstance(value, int):
        return Problem(place.path, shown, *octal_mode(value))
    if kind == "string_type" and (version := _whole_version(place, shown)):
        return Problem(place.path, shown, "must be a version of three numbers", f"Write {version}.")
    message, remedy = form_message(kind, details.get("ctx", {}), value, shown)
    return Problem(place.path, shown, message, remedy)


def _whole_version(place: Place, shown: str) -> str:
    """`shown`, a number of two parts, as a version of three parts if the key holds one."""
    default = place.info.default if place.info is not None else None
    if isinstance(default, str) and re.fullmatch(r"\d+\.\d+\.\d+", default):
        return f"{shown}.0" if re.fullmatch(r"\d+\.\d+", shown) else ""
    return ""


def _unknown_key(place: Place) -> Problem:
    valid = sorted(place.choices)
    remedy = did_you_mean(place.key, valid) or f"Valid keys here: {', '.join(valid)}."
    return Problem(place.path, format_value(place.value), "unknown key", remedy)


def _missing_key(place: Place) -> Problem:
    sample = example(place)
    remedy = f"Add it, for example `{place.key}: {sample}`." if sample else "Add it."
    return Problem(place.path, "", "this required key is missing", remedy)


def _unknown_type(details: ErrorDetails, place: Place) -> Problem:
    context = details.get("ctx", {})
    key = str(context.get("discriminator", "type")).strip("'")
    value = place.value.get(key) if isinstance(place.value, Mapping) else None
    tags = sorted(place.choices)
    listed = " | ".join(tags)
    path = f"{place.path}.{key}"
    misspelt = nearest_match(key, map(str, place.value)) if value is None and place.value else None
    if misspelt is not None:
        return Problem(
            f"{place.path}.{misspelt}",
            format_value(place.value[misspelt]),
            "unknown key",
            f"Did you mean `{key}`?",
        )
    if value is None:
        return Problem(path, "", "this required key is missing", f"Add it: `{key}: {listed}`.")
    remedy = f"Choose one of {listed}. {did_you_mean(str(value), tags)}".strip()
    return Problem(path, format_value(value), "not one of the allowed values", remedy)
