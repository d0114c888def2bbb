"""What the tests of clouds ask a declared mesh."""

from collections.abc import Iterator
from typing import Any

import pulumi

from tests.components.conftest import Declared
from tests.components.recording import Declaration


def only(declared: Declared, token: str) -> dict[str, Any]:
    """The inputs of the one resource of a type."""
    (found,) = declared.recording.of_type(token)
    return found.inputs


def of_clouds(declared: Declared) -> list[Declaration]:
    return [each for each in declared.recording.declared if each.typ.startswith(("aws:", "gcp:"))]


def awaited(declared: Declared, name: str) -> set[str]:
    """Names of what the resources called `name` explicitly depend on."""
    return {
        dependency.pulumi_resource_name
        for (_, each), options in declared.recording.options.items()
        if each == name
        for dependency in (options.depends_on if isinstance(options.depends_on, list) else ())
        if isinstance(dependency, pulumi.Resource)
    }


def values(tree: Any) -> Iterator[Any]:
    """Every leaf of a tree."""
    branches = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else None
    if branches is None:
        yield tree
        return
    for branch in branches:
        yield from values(branch)
