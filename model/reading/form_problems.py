"""Translates pydantic's errors into problems with the path, the value and the remedy of a stack file.

Pydantic names a place by field names, by the tags of unions and by `[key]`; a problem names it by the file's
keys.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.messages import form_message, octal_mode
from hybrid_mesh.model.reading.partial import Path
from hybrid_mesh.model.reading.places import Place, example, walk
from hybrid_mesh.model.reading.problems import UNKNOWN_KEY, Problem, did_you_mean, format_value, nearest_match
from hybrid_mesh.model.reading.stack_file import StackFile

_MAX_KEYS = 200
"""Keys of a section whose unknown ones are compared with the valid ones: more of them are not misspelt."""


@dataclass(frozen=True)
class Mistake:
    """An error of pydantic and its place in the file. `meant` is the path of the missing key that an unknown
    one was probably meant to be."""

    kind: str
    context: Mapping[str, Any]
    value: Any
    place: Place
    meant: Path | None = None


def mistakes(error: ValidationError, raw: object) -> list[Mistake]:
    """What `error` reports about `raw`, in the order of the file's keys."""
    return [_mistake(details, raw) for details in error.errors(include_url=False)]


def _mistake(details: ErrorDetails, raw: object) -> Mistake:
    place = walk(MeshConfig, raw, details["loc"])
    kind = details["type"]
    may_be_misspelt = kind == "extra_forbidden" and len(place.siblings) <= _MAX_KEYS
    near = nearest_match(place.key, place.choices) if may_be_misspelt else None
    meant = (*place.keys[:-1], near) if near and near not in place.siblings else None
    return Mistake(kind, details.get("ctx", {}), details["input"], place, meant)


def form_problems(found: Sequence[Mistake], file: StackFile | None = None) -> list[Problem]:
    """One problem for each mistake; values are reported as they are written in `file`."""
    misspelt = {mistake.meant for mistake in found}
    problems = [_problem(mistake, file) for mistake in found if not _follows_from_another(mistake, misspelt)]
    return list(dict.fromkeys(problems))


def mistaken_paths(found: Sequence[Mistake]) -> set[Path]:
    """The places whose values are unknown because of these mistakes.

    An unknown key that is near a missing one stands for that one; any other will go.
    """
    return {tuple(mistake.place.keys) for mistake in found} | {m.meant for m in found if m.meant is not None}


def _follows_from_another(mistake: Mistake, misspelt: Set[Path | None]) -> bool:
    """Pydantic counts only the right entries of a list, so that one wrong entry also makes it "too short";
    and a key that is misspelt is missing, too."""
    if mistake.kind == "missing":
        return tuple(mistake.place.keys) in misspelt
    return mistake.kind == "too_short" and bool(mistake.value)


def _problem(mistake: Mistake, file: StackFile | None) -> Problem:
    place, kind, value = mistake.place, mistake.kind, mistake.value
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return _missing_key(place)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_type(mistake.context, place)
    written = file.written(place.keys) if file is not None and not isinstance(value, str) else None
    text = written or format_value(value)
    if kind == "string_type" and place.key == "mode" and isinstance(value, int):
        return Problem(place.path, text, *octal_mode(value))
    if kind == "string_type" and (remedy := _whole_version(place, text)):
        return Problem(place.path, text, "must be a version of three numbers", remedy)
    return Problem(place.path, text, *form_message(kind, mistake.context, value, text))


def _whole_version(place: Place, text: str) -> str:
    """What to do about `text`, a number of two parts, where a version of three is expected; else nothing."""
    default = place.info.default if place.info is not None else None
    if not isinstance(default, str) or not re.fullmatch(r"\d+\.\d+\.\d+", default):
        return ""
    if not re.fullmatch(r"\d+\.\d+", text):
        return ""
    return f"Write {text}.0." if default.startswith(f"{text}.") else f"Write it like {default}."


def _unknown_key(place: Place) -> Problem:
    hint = did_you_mean(place.key, place.choices) if len(place.siblings) <= _MAX_KEYS else ""
    remedy = hint or f"Valid keys here: {', '.join(sorted(place.choices))}."
    value = "" if isinstance(place.value, (Mapping, list)) else format_value(place.value)
    return Problem(place.path, value, UNKNOWN_KEY, remedy)


def _missing_key(place: Place) -> Problem:
    sample = example(place)
    remedy = f"Add it, for example `{place.key}: {sample}`." if sample else "Add it."
    return Problem(place.path, "", "this required key is missing", remedy)


def _unknown_type(context: Mapping[str, Any], place: Place) -> Problem:
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
            UNKNOWN_KEY,
            f"Did you mean `{key}`?",
        )
    if value is None:
        return Problem(path, "", "this required key is missing", f"Add it: `{key}: {listed}`.")
    remedy = f"Choose one of {listed}. {did_you_mean(str(value), tags)}".strip()
    return Problem(path, format_value(value), "not one of the allowed values", remedy)
