"""From the raw value of `hybrid-mesh:mesh` to the configuration, as far as it can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.form_problems import form_problems, mistaken_paths, mistakes
from hybrid_mesh.model.reading.partial import partial_mesh
from hybrid_mesh.model.reading.problems import Problem
from hybrid_mesh.model.reading.stack_file import StackFile


@dataclass(frozen=True)
class ParsedMesh:
    """`mesh` is partial (`model.reading.partial`) where there are `problems` of form."""

    mesh: MeshConfig
    problems: tuple[Problem, ...] = ()


def parse_mesh(raw: Mapping[str, Any], file: StackFile | None = None) -> ParsedMesh:
    """The mesh that `raw` describes, even if it breaks rules, and every problem of its form.

    Where `raw` comes from `file`, values are reported as they are written there.
    """
    try:
        return ParsedMesh(MeshConfig.model_validate(raw, by_alias=True, by_name=False))
    except ValidationError as error:
        found = mistakes(error, raw)
        mesh = partial_mesh(raw, mistaken_paths(found))
        return ParsedMesh(mesh, tuple(form_problems(found, file)))
