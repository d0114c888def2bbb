"""The settings of Istio's agent on a VM: the single source of cluster.env and mesh.yaml.

Source of every key and rule: `istioctl x workload entry configure` of Istio 1.31
(istioctl/pkg/workload/workload.go).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hybrid_mesh.model.istio_facts import CANONICAL_NAME_LABEL, CANONICAL_REVISION_LABEL, LOCALITY_LABEL

Platform = Literal["aws", "azure", "gcp", "none"]


@dataclass(frozen=True)
class AgentSettings:
    """The settings of the agents of one workload group.

    `cluster` is the Istio cluster ID of the istiod that they register with; `labels` are the WorkloadGroup's;
    `ports` those of its template (name to number); `probe` its `spec.probe` in the API's form (camelCase),
    None without a probe. `default_config` is `meshConfig.defaultConfig` of that cluster's istiod, as in its
    chart's values. Traffic of the excluded ports and interfaces does not pass the proxy. `platform` selects
    the metadata server that the agent reads its region and zone from, unless `locality` is set; with None,
    the agent detects it.
    """

    group: str
    namespace: str
    service_account: str
    cluster: str
    network: str
    mesh_id: str
    trust_domain: str
    labels: Mapping[str, str]
    ports: Mapping[str, int]
    probe: Mapping[str, Any] | None = None
    dns_capture: bool = True
    platform: Platform | None = None
    default_config: Mapping[str, Any] = field(default_factory=dict)
    excluded_inbound_ports: tuple[int, ...] = ()
    excluded_outbound_ports: tuple[int, ...] = ()
    excluded_interfaces: tuple[str, ...] = ()
    locality: str | None = None


def render_proxy_metadata(settings: AgentSettings) -> dict[str, str]:
    """The agent's `proxyMetadata`: istioctl's keys, and PROXY_CONFIG_XDS_AGENT, with which the agent
    receives a new root certificate immediately (pilot/cmd/pilot-agent/options/options.go)."""
    canonical = canonical_labels(settings.labels, settings.group)
    locality = {LOCALITY_LABEL: settings.locality} if settings.locality else {}
    labels = {**settings.labels, **canonical, **locality}
    metadata = {
        **settings.default_config.get("proxyMetadata", {}),
        "PROXY_CONFIG_XDS_AGENT": "true",
        "CANONICAL_SERVICE": canonical[CANONICAL_NAME_LABEL],
        "CANONICAL_REVISION": canonical[CANONICAL_REVISION_LABEL],
        "POD_NAMESPACE": settings.namespace,
        "SERVICE_ACCOUNT": settings.service_account,
        "TRUST_DOMAIN": settings.trust_domain,
        "ISTIO_META_CLUSTER_ID": settings.cluster,
        "ISTIO_META_MESH_ID": settings.mesh_id,
        "ISTIO_META_NETWORK": settings.network,
        "ISTIO_META_WORKLOAD_NAME": settings.group,
        "ISTIO_METAJSON_LABELS": to_json(labels),
        "ISTIO_META_AUTO_REGISTER_GROUP": settings.group,
    }
    if settings.ports:
        ports = [
            {"name": name, "containerPort": port, "protocol": ""}
            for name, port in sorted(settings.ports.items())
        ]
        metadata["ISTIO_META_POD_PORTS"] = to_json(ports, sort_keys=False)
    if settings.dns_capture:
        metadata["ISTIO_META_DNS_CAPTURE"] = "true"
    else:
        metadata.pop("ISTIO_META_DNS_CAPTURE", None)
    return dict(sorted(metadata.items()))


def canonical_labels(labels: Mapping[str, str], group: str) -> dict[str, str]:
    """The labels that Istio's telemetry uses for the VMs of `group`, which have `labels`."""
    name = _first(labels, CANONICAL_NAME_LABEL, "app.kubernetes.io/name", "app") or group
    revision = _first(labels, CANONICAL_REVISION_LABEL, "app.kubernetes.io/version", "version") or "latest"
    return {CANONICAL_NAME_LABEL: name, CANONICAL_REVISION_LABEL: revision}


def _first(labels: Mapping[str, str], *keys: str) -> str | None:
    """The rule by which Istio names the canonical service (pkg/kube/labels/labels.go)."""
    return next((labels[key] for key in keys if key in labels), None)


def to_json(value: object, *, sort_keys: bool = True) -> str:
    """JSON in one line, as the agent reads it from its environment."""
    return json.dumps(value, separators=(",", ":"), sort_keys=sort_keys)
