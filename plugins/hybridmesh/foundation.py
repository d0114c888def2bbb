"""`hybridmesh:index:Foundation`: what a live stack stands on, and the refusal to pull it away.

The program registers it before everything else, so that its check, which is given the inputs of the last up,
refuses a change before anything is touched, in a preview too.

Inputs: `stack`, `protected`, and `facts`: the path of a network, a cluster or the trust in the configuration
-> key -> value, all of them texts. Outputs: the inputs.

Facts of what is in a cloud never change while it is declared. What is in a network cannot move. Of a cluster
there cannot be two for a while, as they would have the same ranges and the same reserved addresses; and the
engine cannot delete one with all that is in it before it makes the other: 3.259 closes the connection to the
cluster's provider when it finds that this will be replaced too (`Diff` in pkg/resource/deploy/providers).
In a stack that was protected at its last up nothing changes, and no path goes.
"""

from collections.abc import Iterator
from typing import Any, Final

from hybrid_mesh.model.clouds.kinds import IN_CLOUDS
from hybrid_mesh.model.derive.labels import lift_protection
from hybrid_mesh.plugins.framework.declared import RememberedHandler
from hybrid_mesh.plugins.framework.errors import CheckFailure
from hybrid_mesh.plugins.framework.values import Properties, contains_unknown

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
        if now is None or not (protected or before.get("type") in IN_CLOUDS):
            continue
        lift = f". {lift_protection(olds['stack'])}" if protected else ""
        for key, value in sorted(before.items()):
            if now.get(key, value) != value:
                yield f"{_changed(path, key, value, now[key])}{lift}"


def _changed(path: str, key: str, before: Any, now: Any) -> str:
    what = f"{path}.{key} cannot change from {before or 'none'} to {now or 'none'}"
    kind, _, name = path.partition(".")
    if path.startswith(_NETWORKS):
        return (
            f"{what}: what is in a cloud's network cannot move. Declare another network with clusters and "
            f"groups of its own, run up, then take {name} and what is in it out"
        )
    if kind == "clusters":
        return (
            f"{what}: the cluster would be another one. Take {name} and what is in it out, run up, then put "
            "it in again; or declare another cluster beside it"
        )
    return f"{what}: all that depends on it would be made anew"
