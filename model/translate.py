"""Says what pydantic found in the words of the configuration: path, value and remedy."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from model.problems import Problem, shown


def translate(error: ValidationError, raw: Mapping[str, Any]) -> list[Problem]:
    return [Problem(".".join(map(str, d["loc"])), shown(d["input"]), d["msg"], "") for d in error.errors()]
