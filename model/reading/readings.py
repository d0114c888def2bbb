"""What a file with mistakes in its form may have meant.

A mistake of the form leaves one place of the mesh unknown; the rules can still be held against everything
else. So the place is filled in every way that suggests itself: left out, put right, or given what stands
elsewhere in the file. What all these readings of the file break is broken whatever the place should say; what
only some of them break may be a consequence of the mistake, and is not told before it is mended.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from pydantic import ValidationError

from model.config.mesh import MeshConfig
from model.reading.gaps import REFERRED, Edit, Gap, Path, deletion, fillings, gap_of

READINGS = 200
"""Readings of one file at most, of a mesh of up to `_MEMBERS` members; fewer for a larger one, whose rules
take longer."""

FILLINGS = 120
"""Ways to fill one gap that are tried at most, the likeliest first."""

_MEMBERS = 10


def gaps(raw: Mapping[str, Any], error: ValidationError) -> list[Gap]:
    """The places of which `error`, pydantic's about `raw`, speaks: each once."""
    found = (gap_of(details, raw) for details in error.errors(include_url=False))
    return list({gap.path: gap for gap in found}.values())


@dataclass(frozen=True)
class Readings:
    """Right meshes that a file may have meant, each made when it is asked for, and the places at which they
    were made so."""

    meshes: Iterator[MeshConfig]
    filled: tuple[Path, ...]


def readings(raw: Mapping[str, Any], unknown: list[Gap]) -> Readings:
    """The readings of `raw`, whose places `unknown` are wrong; none if there is no telling."""
    base = _base(raw)
    if base is None:
        return Readings(iter(()), ())
    edits, mesh = base
    members = len(mesh.clusters) + len(mesh.workload_groups)
    share = max(2, READINGS * _MEMBERS // max(_MEMBERS, members) // len(unknown))
    others = (other for gap in unknown for other in islice(_otherwise(raw, edits, gap), share))
    return Readings(chain([mesh], others), tuple(dict.fromkeys([*edits, *(gap.path for gap in unknown)])))


def _base(raw: Mapping[str, Any]) -> tuple[dict[Path, Edit], MeshConfig] | None:
    """One right reading, and the edits that make it by the path of what they mend."""
    edits: dict[Path, Edit] = {}
    current = _read(raw)
    while not isinstance(current, MeshConfig):
        unknown = {gap.path for gap in current}
        found = _best(edited(raw, edits.values()), current)
        if found is None or found[0] in edits or any((name,) in unknown for name in REFERRED):
            return None
        edits[found[0]] = found[1]
        current = _read(edited(raw, edits.values()))
    return edits, current


def _best(raw: Mapping[str, Any], unknown: list[Gap]) -> tuple[Path, Edit] | None:
    """The edit of the first gap that leaves the fewest; where none closes it, a section around it goes."""
    path = unknown[0].path
    closing: list[tuple[int, Edit]] = []
    for edit in islice(fillings(raw, unknown[0]), FILLINGS):
        left = _gaps(edited(raw, [edit])) if len(edit[-1][0]) == len(path) else unknown
        if path not in {gap.path for gap in left}:
            closing.append((len(left), edit))
            if len(left) < len(unknown):
                break
    if closing:
        return path, min(closing, key=lambda trial: trial[0])[1]
    for length in range(len(path) - 1, 0, -1):
        edit = deletion(path[:length])
        if path[:length] not in {gap.path for gap in _gaps(edited(raw, [edit]))}:
            return path, edit
    return None


def _otherwise(raw: Mapping[str, Any], edits: Mapping[Path, Edit], gap: Gap) -> Iterator[MeshConfig]:
    """Right readings in which `gap` alone is filled in other ways."""
    for filling in islice(fillings(raw, gap), FILLINGS):
        found = _read(edited(raw, {**edits, gap.path: filling}.values()))
        if isinstance(found, MeshConfig):
            yield found


def edited(raw: Mapping[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """A copy of `raw` with `edits`, one after the other; what is nowhere to be put is left out."""
    copied = copy.deepcopy(dict(raw))
    for path, value in (change for edit in edits for change in edit):
        *above, last = path
        section: Any = copied
        for step in above:
            section = _entry(section, step)
        if isinstance(section, dict):
            key = _key(section, last)
            section.pop(key, None)
            section.update({} if value is None else {key: copy.deepcopy(value)})
        elif isinstance(section, list) and last.isdigit() and int(last) < len(section):
            section[int(last) : int(last) + 1] = [] if value is None else [copy.deepcopy(value)]
    return copied


def _entry(section: Any, step: str) -> Any:
    if isinstance(section, list):
        return section[int(step)] if step.isdigit() and int(step) < len(section) else None
    return section.get(_key(section, step)) if isinstance(section, dict) else None


def _key(section: dict[Any, Any], step: str) -> Any:
    """The key of `section` that is written `step`: YAML has numbers as keys, too."""
    return next((key for key in section if str(key) == step), step)


def _read(raw: Mapping[str, Any]) -> MeshConfig | list[Gap]:
    try:
        return MeshConfig.model_validate(raw)
    except ValidationError as error:
        return gaps(raw, error)


def _gaps(raw: Mapping[str, Any]) -> list[Gap]:
    found = _read(raw)
    return [] if isinstance(found, MeshConfig) else found
