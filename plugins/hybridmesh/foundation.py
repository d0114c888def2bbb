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
from plugins.framework.declared import RememberedHandler
from plugins.framework.errors import CheckFailure
from plugins.framework.values import Properties, contains_unknown

_NETWORKS: Final = "networks."


class FoundationHandler(RememberedHandler):
    inputs = frozenset({"stack", "protected", "facts"})
    no_import = "a foundation cannot be imported: run up, which remembers one"

    def identity(self, inputs: Properties) -> str:
        del inputs
        return "foundation"

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterator[CheckFailure]:
        """The refusals; inputs that are not complete are refused for that."""
        if olds and self.inputs <= inputs.keys() and not contains_unknown(inputs):
            yield from (CheckFailure("", reason) for reason in _refusals(olds, inputs))


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
