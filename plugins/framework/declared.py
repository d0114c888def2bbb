"""The base of types with a fixed set of inputs and outputs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.differences import Difference, property_path
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import (
    CheckCall,
    Checked,
    CreateCall,
    Created,
    DeleteCall,
    Diff,
    DiffCall,
    ReadCall,
    ReadState,
    ResourceHandler,
    UpdateCall,
)
from hybrid_mesh.plugins.framework.values import UNKNOWN, Path, Properties


class DeclaredHandler(ResourceHandler):
    """Checks the names, compares all inputs, and reads the state. Deletion does nothing.

    A subclass names its properties, overrides methods as needed, and adds create and update.
    """

    inputs: ClassVar[frozenset[str]]
    optional: ClassVar[frozenset[str]] = frozenset()
    """Optional inputs without a default."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    computed: ClassVar[tuple[str, ...]] = ()
    """Outputs in addition to the inputs; unknown in a preview."""
    identifying: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change replaces the resource."""
    not_compared: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change does not count as a difference."""
    no_import: ClassVar[str]
    """The error message for an import, in one line."""

    def completed(self, news: Properties) -> Properties:
        """`news` with the defaults filled in."""
        return {**self.defaults, **news}

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterable[CheckFailure]:
        """Failures of completed `inputs`, of which required ones may be missing."""
        del olds, inputs
        return ()

    def outdated(
        self, old_outputs: Properties, old_inputs: Properties, news: Properties, context: CallContext
    ) -> Iterable[Path]:
        """Outputs that must be renewed although no input has changed. They count as a difference."""
        del old_outputs, old_inputs, news, context
        return ()

    def previewed(self, inputs: Properties) -> Properties:
        """The outputs in a preview."""
        return {**inputs, **dict.fromkeys(self.computed, UNKNOWN)}

    def check(self, call: CheckCall) -> Checked:
        inputs = self.completed(call.news)
        names = [*_unexpected(call.news, self.inputs), *_missing(inputs, self.inputs - self.optional)]
        return Checked(inputs, [*names, *self.wrong_values(call.olds, inputs)])

    def diff(self, call: DiffCall) -> Diff:
        found = Diff.of_inputs(
            call.old_inputs, call.news, replace_on=self.identifying, ignore=self.not_compared
        )
        outdated = self.outdated(call.old_outputs, call.old_inputs, call.news, call.context)
        detailed = {**found.detailed, **{property_path(path): Difference.UPDATE for path in outdated}}
        return Diff(changes=bool(detailed), replaces=found.replaces, detailed=detailed)

    def read(self, call: ReadCall) -> ReadState | None:
        """The recorded state, without I/O: a resource that was not ready remains so."""
        self.refuse_import(call.inputs)
        return ReadState(call.identity, call.inputs, call.outputs)

    def refuse_import(self, inputs: Properties) -> None:
        """Raises ResourceError for a resource that is not in the state."""
        if not inputs:
            raise ResourceError(self.no_import)

    def delete(self, call: DeleteCall) -> None:
        """Does nothing: the resource exists in the state only."""


class RememberedHandler(DeclaredHandler):
    """A resource that only exists as its inputs in the state."""

    @abstractmethod
    def identity(self, inputs: Properties) -> str:
        """The ID of the resource."""

    def create(self, call: CreateCall) -> Created:
        return Created("" if call.preview else self.identity(call.inputs), call.inputs)

    def update(self, call: UpdateCall) -> Properties:
        return call.news


def _unexpected(news: Properties, known: Collection[str]) -> list[CheckFailure]:
    """A failure for each unknown input: a misspelt one would be ignored silently."""
    names = ", ".join(sorted(known))
    return [
        CheckFailure(name, f"unknown input; the inputs are {names}")
        for name in sorted(news)
        if name not in known and not name.startswith("__")
    ]


def _missing(news: Properties, required: Collection[str]) -> list[CheckFailure]:
    return [CheckFailure(name, "this input is required") for name in sorted(required) if name not in news]
