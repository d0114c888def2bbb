"""What Kiali needs to read the clusters of the mesh.

Sources: Kiali, "Multi-cluster" (the Secret, its labels and its keys), and the role of its chart for viewers.
"""

from collections.abc import Sequence
from typing import Any

from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.objects.manifest import Manifest, manifest
from hybrid_mesh.model.objects.mesh import authority_suffix
from hybrid_mesh.model.objects.planned import AT_RUN_TIME

ACCOUNT = "hybrid-mesh-kiali"
"""Name of Kiali's service account, its ClusterRole and its binding in each other cluster."""
SECRET_NAME = "kiali-multi-cluster-secret"  # noqa: S105 - a Secret's name, not a secret
"""The Secret that Kiali's chart always mounts; each key is a cluster's name."""
LABELS = {"kiali.io/multiCluster": "true", "kiali.io/kiali-multi-cluster-secret": "true"}
"""By these labels Kiali's operator finds the Secret, and restarts Kiali when it changes."""

_RBAC = "rbac.authorization.k8s.io/v1"
_READ = ["get", "list", "watch"]
_GATEWAY_API = (
    "backendtlspolicies",
    "gatewayclasses",
    "gateways",
    "grpcroutes",
    "httproutes",
    "referencegrants",
    "tcproutes",
    "tlsroutes",
    "udproutes",
)


def account() -> Manifest:
    return manifest("v1", "ServiceAccount", ACCOUNT, SYSTEM_NAMESPACE, automountServiceAccountToken=False)


def role() -> Manifest:
    """Everything that Kiali shows, for reading alone, and port-forwards, by which it asks istiod and proxies
    for their configuration. It has no Secrets."""
    rules = [
        _rule("", "configmaps", "namespaces", "pods", "pods/log", "replicationcontrollers", "services"),
        _rule("", "pods/portforward", verbs=["create"]),
        _rule("apps", "daemonsets", "deployments", "replicasets", "statefulsets"),
        _rule("batch", "cronjobs", "jobs"),
        *(_rule(f"{group}.istio.io", "*") for group in ("extensions", "networking", "security", "telemetry")),
        _rule("inference.networking.k8s.io", "*"),
        _rule("gateway.networking.k8s.io", *_GATEWAY_API),
        _rule("authentication.k8s.io", "tokenreviews", verbs=["create"]),
        _rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", verbs=["list"]),
    ]
    return manifest(_RBAC, "ClusterRole", ACCOUNT, rules=rules)


def role_binding() -> Manifest:
    return manifest(
        _RBAC,
        "ClusterRoleBinding",
        ACCOUNT,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ACCOUNT},
        subjects=[{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": SYSTEM_NAMESPACE}],
    )


def token_name(authority: str) -> str:
    """The name of the Secret with the account's token, as `reader_token_name`."""
    return f"{ACCOUNT}-{authority_suffix(authority)}"


def token_secret() -> Manifest:
    """The account's token, which Kubernetes fills in."""
    secret = manifest("v1", "Secret", ACCOUNT, SYSTEM_NAMESPACE, type="kubernetes.io/service-account-token")
    secret["metadata"]["annotations"] = {"kubernetes.io/service-account.name": ACCOUNT}
    return secret


def clusters_secret(clusters: Sequence[str], namespace: str) -> Manifest:
    """The kubeconfig of each of `clusters`, under its name."""
    data = dict.fromkeys(clusters, AT_RUN_TIME)
    return manifest("v1", "Secret", SECRET_NAME, namespace, LABELS, type="Opaque", stringData=data)


def _rule(group: str, *resources: str, verbs: Sequence[str] = _READ) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
