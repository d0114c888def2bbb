"""`hybridmesh:index:Protection`: in a protected stack, refuses to be deleted.

It depends on everything else in the stack, so that a destroy has to begin with it, and ends with its refusal.
The engine's own protection of single resources comes too late: it is found when their turn comes, after all
that depends on them has gone.

Inputs: `stack`, `protected`. Outputs: the inputs.
"""

from typing import Final

from model.labels import lift_protection
from plugins.framework.calls import CallContext
from plugins.framework.errors import ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.values import Properties
from plugins.hybridmesh.inputs import missing, unexpected

INPUTS: Final = frozenset({"stack", "protected"})
OPTIONAL: Final[frozenset[str]] = frozenset()
OUTPUTS: Final[tuple[str, ...]] = ()


class ProtectionHandler(ResourceHandler):
    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        del olds, context
        return Checked(news, [*unexpected(news, INPUTS), *missing(news, INPUTS)])

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        del identity, old_outputs, context
        return Diff.of_inputs(old_inputs, news)

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        del timeout, context
        return Created("" if preview else "protection", inputs)

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        del context
        if not inputs:
            raise ResourceError("a protection cannot be imported: run up, which makes one")
        return ReadState(identity, inputs, outputs)

    def update(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        *,
        preview: bool,
        timeout: float,
        context: CallContext,
    ) -> Properties:
        """Only remembers."""
        del identity, old_outputs, old_inputs, preview, timeout, context
        return news

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        """Raises ResourceError in a protected stack."""
        del identity, timeout, context
        known = {**outputs, **inputs}
        if known["protected"]:
            raise ResourceError(lift_protection(known["stack"]))
