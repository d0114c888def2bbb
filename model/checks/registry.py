"""The registry of rules."""

from collections.abc import Callable, Iterator

from model.config.mesh import MeshConfig
from model.reading.problems import Problem

Rule = Callable[[MeshConfig], Iterator[Problem]]

RULES: dict[str, Rule] = {}


def rule(check: Rule) -> Rule:
    """Registers `check`, which yields a problem for each place where the mesh breaks it, under its own
    name."""
    RULES[check.__name__] = check
    return check


def run(mesh: MeshConfig) -> list[Problem]:
    """Every problem that any rule finds, each once, in the order of the rules."""
    found = (problem for check in RULES.values() for problem in check(mesh))
    return list(dict.fromkeys(found))
