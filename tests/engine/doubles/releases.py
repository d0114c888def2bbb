"""Helm releases in a cluster, under the double of the kubernetes plug-in."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hybrid_mesh.model.clouds.aws import EIP_ALLOCATIONS
from hybrid_mesh.plugins.framework.differences import compare, property_path
from hybrid_mesh.plugins.framework.errors import CheckFailure, ResourceError
from hybrid_mesh.plugins.framework.handler import CheckCall, Checked, Diff, DiffCall
from hybrid_mesh.plugins.framework.values import UNKNOWN, Properties
from tests.engine.doubles import balancers
from tests.engine.doubles.in_cluster import InClusterHandler
from tests.engine.doubles.kinds import RELEASE


class ReleaseHandler(InClusterHandler):
    """`kubernetes:helm.sh/v3:Release`. What a chart makes is known of Istio's charts only."""

    token = RELEASE

    def check(self, call: CheckCall) -> Checked:
        if self.skips_updates():
            return Checked(call.olds)
        inputs = {"values": {}, "namespace": "default", **call.news}
        if "name" not in inputs:
            mark = hashlib.sha256(call.context.random_seed + call.context.urn.encode()).hexdigest()[:8]
            inputs["name"] = call.olds.get("name") or f"{call.context.name}-{mark}"
        failures = [] if inputs.get("chart") else [CheckFailure("chart", "a release needs a chart")]
        return Checked(inputs, failures)

    def diff(self, call: DiffCall) -> Diff:
        found = compare(call.old_inputs, call.news)
        replaces = sorted({str(path[0]) for path in found} & {"name", "namespace"})
        return Diff(
            changes=bool(found),
            replaces=replaces,
            detailed={property_path(path): how for path, how in found.items()},
        )

    def identity(self, inputs: Properties) -> str:
        return f"{inputs['namespace']}/{inputs['name']}"

    def admit(self, inputs: Properties) -> None:
        if not inputs.get("createNamespace"):
            self.require_namespace(inputs["namespace"])
        chart = chart_of(inputs)
        if chart == "istiod":
            if not self.exists("kubernetes:core/v1:Secret", "istio-system/cacerts"):
                raise ResourceError(
                    "istiod without cacerts signs with its own CA: no other cluster would trust it"
                )
            if not self.release("istio-base"):
                raise ResourceError("no matches for kind 'EnvoyFilter': istio-base is not installed")
        if chart == "gateway":
            if not self.release("istiod"):
                raise ResourceError("the gateway's pod has no proxy image: istiod's webhook does not serve")
            balancers.demand_controller(self._world, self._provider.server)
            balancers.demand_free(self._world, _reserved(inputs))

    def outputs(self, inputs: Properties, identity: str) -> Properties:
        status = {
            "namespace": inputs["namespace"],
            "name": inputs["name"],
            "status": "deployed",
            "revision": 1,
            "version": str(inputs.get("version", "1.0.0")),
        }
        return {**inputs, "status": status, "resourceNames": {}, "manifest": {}}

    def foreseen(self, inputs: Properties) -> Properties:
        return {**inputs, "status": UNKNOWN, "resourceNames": UNKNOWN, "manifest": UNKNOWN}

    def created(self, inputs: Properties) -> None:
        if chart_of(inputs) == "gateway":
            service = inputs["values"].get("service", {})
            spec = {
                "type": service.get("type", "LoadBalancer"),
                "loadBalancerIP": service.get("loadBalancerIP"),
            }
            server, identity = self._provider.server, self.identity(inputs)
            balancers.add_service(self._world, server, identity, spec, _reserved(inputs))

    def updated(self, outputs: Properties) -> None:
        outputs["status"] = {**outputs["status"], "revision": outputs["status"]["revision"] + 1}

    def deleted(self, identity: str, inputs: Properties) -> None:
        if chart_of(inputs) == "gateway":
            balancers.remove_service(self._world, self._provider.server, identity)


def _reserved(inputs: Properties) -> list[str]:
    """The reserved addresses that the Service of a gateway asks for: an address, or Amazon's allocations."""
    service = inputs["values"].get("service", {})
    allocations = service.get("annotations", {}).get(EIP_ALLOCATIONS)
    wanted = [service["loadBalancerIP"]] if "loadBalancerIP" in service else []
    return allocations.split(",") if allocations else wanted


def chart_of(inputs: Properties) -> str:
    return Path(str(inputs.get("chart", ""))).name
