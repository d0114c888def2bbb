"""`hybridmesh:index:Foundation`: what a live stack stands on, and the refusal to pull it away.

The program registers it before everything else, so that its check, which is given the inputs of the last up,
refuses a change before anything is touched, in a preview too.

Inputs: `stack`, `protected`, and `facts`: the path of a network, a cluster or the trust in the configuration
-> key -> value, all of them texts. Facts of a network never change while it is declared: what is in a network
of a cloud cannot move. In a stack that was protected at its last up no fact changes, and no path goes.
Outputs: the inputs.
"""

from collections.abc import Iterator
from typing import Any, Final

from model.labels import lift_protection
from plugins.framework.calls import CallContext
from plugins.framework.errors import CheckFailure, ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.values import Properties, contains_unknown
from plugins.hybridmesh.inputs import missing, unexpected

INPUTS: Final = frozenset({"stack", "protected", "facts"})
OPTIONAL: Final[frozenset[str]] = frozenset()
OUTPUTS: Final[tuple[str, ...]] = ()
_NETWORKS: Final = "networks."


class FoundationHandler(ResourceHandler):
    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        del context
        failures = [*unexpected(news, INPUTS), *missing(news, INPUTS)]
        if olds and not failures and not contains_unknown(news):
            failures = [CheckFailure("", reason) for reason in _refusals(olds, news)]
        return Checked(news, failures)

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
        return Created("" if preview else "foundation", inputs)

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        del context
        if not inputs:
            raise ResourceError("a foundation cannot be imported: run up, which remembers one")
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
        """Nothing: it exists in the state only."""


def _refusals(olds: Properties, news: Properties) -> Iterator[str]:
    protected = olds["protected"]
    for path, before in sorted(olds["facts"].items()):
        now = news["facts"].get(path)
        if now is None and protected:
            yield f"{path} is taken out of the configuration. {lift_protection(olds['stack'])}"
        if now is None or not (protected or path.startswith(_NETWORKS)):
            continue
        for key, value in sorted(before.items()):
            if now.get(key, value) != value:
                yield _changed(f"{path}.{key}", value, now[key], olds["stack"])


def _changed(path: str, before: Any, now: Any, stack: str) -> str:
    what = f"{path} cannot change from {before or 'none'} to {now or 'none'}"
    if path.startswith(_NETWORKS):
        network = path.split(".")[1]
        return (
            f"{what}: what is in a cloud's network cannot move. Declare another network with clusters and "
            f"groups of its own, run up, then take {network} and what is in it out"
        )
    return f"{what}: all that depends on it would be made anew. {lift_protection(stack)}"
