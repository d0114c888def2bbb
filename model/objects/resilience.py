"""Helm values by which istiod and the gateways in a cloud survive the loss of a node, a zone or a pod.

`gatewayClasses` of the chart `istiod` holds strategic merge patches for what istiod creates for a Gateway of
that class: a Deployment and, only if there is a patch, an autoscaler and a disruption budget
(`pilot/pkg/config/kube/gateway/deploymentcontroller.go` of Istio 1.31.0, `applyOverlay`).
"""

from collections.abc import Mapping
from typing import Any

from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig, ClusterConfig

EAST_WEST_SELECTOR = {"istio": "eastwestgateway"}
"""Label of the east-west gateway's pods."""
GRACE_SECONDS = 60
"""Time that a pod has beyond its drain before it is killed."""
TCP_KEEPALIVE = {"probes": 3, "time": "120s", "interval": "30s"}
"""Load balancers and NATs in clouds forget connections that are idle for 350 s (AWS: "Update the TCP idle
timeout") or 20 minutes (Google Cloud: Cloud NAT, "Timeouts"), and neither end notices."""
_MANAGED = {"gateway.istio.io/managed": "istio.io-gateway-controller"}
"""Label of the pods that istiod creates for Gateways."""
_GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"


def istiod_values(cluster: CloudClusterConfig) -> dict[str, Any]:
    """Values of the chart `istiod`: two replicas of everything, in several zones if there are, so that a node
    upgrade interrupts nothing."""
    return {
        "autoscaleMin": 2,
        "topologySpreadConstraints": _spread({"app": "istiod"}),
        "gatewayClasses": {"istio": _ingress_gateways(cluster)},
    }


def gateway_values(cluster: ClusterConfig) -> dict[str, Any]:
    """Values of the chart `gateway`, for the east-west gateway."""
    drain = drain_seconds(cluster)
    values: dict[str, Any] = {}
    if isinstance(cluster, CloudClusterConfig):
        values = {
            "autoscaling": {"minReplicas": 2},
            "podDisruptionBudget": {"minAvailable": 1},
            "topologySpreadConstraints": _spread(EAST_WEST_SELECTOR),
        }
    if drain is not None:
        values |= {
            "podAnnotations": _drain_annotation(drain),
            "terminationGracePeriodSeconds": drain + GRACE_SECONDS,
        }
    return values


def drain_seconds(cluster: ClusterConfig) -> int | None:
    """How long a gateway's pod serves after its shutdown began; None for Istio's default."""
    if cluster.gateway.drain_seconds is not None:
        return cluster.gateway.drain_seconds
    return cloud_of(cluster).gateway_drain_seconds if isinstance(cluster, CloudClusterConfig) else None


def _ingress_gateways(cluster: CloudClusterConfig) -> dict[str, Any]:
    drain = drain_seconds(cluster)
    pod: dict[str, Any] = {"topologySpreadConstraints": _spread(_MANAGED, _GATEWAY_NAME)}
    template: dict[str, Any] = {"spec": pod}
    if drain is not None:
        pod["terminationGracePeriodSeconds"] = drain + GRACE_SECONDS
        template["metadata"] = {"annotations": _drain_annotation(drain)}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    scaling = {"minReplicas": 2, "maxReplicas": 5, "metrics": [{"type": "Resource", "resource": cpu}]}
    return {
        "deployment": {"spec": {"template": template}},
        "horizontalPodAutoscaler": {"spec": scaling},
        "podDisruptionBudget": {"spec": {"minAvailable": 1}},
    }


def _drain_annotation(seconds: int) -> dict[str, str]:
    """Envoy accepts new connections for `drainDuration` after its shutdown began, and the agent ends it
    after `terminationDrainDuration` (pkg/envoy of Istio, `drain_listeners?graceful`)."""
    config = f"drainDuration: {seconds}s\nterminationDrainDuration: {seconds}s\n"
    return {"proxy.istio.io/config": config}


def _spread(labels: Mapping[str, str], *own: str) -> list[dict[str, Any]]:
    """Spreads the pods with `labels`, of one rollout and with the same values of the labels `own`, over zones
    and nodes. A pod is still scheduled where that is impossible: while a node is drained, fewer are free."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
            "matchLabelKeys": ["pod-template-hash", *own],
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
