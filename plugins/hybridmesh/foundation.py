"""`hybridmesh:index:Foundation`: settings of a live stack that cannot change in place.

The program registers it before everything else. Its check gets the inputs of the last `up`, and refuses a
change before any resource is changed, also in a preview.

Inputs: `stack`, `protected`, and `facts`: the path of a network, a cluster or the trust in the configuration
-> key -> value, all of them texts. Outputs: the inputs.

Facts of cloud resources never change while they are declared. Members of a network cannot move to another
one. A cluster cannot be replaced: two of them cannot exist at the same time, as they would have the same
CIDRs and reserved addresses. The engine cannot delete the old one with all its objects first either: 3.259
closes the connection to the cluster's provider when it finds that this will be replaced too (`Diff` in
pkg/resource/deploy/providers). In a stack that was protected at its last `up`, no fact may change and no path
may be removed.
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
    no_import = "a foundation cannot be imported; `up` creates it"

    def identity(self, inputs: Properties) -> str:
        del inputs
        return "foundation"

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterator[CheckFailure]:
        """The refusals. Incomplete inputs are reported by other checks."""
        if olds and self.inputs <= inputs.keys() and not contains_unknown(inputs):
            yield from (CheckFailure("", reason) for reason in _refusals(olds, inputs))


def _refusals(olds: Properties, news: Properties) -> Iterator[str]:
    protected = olds["protected"]
    for path, before in sorted(olds["facts"].items()):
        now = news["facts"].get(path)
        if now is None and protected:
            yield f"{path} cannot be removed. {lift_protection(olds['stack'])}"
        if now is None or not (protected or before.get("type") in IN_CLOUDS):
            continue
        lift = f". {lift_protection(olds['stack'])}" if protected else ""
        for key, value in sorted(before.items()):
            if now.get(key, value) != value:
                yield f"{_changed(path, key, value, now[key])}{lift}"


def _changed(path: str, key: str, before: Any, now: Any) -> str:
    message = f"{path}.{key} cannot change from {before or 'none'} to {now or 'none'}"
    kind, _, name = path.partition(".")
    if path.startswith(_NETWORKS):
        return (
            f"{message}: members of a cloud's network cannot move. Declare a new network with its own "
            f"clusters and groups, run `up`, then remove {name} and its members"
        )
    if kind == "clusters":
        return (
            f"{message}: the cluster would have to be replaced. Remove {name} and everything in it, run "
            "`up`, then add it again; or declare a second cluster first"
        )
    return f"{message}: everything that depends on it would be replaced"
