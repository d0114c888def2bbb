"""Istio's fixed ports, namespaces, host names and labels, for all other modules.

Sources, of Istio 1.31: "Ports used by Istio" (ops/deployment/application-requirements), "Resource labels"
(reference/config/labels), and the files named below.
"""

KUBERNETES_MINORS = {"1.31": (32, 36)}
"""Minor release of Istio -> the oldest and the newest minor release of Kubernetes 1 that it supports
(istio.io/latest/docs/releases/supported-releases, "Support status of Istio releases")."""

SSH_PORT = 22
ADMIN_PORT = 15000
OUTBOUND_PORT = 15001
DEBUG_PORT = 15004
INBOUND_PORT = 15006
HBONE_PORT = 15008
ISTIOD_PORT = 15012
"""istiod's xDS and CA over TLS, for proxies and VMs."""
WEBHOOK_PORT = 15017
"""istiod's webhooks. If they are not reachable, the creation of every injected pod hangs."""
AGENT_PORT = 15020
"""The agent's status server (pilot/cmd/pilot-agent). It listens as long as the agent runs, independent of
istiod, and stops with Envoy."""
HEALTH_PORT = 15021
"""Envoy's readiness port. Readiness depends on istiod."""
VM_HEALTH_PORT = 15029
"""This project's health endpoint on a VM (model/texts/machine_files/health.py), a port that Istio does not
use."""
DNS_PORT = 15053
METRICS_PORT = 15090
CROSS_NETWORK_PORT = 15443
"""East-west gateways: mutual TLS between networks, routed by server name."""

PROXY_PORTS = frozenset(
    {
        ADMIN_PORT,
        OUTBOUND_PORT,
        DEBUG_PORT,
        INBOUND_PORT,
        AGENT_PORT,
        HEALTH_PORT,
        DNS_PORT,
        METRICS_PORT,
    }
)
"""Ports of a gateway's proxy and its agent."""
SIDECAR_PORTS = PROXY_PORTS | {HBONE_PORT}
"""Ports of a workload's proxy and agent, in a pod or on a VM."""

SYSTEM_NAMESPACE = "istio-system"
DEFAULT_NAMESPACE = "default"
"""The namespace that Kubernetes creates for objects of which none is named, and never deletes."""
CLUSTER_DOMAIN = "cluster.local"
ISTIOD_HOST = f"istiod.{SYSTEM_NAMESPACE}.svc"
"""The host name in istiod's certificate that proxies verify."""
READER_SERVICE_ACCOUNT = "istio-reader-service-account"
"""Service account in `istio-system` whose token the peers use. The chart `base` creates it."""
ROOT_CONFIG_MAP = "istio-ca-root-cert"
"""ConfigMap that istiod writes to every namespace. Its key `root-cert.pem` has the root certificates."""

INJECTION_LABEL = "istio-injection"
NETWORK_LABEL = "topology.istio.io/network"
LOCALITY_LABEL = "istio-locality"
"""A label that the agent of a VM reads its locality from, before the platform's metadata (`extractLocality`'s
caller in pkg/bootstrap/config.go, `GetLocalityLabel` in pkg/model/proxy.go). istiod removes it from the
WorkloadEntry."""
CANONICAL_NAME_LABEL = "service.istio.io/canonical-name"
CANONICAL_REVISION_LABEL = "service.istio.io/canonical-revision"
MULTI_CLUSTER_LABEL = "istio/multiCluster"
"""Label by which istiod finds remote Secrets (pkg/kube/multicluster/secretcontroller.go)."""

NETWORKING_API = "networking.istio.io/v1"
SECURITY_API = "security.istio.io/v1"
TELEMETRY_API = "telemetry.istio.io/v1"

GROUP_LABEL = "hybrid-mesh/group"
"""This project's label of the VMs of one workload group, which the group's Service selects."""


TEMPLATE_LABEL = "hybrid-mesh/template"
"""This project's label of a VM: the fingerprint of the template that it was created from. The agent sends it
as metadata, and istiod copies it to the VM's WorkloadEntry when it creates that (`workloadEntryFromGroup` in
pilot/pkg/autoregistration/controller.go)."""


def service_host(name: str, namespace: str) -> str:
    """The DNS name of a Service."""
    return f"{name}.{namespace}.svc.{CLUSTER_DOMAIN}"


GATEWAY_API = "gateway.networking.k8s.io/v1"
BUNDLE_VERSION = "gateway.networking.k8s.io/bundle-version"
"""Annotation of a CRD of the Gateway API: its release."""
GATEWAY_API_KINDS = {
    "Gateway": (1, 0),
    "HTTPRoute": (1, 0),
    "GRPCRoute": (1, 1),
    "TLSRoute": (1, 5),
    "TCPRoute": (1, 6),
}
"""Kind of the Gateway API -> the oldest release of its CRD (BUNDLE_VERSION)
that istiod reads; it ignores older ones (`MinimumCRDVersions` in
pkg/config/schema/gatewayapi/minimumversions.go). The mesh requires Gateway and TLSRoute."""
GATEWAY_CLASS = "istio"
"""The GatewayClass of Istio's own gateways ("Kubernetes Gateway API", tasks/traffic-management/ingress)."""

GROUP_ANNOTATION = "istio.io/autoRegistrationGroup"
CONNECTED_ANNOTATION = "istio.io/connectedAt"
DISCONNECTED_ANNOTATION = "istio.io/disconnectedAt"
"""Annotations of a WorkloadEntry that istiod created for a VM: its group, and the times of its last
connection and disconnection. Source: istio.io/api/annotation and pilot/pkg/autoregistration."""
