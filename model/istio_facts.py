"""What Istio itself fixes: its ports, namespaces, hosts and labels. Every other module takes them from here.

Sources, of Istio 1.31: "Ports used by Istio" (ops/deployment/application-requirements), "Resource labels"
(reference/config/labels), and the files named below.
"""

ADMIN_PORT = 15000
OUTBOUND_PORT = 15001
DEBUG_PORT = 15004
INBOUND_PORT = 15006
HBONE_PORT = 15008
ISTIOD_PORT = 15012
"""istiod's xDS and CA by TLS: what proxies and VMs connect to."""
WEBHOOK_PORT = 15017
"""Where istiod's webhooks answer; without it the creation of every injected pod hangs."""
AGENT_PORT = 15020
"""The agent's status server (pilot/cmd/pilot-agent): it listens as long as the agent runs, whether istiod
answers or not, and stops with its Envoy."""
HEALTH_PORT = 15021
"""Envoy's readiness, which depends on istiod."""
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
"""Ports of the proxy and the agent beside a workload, in a pod or on a VM."""

SYSTEM_NAMESPACE = "istio-system"
CLUSTER_DOMAIN = "cluster.local"
ISTIOD_HOST = f"istiod.{SYSTEM_NAMESPACE}.svc"
"""Name in istiod's certificate by which proxies know it."""
READER_SERVICE_ACCOUNT = "istio-reader-service-account"
"""Service account in `istio-system` whose token the peers use; made by the chart `base`."""
ROOT_CONFIG_MAP = "istio-ca-root-cert"
"""ConfigMap that istiod writes into every namespace: `root-cert.pem` has the mesh's roots."""

INJECTION_LABEL = "istio-injection"
NETWORK_LABEL = "topology.istio.io/network"
CANONICAL_NAME_LABEL = "service.istio.io/canonical-name"
CANONICAL_REVISION_LABEL = "service.istio.io/canonical-revision"
MULTI_CLUSTER_LABEL = "istio/multiCluster"
"""By which istiod finds remote Secrets (pkg/kube/multicluster/secretcontroller.go)."""

NETWORKING_API = "networking.istio.io/v1"
SECURITY_API = "security.istio.io/v1"

GROUP_LABEL = "hybrid-mesh/group"
"""This project's own: only the VMs of one workload group carry it, and the group's Service selects it."""


def service_host(name: str, namespace: str) -> str:
    """The DNS name of a Service."""
    return f"{name}.{namespace}.svc.{CLUSTER_DOMAIN}"


GATEWAY_CLASS = "istio"
"""The GatewayClass of Istio's own gateways ("Kubernetes Gateway API", tasks/traffic-management/ingress)."""
