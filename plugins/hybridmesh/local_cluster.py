"""`hybridmesh:index:LocalCluster`: a Kubernetes cluster that the embedded site raises on this machine.

Inputs: `clusterName`, `network` {name, cidr, direct, delayMilliseconds, lossPercent}, `podCidr`,
`serviceCidr`, `kubernetesVersion`, `quarantined` (no I/O at all). Outputs: the inputs, `instanceId` (this
incarnation; also the resource's id), `kubeconfig` (secret), `endpoint` (from this machine), `peerEndpoint`
(from other members of the lab), `certificateAuthorityPem`, `gatewayAddress` (reserved for the Service
istio-system/istio-eastwestgateway).
"""

from typing import ClassVar, Final

from local.lab.specs import ClusterInfo, ClusterSpec
from plugins.framework.calls import CallContext
from plugins.framework.errors import ResourceError
from plugins.framework.handler import Checked, Created, Diff, ReadState, ResourceHandler
from plugins.framework.values import Properties
from plugins.hybridmesh.inputs import missing, unexpected
from plugins.hybridmesh.instance import instance_diff
from plugins.hybridmesh.lab import (
    Life,
    checked_network,
    connect,
    find_cluster,
    in_background,
    network_spec,
    remove,
    unknown_outputs,
)

INPUTS: Final = frozenset(
    {"clusterName", "network", "podCidr", "serviceCidr", "kubernetesVersion", "quarantined"}
)
OUTPUTS: Final = (
    "instanceId",
    "kubeconfig",
    "endpoint",
    "peerEndpoint",
    "certificateAuthorityPem",
    "gatewayAddress",
)
DEFAULTS: Final = {"kubernetesVersion": "1.35.4", "serviceCidr": "10.96.0.0/16", "quarantined": False}
_CREATE_SECONDS: Final = 300.0
_DELETE_SECONDS: Final = 120.0


class LocalClusterHandler(ResourceHandler):
    secret_outputs: ClassVar[frozenset[str]] = frozenset({"kubeconfig"})

    def check(self, olds: Properties, news: Properties, context: CallContext) -> Checked:
        del olds, context
        inputs = checked_network({**DEFAULTS, **news})
        return Checked(inputs, [*unexpected(news, INPUTS), *missing(inputs, INPUTS)])

    def diff(
        self,
        identity: str,
        old_outputs: Properties,
        old_inputs: Properties,
        news: Properties,
        context: CallContext,
    ) -> Diff:
        """Asks the lab whether the recorded instance lives: a dead one is replaced, unless it is in
        quarantine.
        """
        if news["quarantined"] or old_inputs.get("quarantined"):
            return Diff.of_inputs(old_inputs, news)
        life, _ = find_cluster(old_outputs["clusterName"], identity, context)
        return instance_diff(life, old_inputs, news)

    def create(self, inputs: Properties, *, preview: bool, timeout: float, context: CallContext) -> Created:
        if preview:
            return Created("", unknown_outputs(inputs, OUTPUTS))
        info = _ensure(inputs, timeout, context)
        return Created(info.instance_id, _outputs(inputs, info))

    def read(
        self, identity: str, inputs: Properties, outputs: Properties, context: CallContext
    ) -> ReadState | None:
        if not inputs:
            raise ResourceError("a local cluster cannot be imported; it is declared in the stack file")
        if inputs.get("quarantined"):
            return ReadState(identity, inputs, outputs)
        life, info = find_cluster(inputs["clusterName"], identity, context)
        if life is Life.DEAD:
            return None
        if info is None or info.state != "ready":
            return ReadState(identity, inputs, outputs)
        return ReadState(identity, inputs, _outputs(inputs, info))

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
        """Only the quarantine changes in place; an unfinished creation is awaited once more."""
        del identity
        if preview or news["quarantined"] or old_inputs.get("quarantined"):
            return {**old_outputs, **news}
        return _outputs(news, _ensure(news, timeout, context))

    def delete(
        self, identity: str, outputs: Properties, inputs: Properties, *, timeout: float, context: CallContext
    ) -> None:
        """Deletes this incarnation only: the name may belong to its successor already."""
        if inputs.get("quarantined"):
            return
        name = outputs["clusterName"]

        def delete() -> None:
            remove(lambda lab: lab.cluster(name), lambda lab: lab.delete_cluster(name), identity)

        what = f"cluster {name} is gone"
        in_background(delete, what=what, timeout=timeout or _DELETE_SECONDS, context=context)


def _ensure(inputs: Properties, timeout: float, context: CallContext) -> ClusterInfo:
    specification = ClusterSpec(
        name=inputs["clusterName"],
        network=network_spec(inputs),
        pod_cidr=inputs["podCidr"],
        service_cidr=inputs["serviceCidr"],
        kubernetes_version=inputs["kubernetesVersion"],
    )

    def ensure() -> ClusterInfo:
        return connect(start=True).ensure_cluster(specification, context.status)

    what = f"cluster {specification.name} is ready"
    return in_background(ensure, what=what, timeout=timeout or _CREATE_SECONDS, context=context)


def _outputs(inputs: Properties, info: ClusterInfo) -> Properties:
    return {
        **inputs,
        "instanceId": info.instance_id,
        "kubeconfig": info.kubeconfig,
        "endpoint": info.endpoint,
        "peerEndpoint": info.peer_endpoint,
        "certificateAuthorityPem": info.certificate_authority,
        "gatewayAddress": info.gateway_address,
    }
