"""The registry of rules.

A rule is a function that yields a problem for each place where a mesh breaks it. A mesh may be partial
(`model.reading.partial`): a rule ends when it reads an unreadable value, so that it does not report
consequences of another mistake. A rule on single members is called for each member, so that an unreadable one
does not hide problems of others.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import TypeVar

from hybrid_mesh.model.config.base import UnreadableError
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.reading.partial import without
from hybrid_mesh.model.reading.problems import Problem, Problems

Rule = Callable[[MeshConfig], Problems]

RULES: dict[str, Rule] = {}
"""Every rule by its name."""

_REFERENCE_RULES: list[str] = []
_KIND_RULES: list[str] = []
_WARNING_RULES: list[str] = []

_Member = TypeVar("_Member")
_Value = TypeVar("_Value")
_Check = TypeVar("_Check", bound=Callable[..., Problems])


def rule(check: Rule) -> Rule:
    """Registers a rule on the mesh as a whole."""

    @wraps(check)
    def check_mesh(mesh: MeshConfig) -> Problems:
        with suppress(UnreadableError):
            yield from check(mesh)

    RULES[check.__name__] = check_mesh
    return check


def _member_rule(
    members_of: Callable[[MeshConfig], Mapping[str, _Member]],
) -> Callable[
    [Callable[[MeshConfig, str, _Member], Problems]],
    Callable[[MeshConfig, str, _Member], Problems],
]:
    def register(
        check: Callable[[MeshConfig, str, _Member], Problems],
    ) -> Callable[[MeshConfig, str, _Member], Problems]:
        @wraps(check)
        def check_members(mesh: MeshConfig) -> Problems:
            for name, member in sorted(members_of(mesh).items()):
                with suppress(UnreadableError):
                    yield from check(mesh, name, member)

        rule(check_members)
        return check

    return register


network_rule = _member_rule(lambda mesh: mesh.networks)
"""Registers a rule on each network: called with the mesh, the network's name and its configuration."""
cluster_rule = _member_rule(lambda mesh: mesh.clusters)
group_rule = _member_rule(lambda mesh: mesh.workload_groups)
ingress_rule = _member_rule(lambda mesh: mesh.ingress)


def reference_rule(check: _Check) -> _Check:
    """Marks a registered rule on references: the values that it refuses do not name an existing member."""
    _REFERENCE_RULES.append(check.__name__)
    return check


def kind_rule(check: _Check) -> _Check:
    """Marks a registered rule on references: the values that it refuses name a member of the wrong kind."""
    _KIND_RULES.append(check.__name__)
    return check


def warning_rule(check: _Check) -> _Check:
    """Marks a registered rule on what a valid file leaves open, such as an example's placeholder: `plan`
    shows its problems as warnings, and `up` refuses them."""
    _WARNING_RULES.append(check.__name__)
    return check


def readable(members: Mapping[str, _Member], read: Callable[[_Member], _Value]) -> dict[str, _Value]:
    """The result of `read` for each of `members` for which it can be read, sorted by name.

    For rules that compare members: a conflict between two of them does not depend on a third.
    """
    values = {}
    for name, member in sorted(members.items()):
        with suppress(UnreadableError):
            values[name] = read(member)
    return values


def run(mesh: MeshConfig) -> list[Problem]:
    """All problems that the rules find in `mesh`, partial or not, each once; without warnings.

    A reference that a rule on references refuses is unreadable for later rules, so that they do not report
    its consequences.
    """
    problems: list[Problem] = []
    apart = {*_REFERENCE_RULES, *_KIND_RULES, *_WARNING_RULES}
    others = [name for name in RULES if name not in apart]
    for names in (_REFERENCE_RULES, _KIND_RULES, others):
        found = [problem for name in names for problem in RULES[name](mesh)]
        if names is not others:
            mesh = without(mesh, {tuple(problem.path.split(".")) for problem in found})
        problems += found
    return list(dict.fromkeys(problems))


def warnings(mesh: MeshConfig) -> list[Problem]:
    """What the rules on warnings find in a mesh without problems, each once, sorted by path."""
    found = {problem for name in _WARNING_RULES for problem in RULES[name](mesh)}
    return sorted(found, key=lambda problem: (problem.path, problem.message))
