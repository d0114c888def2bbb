"""`hybridmesh:index:LoadBalancerDrain`: on deletion, waits until the cluster has no load balancer.

A Service of type LoadBalancer owns a resource outside its cluster. The cloud's controller deletes that
resource before the Service (finalizer `service.kubernetes.io/load-balancer-cleanup`, Kubernetes, "Garbage
collecting load balancers"). Without the controller, its nodes and its network, the load balancer would leak.
On GKE, the load balancer's network endpoint groups go after the Service, and keep the network until then.

Inputs: `clusterName`, `incarnation` (identifies the cluster), `kubeconfig` (secret; ignored in diffs),
`quarantined` (no I/O). Outputs: the inputs.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from hybrid_mesh.plugins.framework.api_server import ApiServer, ApiServerError
from hybrid_mesh.plugins.framework.calls import CallContext, Progress
from hybrid_mesh.plugins.framework.declared import RememberedHandler
from hybrid_mesh.plugins.framework.errors import ResourceError, WaitTimeoutError
from hybrid_mesh.plugins.framework.handler import DeleteCall
from hybrid_mesh.plugins.framework.values import Properties

_ENDPOINT_GROUPS: Final = "/apis/networking.gke.io/v1beta1/servicenetworkendpointgroups"
"""GKE's network endpoint groups, each owned by its Service (kubernetes/ingress-gce, `pkg/apis/svcneg`)."""
_WAIT_SECONDS: Final = 900.0
_ASK_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 10.0
_PROGRESS_SECONDS: Final = 5.0


class LoadBalancerDrainHandler(RememberedHandler):
    inputs = frozenset({"clusterName", "incarnation", "kubeconfig", "quarantined"})
    optional = frozenset({"kubeconfig"})
    defaults: ClassVar[Mapping[str, Any]] = {"quarantined": False}
    identifying = frozenset({"clusterName", "incarnation"})
    not_compared = frozenset({"kubeconfig"})
    secret_outputs = frozenset({"kubeconfig"})
    no_import = "a load balancer drain cannot be imported"

    def identity(self, inputs: Properties) -> str:
        return f"{inputs['clusterName']}/load-balancers"

    def delete(self, call: DeleteCall) -> None:
        """Waits. Raises ResourceError that names the remaining load balancers, or the failure of the
        cluster."""
        known = {**call.outputs, **call.inputs}
        if known["quarantined"]:
            return
        waiting = _Waiting(known, call.context)
        cluster = known["clusterName"]
        condition = f"cluster {cluster} has no load balancers"
        try:
            call.context.wait_for(
                waiting.done,
                condition=condition,
                timeout=call.timeout or _WAIT_SECONDS,
                interval=_ASK_SECONDS,
            )
        except WaitTimeoutError as failure:
            raise ResourceError(f"{failure}: {waiting.reason()}") from None


class _Waiting:
    """Polls the Services, keeps the last response and reports the progress."""

    def __init__(self, inputs: Properties, context: CallContext) -> None:
        self._inputs = inputs
        self._progress = Progress(context, _PROGRESS_SECONDS)
        self._server = ApiServer(inputs.get("kubeconfig"), None)
        self._left: list[str] = []
        self._trouble = ""

    def done(self) -> bool:
        """Polls once. Returns whether none is left."""
        try:
            services = self._server.get("/api/v1/services", _ANSWER_SECONDS)["items"]
            left = [_name(each) for each in services if _balanced(each)]
            self._left = sorted(left) or self._endpoint_groups(services)
        except ApiServerError as failure:
            self._trouble = str(failure)
        else:
            self._trouble = ""
        if not self._left and not self._trouble:
            return True
        self._progress.report(f"waiting for load balancers: {self._trouble or ', '.join(self._left)}")
        return False

    def _endpoint_groups(self, services: list[Any]) -> list[str]:
        """The network endpoint groups of deleted Services. Those of others go with the cluster."""
        existing = {_name(each) for each in services}
        found = self._server.find(_ENDPOINT_GROUPS, _ANSWER_SECONDS) or {"items": []}
        return sorted(
            f"network endpoint group {_name(each)}" for each in found["items"] if not _owners(each) & existing
        )

    def reason(self) -> str:
        if self._trouble:
            cluster = self._inputs["clusterName"]
            return (
                f"{self._trouble}; if the cluster no longer exists, set clusters.{cluster}.state: "
                "quarantined, run `up`, then `destroy`, and delete its load balancers in the cloud"
            )
        return (
            f"load balancers remain: {', '.join(self._left)}; delete Services that the mesh did not create, "
            "or see their events (kubectl describe)"
        )


def _balanced(service: Any) -> bool:
    return bool(service.get("spec", {}).get("type") == "LoadBalancer")


def _name(named: Any) -> str:
    metadata = named["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}"


def _owners(group: Any) -> set[str]:
    """The names of the Services that own a network endpoint group."""
    metadata = group["metadata"]
    references = metadata.get("ownerReferences") or []
    return {f"{metadata['namespace']}/{each['name']}" for each in references if each["kind"] == "Service"}
