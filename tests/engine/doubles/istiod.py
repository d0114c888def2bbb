"""What istiod keeps of WorkloadGroups: a WorkloadEntry for each VM, from its first connection on.

VMs come back under their addresses, within the grace period, whenever their group was changed: with the
entries that they had (`registerWorkload` in pilot/pkg/autoregistration/controller.go of Istio 1.31). When a
cloud's template of VMs was changed, others have taken their place.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from hybrid_mesh.model.istio_facts import TEMPLATE_LABEL
from tests.engine.doubles.store import Thing, World
from tests.engine.doubles.templates import fingerprint

GROUP: Final = "kubernetes:networking.istio.io/v1:WorkloadGroup"
API: Final = "/apis/networking.istio.io/v1/namespaces/"


@dataclass
class _Registered:
    """A group and the template of its VMs as they were last seen, and its entries by name."""

    spec: Mapping[str, Any]
    template: str
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)


class Istiod:
    """The control planes of a world's clusters. Of each group `machines` are there, Healthy."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.machines = 12
        self._lock = threading.Lock()
        self._groups: dict[tuple[str, str], _Registered] = {}

    def answer(self, method: str, server: str, path: str, body: Any) -> tuple[int, Any]:
        """The status and what is at `path`, which begins with `API`."""
        namespace, kind, name = (*path.removeprefix(API).split("/"), "")[:3]
        with self._lock:
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
        for name, thing in groups.items():
            spec, now = thing.outputs["spec"], datetime.now(UTC).isoformat()
            known, template = self._groups.get((server, thing.identity)), fingerprint(self.world, name)
            if known is None or known.template != template:
                entries = {
                    entry["metadata"]["name"]: entry for entry in self._made(name, spec, now, template)
                }
                self._groups[server, thing.identity] = _Registered(spec, template, entries)
            elif known.spec != spec:
                known.spec = spec
                for entry in known.entries.values():
                    entry["metadata"]["annotations"]["istio.io/connectedAt"] = now
                    _count_version(entry)
        return groups

    def _made(
        self, group: str, spec: Mapping[str, Any], now: str, fingerprint: str
    ) -> Iterable[dict[str, Any]]:
        template = {key: value for key, value in spec["template"].items() if value}
        labels = {**template.get("labels", {}), **spec["metadata"]["labels"]}
        labels["service.istio.io/canonical-name"] = labels.get("app", group)
        labels |= {TEMPLATE_LABEL: fingerprint} if fingerprint else {}
        for number in range(self.machines):
            address = f"10.99.{number >> 8}.{number & 255}"
            annotations = {"istio.io/autoRegistrationGroup": group, "istio.io/connectedAt": now}
            metadata = {"name": f"{group}-{address}", "annotations": annotations, "resourceVersion": "1"}
            yield {
                "metadata": {**metadata, "labels": labels},
                "spec": {**copy.deepcopy(template), "address": address, "labels": labels},
                "status": {"conditions": [{"type": "Healthy", "status": "True"}]},
            }


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
