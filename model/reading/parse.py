"""From the raw value of `hybrid-mesh:mesh` to the validated configuration."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from model.checks import run
from model.config.mesh import MeshConfig
from model.reading.gaps import REFERRED, Path
from model.reading.problems import ConfigurationError, Problem
from model.reading.readings import gaps, readings
from model.reading.translate import translate

__all__ = ["ConfigurationError", "Problem", "load_mesh", "read_mesh"]


def load_mesh(raw: Mapping[str, Any]) -> MeshConfig:
    """The validated mesh.

    Raises ConfigurationError with every problem of the text's form and every rule that the mesh breaks
    whatever those mistakes of the form should have said.
    """
    mesh = read_mesh(raw)
    problems = run(mesh)
    if problems:
        raise ConfigurationError(problems)
    return mesh


def read_mesh(raw: Mapping[str, Any]) -> MeshConfig:
    """The mesh as it is written, whatever rules it breaks.

    Raises ConfigurationError for a wrong form, with the broken rules beside it that are none of its
    consequences.
    """
    try:
        return MeshConfig.model_validate(raw)
    except ValidationError as error:
        problems = translate(error, raw)
        if isinstance(raw, Mapping):
            problems += _broken_regardless(raw, error)
        raise ConfigurationError(problems) from None


def _broken_regardless(raw: Mapping[str, Any], error: ValidationError) -> list[Problem]:
    """What the rules say of every reading of `raw`, away from the places that `error` is about."""
    found = readings(raw, gaps(raw, error))
    common, unread = None, set[str]()
    for mesh in found.meshes:
        problems = {_what(problem): problem for problem in run(mesh)}
        common = problems if common is None else {key: common[key] for key in common if key in problems}
        unread |= _named(raw) - {*mesh.networks, *mesh.clusters, *mesh.workload_groups}
        if not common:
            return []
    told = common.values() if common else ()
    return [p for p in told if p.value not in unread and not _touches(p.path, found.filled)]


def _what(problem: Problem) -> tuple[str, str, str]:
    return problem.path, problem.value, problem.message


def _named(raw: Mapping[str, Any]) -> set[str]:
    """Names of the file's networks, clusters and groups."""
    members = [section for key in REFERRED if isinstance(section := raw.get(key), Mapping)]
    return {str(name) for section in members for name in section}


def _touches(path: str, places: Iterable[Path]) -> bool:
    """Whether `path` is one of `places`, inside it, or a section around it."""
    dotted = [f"{'.'.join(place)}." for place in places]
    return any(f"{path}.".startswith(place) or place.startswith(f"{path}.") for place in dotted)
