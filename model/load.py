"""From the raw value of `hybrid-mesh:mesh` to the validated configuration."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from model.checks import run
from model.config.mesh import Mesh
from model.problems import ConfigurationError, Problem
from model.translate import translate

__all__ = ["ConfigurationError", "Problem", "load_mesh", "read_mesh"]


def load_mesh(raw: Mapping[str, Any]) -> Mesh:
    """The validated mesh.

    Raises ConfigurationError with every problem of the text's form or, where the form is right, every rule
    that the mesh as a whole breaks.
    """
    mesh = read_mesh(raw)
    problems = run(mesh)
    if problems:
        raise ConfigurationError(problems)
    return mesh


def read_mesh(raw: Mapping[str, Any]) -> Mesh:
    """The mesh as it is written, whatever rules it breaks. Raises ConfigurationError for a wrong form."""
    try:
        return Mesh.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(translate(error, raw)) from None
