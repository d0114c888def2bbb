"""What istiod keeps of WorkloadGroups: a WorkloadEntry for each VM, from its first connection on.

The VMs of a cloud's managed group are those that the group runs. Of a group without one, the VMs come back
under their addresses, within the grace period, whenever their group was changed: with the entries that they
had (`registerWorkload` in pilot/pkg/autoregistration/controller.go of Istio 1.31).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.engine.doubles.store import Thing, World
from tests.engine.doubles.vms import advance, managed_groups, vms

GROUP: Final = "kubernetes:networking.istio.io/v1:WorkloadGroup"
API: Final = "/apis/networking.istio.io/v1/namespaces/"


@dataclass
class _Registered:
    """A group as it was last seen, and its entries by name."""

    spec: Mapping[str, Any]
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)


class Istiod:
    """The control planes of a world's clusters. `machines` are there of each group that no cloud manages."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.machines = 12
        self._lock = threading.Lock()
        self._groups: dict[tuple[str, str], _Registered] = {}

    def answer(self, method: str, server: str, path: str, body: Any) -> tuple[int, Any]:
        """The status and what is at `path`, which begins with `API`."""
        namespace, kind, name = (*path.removeprefix(API).split("/"), "")[:3]
        with self._lock:
            if kind == "workloadentries" and method == "GET":
                advance(self.world)
            groups = self._settle(server, namespace)
            if kind == "workloadgroups" and (thing := groups.get(name)):
                return 200, thing.outputs
            if kind == "workloadentries":
                known = [self._groups[server, each.identity].entries for each in groups.values()]
                if method == "PUT":
                    return _replace(known, name, body)
                return 200, {"items": [entry for entries in known for entry in entries.values()]}
        return 404, {}

    def _settle(self, server: str, namespace: str) -> dict[str, Thing]:
        """The groups of a namespace by name, their VMs registered."""
        groups = {
            thing.identity.partition("/")[2]: thing
            for thing in self.world.things("kubernetes", server)
            if thing.type == GROUP and thing.identity.startswith(f"{namespace}/")
        }
        for key in [key for key in self._groups if key[0] == server]:
            if self.world.find("kubernetes", GROUP, key[1], server) is None:
                del self._groups[key]
        managed = {group.boot.group for group in managed_groups(self.world)}
        for name, thing in groups.items():
            spec, now = thing.outputs["spec"], datetime.now(UTC).isoformat()
            known = self._groups.setdefault((server, thing.identity), _Registered({}))
            former, known.spec = known.spec, spec
            if (namespace, name) in managed:
                self._register(known, namespace, name)
            elif not former:
                known.entries = {each["metadata"]["name"]: each for each in self._others(name, spec, now)}
            elif former != spec:
                for entry in known.entries.values():
                    entry["metadata"]["annotations"]["istio.io/connectedAt"] = now
                    _count_version(entry)
        return groups

    def _register(self, known: _Registered, namespace: str, name: str) -> None:
        """An entry for each VM of the clouds that has joined, with its health once its agent has probed."""
        joined = [vm for vm in vms(self.world) if vm.boot.group == (namespace, name) and vm.boot.joins()]
        entries = {}
        for vm in joined:
            entry = _entry(name, known.spec, vm.address, vm.connected_at, vm.boot.labels)
            kept = known.entries.get(entry["metadata"]["name"], entry)
            if vm.settled and vm.boot.probe:
                kept["status"] = {"conditions": [_health(vm.message)]}
            entries[entry["metadata"]["name"]] = kept
        known.entries = entries

    def _others(self, group: str, spec: Mapping[str, Any], now: str) -> Iterable[dict[str, Any]]:
        """The entries of VMs that no cloud manages, whose owners see to it that they are healthy."""
        app = spec["metadata"]["labels"].get("app", group)
        for number in range(self.machines):
            address = f"10.99.{number >> 8}.{number & 255}"
            entry = _entry(group, spec, address, now, {"service.istio.io/canonical-name": app})
            yield {**entry, "status": {"conditions": [_health("")]}}


def _entry(
    group: str, spec: Mapping[str, Any], address: str, connected_at: str, sent: Mapping[str, str]
) -> dict[str, Any]:
    """What istiod makes of a group for a VM that sent labels of its own (`workloadEntryFromGroup`)."""
    template = {key: value for key, value in spec["template"].items() if value}
    labels = {**template.get("labels", {}), **spec["metadata"]["labels"], **sent}
    annotations = {"istio.io/autoRegistrationGroup": group, "istio.io/connectedAt": connected_at}
    metadata = {"name": f"{group}-{address}", "annotations": annotations, "resourceVersion": "1"}
    return {
        "metadata": {**metadata, "labels": labels},
        "spec": {**copy.deepcopy(template), "address": address, "labels": labels},
        "status": {},
    }


def _health(message: str) -> dict[str, str]:
    failing = {"status": "False", "message": message} if message else {"status": "True"}
    return {"type": "Healthy", **failing}


def _replace(known: Iterable[dict[str, dict[str, Any]]], name: str, body: Any) -> tuple[int, Any]:
    """An update of what was changed meanwhile is a conflict; status is a resource of its own."""
    entries = next((each for each in known if name in each), None)
    if entries is None:
        return 404, {}
    if body["metadata"].get("resourceVersion") != entries[name]["metadata"]["resourceVersion"]:
        return 409, {}
    entries[name] = {**body, "status": entries[name]["status"]}
    _count_version(entries[name])
    return 200, entries[name]


def _count_version(entry: dict[str, Any]) -> None:
    entry["metadata"]["resourceVersion"] = str(int(entry["metadata"]["resourceVersion"]) + 1)
