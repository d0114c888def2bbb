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

The fact `podCidr` of a local cluster may come from the clusters above it in the file, so it can change while
the cluster's own entry stays the same. It is refused while the cluster stays in its network.

The fact `zones` of a cluster, separated by commas, may grow, and the foundation remembers the zones that the
cluster began with: the control plane of EKS has a subnet in each of these, for as long as it exists.

The fact `version` of a cluster, a minor release of Kubernetes, may rise by one. It may also return to the
release before, which the foundation remembers as `previousVersion`, because the upgrade may have failed.

The fact `endpoint: private` of a cluster says that only a network that the program creates leads to its API
server. It is refused until that network exists, because nothing can be connected to it before.
"""

from collections.abc import Iterator
from typing import Any, Final

from hybrid_mesh.model.clouds.kinds import IN_CLOUDS
from hybrid_mesh.model.derive.labels import lift_protection
from hybrid_mesh.plugins.framework.declared import RememberedHandler
from hybrid_mesh.plugins.framework.errors import CheckFailure
from hybrid_mesh.plugins.framework.handler import CheckCall, Checked
from hybrid_mesh.plugins.framework.values import Properties, contains_unknown

_NETWORKS: Final = "networks."
_PODS: Final = "podCidr"
_ZONES: Final = "zones"
_VERSION: Final = "version"
_PREVIOUS: Final = "previousVersion"
_ENDPOINT: Final = "endpoint"
_MAY_CHANGE: Final = frozenset({_ZONES, _VERSION, _PREVIOUS, _ENDPOINT})


class FoundationHandler(RememberedHandler):
    inputs = frozenset({"stack", "protected", "facts"})
    no_import = "a foundation cannot be imported; `up` creates it"

    def identity(self, inputs: Properties) -> str:
        del inputs
        return "foundation"

    def check(self, call: CheckCall) -> Checked:
        checked = super().check(call)
        if not call.olds or checked.failures or contains_unknown(checked.inputs):
            return checked
        facts = {
            path: _remembered(call.olds["facts"].get(path, {}), now)
            for path, now in checked.inputs["facts"].items()
        }
        return Checked({**checked.inputs, "facts": facts})

    def wrong_values(self, olds: Properties, inputs: Properties) -> Iterator[CheckFailure]:
        """The refusals. Incomplete inputs are reported by other checks."""
        if not self.inputs <= inputs.keys() or contains_unknown(inputs):
            return
        reasons = [*_unreachable(olds.get("facts", {}), inputs["facts"])]
        if olds:
            reasons += _refusals(olds, inputs)
        yield from (CheckFailure("", reason) for reason in reasons)


def _unreachable(olds: Properties, news: Properties) -> Iterator[str]:
    for path, facts in sorted(news.items()):
        network = facts.get("network")
        if _ENDPOINT in facts and f"{_NETWORKS}{network}" not in olds:
            anywhere = " or `endpoint: dns`" if facts["type"] == "gke" else ""
            yield (
                f"{path}.endpoint cannot be private yet: this run creates network {network}, and nothing "
                f"connects you to it. Set `endpoint: restricted`{anywhere} and run `up`. After you have "
                "connected the network, set `endpoint: private`"
            )


def _refusals(olds: Properties, news: Properties) -> Iterator[str]:
    protected = olds["protected"]
    for path, before in sorted(olds["facts"].items()):
        now = news["facts"].get(path)
        if now is None and protected:
            yield f"{path} cannot be removed. {lift_protection(olds['stack'])}"
        if now is None:
            continue
        if reason := _moved_pods(path, before, now):
            yield reason
            continue
        if not (protected or before.get("type") in IN_CLOUDS):
            continue
        lift = f". {lift_protection(olds['stack'])}" if protected else ""
        if lost := _zones(before) - _zones(now) if _ZONES in now else ():
            yield f"{_without_zones(path, before, sorted(lost))}{lift}"
        if reason := _impossible_version(path, before, now):
            yield reason
        for key, value in sorted(before.items()):
            if key not in _MAY_CHANGE and now.get(key, value) != value:
                yield f"{_changed(path, key, value, now[key])}{lift}"


def _remembered(before: Properties, now: Properties) -> Properties:
    """`now`, with the zones that the cluster began with and the release that it had before."""
    kept = {**now, _ZONES: before[_ZONES]} if _ZONES in before and _ZONES in now else now
    changed = before.get(_VERSION) != now.get(_VERSION)
    previous = before.get(_VERSION if changed else _PREVIOUS)
    return {**kept, _PREVIOUS: previous} if _VERSION in now and previous else kept


def _impossible_version(path: str, before: Properties, now: Properties) -> str | None:
    """Why the cluster cannot get the release `now`; None if it can, and where one of them is not set."""
    if not (before.get(_VERSION) and now.get(_VERSION)):
        return None
    old, new = (int(str(facts[_VERSION]).rpartition(".")[2]) for facts in (before, now))
    message = f"{path}.version cannot change from 1.{old} to 1.{new}: {before['type'].upper()}"
    if new > old + 1:
        step = f'Set "1.{old + 1}", run `up`, and repeat this for each release up to "1.{new}"'
        return f"{message} upgrades a control plane by one minor release at a time. {step}"
    if new < old and now[_VERSION] != before.get(_PREVIOUS):
        return f'{message} cannot downgrade a control plane. Set "1.{old}" again'
    return None


def _moved_pods(path: str, before: Properties, now: Properties) -> str | None:
    """Why the pods of a live local cluster cannot get the CIDR `now`; None if they keep theirs, and for a
    cluster that is replaced anyway."""
    old, new = before.get(_PODS), now.get(_PODS)
    same = all(before.get(key) == now.get(key) for key in ("type", "network"))
    if before.get("type") != "local" or not same or not old or old == new:
        return None
    name = path.partition(".")[2]
    return (
        f"{path}.podCidr cannot change from {old} to {new or 'none'}: the cluster's pods have addresses of "
        f"{old}. Set `podCidr: {old}` in cluster {name}, or restore the order of the clusters in the file; "
        f"or remove {name}, run `up`, then add it again"
    )


def _zones(facts: Properties) -> set[str]:
    return set(filter(None, str(facts.get(_ZONES, "")).split(",")))


def _without_zones(path: str, before: Properties, lost: list[str]) -> str:
    name = path.partition(".")[2]
    return (
        f"networks.{before['network']}.zones cannot lose {', '.join(lost)}: the control plane of cluster "
        f"{name} began with {', '.join(sorted(_zones(before)))}, and EKS requires a subnet in each of them. "
        f"Keep them; or remove {name} and everything in it, run `up`, then add it again"
    )


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
