"""Helm values of Istio's charts for one cluster.

Keys and defaults: `manifests/charts/{base,istio-control/istio-discovery,gateway}/values.yaml` of Istio
1.31.0.
"""

from collections.abc import Mapping
from typing import Any

from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import (
    CloudClusterConfig,
    ClusterConfig,
    GatewayExposureConfig,
    LocalClusterConfig,
)
from hybrid_mesh.model.config.istio import IstioConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.istio_facts import CROSS_NETWORK_PORT, HEALTH_PORT, ISTIOD_PORT, NETWORK_LABEL
from hybrid_mesh.model.objects import resilience
from hybrid_mesh.model.objects.mesh import PULL_SECRET_NAME
from hybrid_mesh.model.objects.resilience import TCP_KEEPALIVE
from hybrid_mesh.model.objects.telemetry import extension_providers

GATEWAY_NAME = "istio-eastwestgateway"
"""Name of the east-west gateway's release, Deployment and Service in `istio-system`."""

SOURCE_RANGES = "loadBalancerSourceRanges"
"""Key of the chart's `service`: the CIDRs that the load balancer allows."""

LOCAL_REQUESTS = {"cpu": "10m", "memory": "64Mi"}


def base_values() -> dict[str, Any]:
    """Values of the chart `base`: CRDs and the reader's service account.

    `validationFailurePolicy` is `Fail` from the start. Otherwise istiod switches it from Ignore to Fail,
    which would be drift forever.
    """
    return {"defaultRevision": "default", "base": {"validationFailurePolicy": "Fail"}}


def istiod_values(mesh: MeshConfig, name: str) -> dict[str, Any]:
    """Values of the chart `istiod` for cluster `name`, merged with `istio.values` of the mesh and then of the
    cluster."""
    istio, cluster = mesh.istio, mesh.clusters[name]
    values: dict[str, Any] = {
        "global": {
            "hub": istio.hub,
            "tag": istio.tag or istio.version,
            "meshID": mesh.id,
            "multiCluster": {"clusterName": name},
            "network": cluster.network,
        },
        "base": {"validationFailurePolicy": "Fail"},
        "env": _istiod_environment(istio),
        "meshConfig": {
            "trustDomain": mesh.trust_domain,
            "defaultConfig": {
                "proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true", "PROXY_CONFIG_XDS_AGENT": "true"}
            },
        },
    }
    if istio.pull_secret is not None:
        values["global"]["imagePullSecrets"] = [PULL_SECRET_NAME]
    networks = mesh_networks(mesh)
    if networks:
        values["global"]["meshNetworks"] = networks
    if istio.proxy == "envoy":
        values["telemetry"] = {"enabled": False}
    if isinstance(cluster, LocalClusterConfig):
        values = merge(values, _LOCAL_ISTIOD)
    if any(isinstance(each, CloudClusterConfig) for each in mesh.clusters.values()):
        values = merge(values, {"meshConfig": {"tcpKeepalive": TCP_KEEPALIVE}})
    if isinstance(cluster, CloudClusterConfig):
        values = merge(values, resilience.istiod_values(cluster))
        values = merge(values, cloud_of(cluster).istiod_values)
    values = merge(merge(values, istio.values), cluster.istio.values)
    providers, mesh_config = extension_providers(mesh, name), values["meshConfig"]
    if providers and isinstance(mesh_config, Mapping):
        given = mesh_config.get("extensionProviders")
        given = given if isinstance(given, list) else []
        values["meshConfig"] = {**mesh_config, "extensionProviders": [*providers, *given]}
    return values


def default_proxy_config(mesh: MeshConfig, name: str) -> dict[str, Any]:
    """`meshConfig.defaultConfig` of istiod in cluster `name`, which the proxies on VMs get too (Istio:
    `istioctl x workload entry configure` copies it). Values that `model.checks.istio_values` refuses are left
    out."""
    values: Any = istiod_values(mesh, name)
    if isinstance(legacy := values.get("pilot"), Mapping):
        values = merge(values, legacy)  # as the chart does
    for key in ("meshConfig", "defaultConfig"):
        values = values.get(key) if isinstance(values, Mapping) else None
    config = dict(values) if isinstance(values, Mapping) else {}
    metadata = config.get("proxyMetadata")
    given = metadata.items() if isinstance(metadata, Mapping) else ()
    config["proxyMetadata"] = {
        key: value for key, value in given if isinstance(value, str) and len(value.splitlines()) < 2
    }
    return config


def gateway_values(cluster: ClusterConfig, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Values of the chart `gateway` for the east-west gateway of a cluster, merged with the configured ones;
    `{}` when it has none. `labels` are those of the stack, for the load balancer that a cloud makes.

    The chart's own `networkGateway` would also publish the webhook port 15017, which no client outside needs.
    Its three settings (label, network view, ports) are therefore set one by one. The chart's image is `auto`,
    which istiod replaces. Kubernetes would treat `auto` as `auto:latest` and pull it at every start, so that
    no gateway could start while the registry is down; a fixed version avoids that.
    """
    if not cluster.gateway.enabled:
        return {}
    values: dict[str, Any] = {
        "name": GATEWAY_NAME,
        "labels": {NETWORK_LABEL: cluster.network},
        "env": {"ISTIO_META_REQUESTED_NETWORK_VIEW": cluster.network},
        "imagePullPolicy": "IfNotPresent",
        "service": {"type": cluster.gateway.service_type, "ports": _gateway_ports(cluster.gateway)},
    }
    if isinstance(cluster, LocalClusterConfig):
        values = merge(values, _LOCAL_GATEWAY)
    if isinstance(cluster, CloudClusterConfig):
        annotations = cloud_of(cluster).load_balancer_annotations(labels or {})
        values = merge(values, {"service": {"annotations": annotations}})
    values = merge(values, resilience.gateway_values(cluster))
    given = cluster.gateway.values
    if "replicaCount" in given and "autoscaling" not in given:
        values = merge(values, {"autoscaling": {"enabled": False}})
    if cluster.gateway.annotations:
        values = merge(values, {"service": {"annotations": cluster.gateway.annotations}})
    return merge(values, given)


def mesh_networks(mesh: MeshConfig) -> dict[str, Any]:
    """Gateways that istiod cannot discover from a Service's status: configured addresses of networks and
    clusters.

    Source: `MeshNetworks` of Istio's mesh configuration, which are added to the discovered gateways.
    """
    gateways: dict[str, list[dict[str, Any]]] = {}
    for name, network in mesh.networks.items():
        if network.gateway is not None:
            gateways.setdefault(name, []).append({"address": network.gateway, "port": CROSS_NETWORK_PORT})
    for _, cluster in sorted(mesh.clusters.items()):
        exposure = cluster.gateway
        if not exposure.enabled or cluster.state != "active":
            continue
        port = exposure.node_ports.tls if exposure.service_type == "NodePort" else CROSS_NETWORK_PORT
        gateways.setdefault(cluster.network, []).extend(
            {"address": address, "port": port} for address in exposure.addresses
        )
    return {
        network: {"endpoints": [], "gateways": entries}
        for network, entries in sorted(gateways.items())
        if entries
    }


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` merged with `over` as Helm does it: mappings are merged, other values replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = (
            merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
        )
    return merged


def _istiod_environment(istio: IstioConfig) -> dict[str, str]:
    environment = {"ISTIO_MULTIROOT_MESH": "true"}
    if istio.proxy == "envoy":
        environment |= {"PILOT_ENABLE_METADATA_EXCHANGE": "false", "PILOT_ENABLE_ALPN_FILTER": "false"}
    return environment


def _gateway_ports(exposure: GatewayExposureConfig) -> list[dict[str, Any]]:
    node_ports = exposure.node_ports
    ports = [
        ("status-port", HEALTH_PORT, node_ports.status),
        ("tls", CROSS_NETWORK_PORT, node_ports.tls),
        ("tls-istiod", ISTIOD_PORT, node_ports.istiod),
    ]
    fixed = exposure.service_type == "NodePort"
    return [
        {"name": name, "port": port, "targetPort": port, "protocol": "TCP"}
        | ({"nodePort": node_port} if fixed else {})
        for name, port, node_port in ports
    ]


_LOCAL_ISTIOD: dict[str, Any] = {
    "autoscaleEnabled": False,
    "replicaCount": 1,
    "resources": {"requests": {"cpu": "20m", "memory": "128Mi"}},
    "global": {
        "imagePullPolicy": "IfNotPresent",
        "defaultPodDisruptionBudget": {"enabled": False},
        "proxy": {
            "resources": {"requests": LOCAL_REQUESTS},
            "readinessPeriodSeconds": 2,
            "readinessFailureThreshold": 15,
        },
    },
    "meshConfig": {"defaultConfig": {"concurrency": 1}},
}
"""One host runs the whole mesh: one replica of everything, small requests, proxies with one thread. The
gateway's pod has no startup probe, so its readiness is checked often; otherwise it would be reported ready up
to 15 s late."""

_LOCAL_GATEWAY: dict[str, Any] = {
    "replicaCount": 1,
    "autoscaling": {"enabled": False},
    "resources": {"requests": LOCAL_REQUESTS},
    "terminationGracePeriodSeconds": 5,
}
