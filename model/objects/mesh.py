"""What every cluster of the mesh is given besides Istio's charts.

Sources: `samples/multicluster/{expose-services,expose-istiod}.yaml` of Istio 1.31.0.
"""

from collections.abc import Sequence

from hybrid_mesh.model.istio_facts import (
    CROSS_NETWORK_PORT,
    ISTIOD_PORT,
    MULTI_CLUSTER_LABEL,
    NETWORK_LABEL,
    NETWORKING_API,
    READER_SERVICE_ACCOUNT,
    SECURITY_API,
    SYSTEM_NAMESPACE,
    service_host,
)
from hybrid_mesh.model.objects.manifest import Manifest, manifest
from hybrid_mesh.model.objects.planned import AT_RUN_TIME

REMOTE_SECRET_NAME = "istio-remote-secrets"  # noqa: S105 - a Secret's name, not a secret
"""Name of the one merged Secret of a cluster, in `istio-system`; each key is a peer's cluster name."""
CERTIFICATE_FILES = ("ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem")
"""Keys of the Secret `cacerts` (Istio: "Plug in CA Certificates")."""
_GATEWAY_SELECTOR = {"istio": "eastwestgateway"}


def system_namespace(network: str) -> Manifest:
    """`istio-system` with the label that tells istiod the network of the cluster's endpoints."""
    return manifest("v1", "Namespace", SYSTEM_NAMESPACE, labels={NETWORK_LABEL: network})


def cross_network_gateway(extra_hosts: Sequence[str] = ()) -> Manifest:
    """Lets mTLS traffic for services of this cluster in from other networks, by its server name.

    `extra_hosts` are the groups' own host names, which `*.local` does not match.
    """
    server = {
        "port": {"number": CROSS_NETWORK_PORT, "name": "tls", "protocol": "TLS"},
        "tls": {"mode": "AUTO_PASSTHROUGH"},
        "hosts": ["*.local", *extra_hosts],
    }
    spec = {"selector": _GATEWAY_SELECTOR, "servers": [server]}
    return manifest(NETWORKING_API, "Gateway", "cross-network-gateway", SYSTEM_NAMESPACE, spec=spec)


def istiod_gateway() -> Manifest:
    """Lets machines reach istiod through the east-west gateway; the webhook's port stays inside."""
    server = {
        "port": {"number": ISTIOD_PORT, "name": "tls-istiod", "protocol": "TLS"},
        "tls": {"mode": "PASSTHROUGH"},
        "hosts": ["*"],
    }
    spec = {"selector": _GATEWAY_SELECTOR, "servers": [server]}
    return manifest(NETWORKING_API, "Gateway", "istiod-gateway", SYSTEM_NAMESPACE, spec=spec)


def istiod_virtual_service() -> Manifest:
    """Routes what arrives at `istiod_gateway` to istiod."""
    destination = {"host": service_host("istiod", SYSTEM_NAMESPACE), "port": {"number": ISTIOD_PORT}}
    route = {
        "match": [{"port": ISTIOD_PORT, "sniHosts": ["*"]}],
        "route": [{"destination": destination}],
    }
    spec = {"hosts": ["*"], "gateways": ["istiod-gateway"], "tls": [route]}
    return manifest(NETWORKING_API, "VirtualService", "istiod-vs", SYSTEM_NAMESPACE, spec=spec)


def strict_peer_authentication() -> Manifest:
    """Mutual TLS for every workload of the mesh: the root namespace's default policy."""
    return manifest(
        SECURITY_API,
        "PeerAuthentication",
        "default",
        SYSTEM_NAMESPACE,
        spec={"mtls": {"mode": "STRICT"}},
    )


def reader_token_secret(cluster: str) -> Manifest:
    """The token by which the peers' istiods read this cluster (`istioctl create-remote-secret` makes the
    same)."""
    secret = manifest(
        "v1",
        "Secret",
        f"{READER_SERVICE_ACCOUNT}-istio-remote-secret-token",
        SYSTEM_NAMESPACE,
        type="kubernetes.io/service-account-token",
    )
    secret["metadata"]["annotations"] = {
        "kubernetes.io/service-account.name": READER_SERVICE_ACCOUNT,
        "networking.istio.io/cluster": cluster,
    }
    return secret


def cacerts_secret() -> Manifest:
    """What istiod signs with. Without it, it would sign by itself, and no other cluster would trust it."""
    data = dict.fromkeys(CERTIFICATE_FILES, AT_RUN_TIME)
    return manifest("v1", "Secret", "cacerts", SYSTEM_NAMESPACE, type="Opaque", stringData=data)


def remote_secrets(peers: Sequence[str]) -> Manifest:
    """The merged remote Secret: the kubeconfig of each peer under its name."""
    return manifest(
        "v1",
        "Secret",
        REMOTE_SECRET_NAME,
        SYSTEM_NAMESPACE,
        {MULTI_CLUSTER_LABEL: "true"},
        type="Opaque",
        stringData=dict.fromkeys(peers, AT_RUN_TIME),
    )
