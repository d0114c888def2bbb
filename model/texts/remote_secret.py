"""The kubeconfig by which one cluster's istiod reads another's API server."""

import json

REMOTE_SECRET_NAME = "istio-remote-secrets"  # noqa: S105 - a Secret's name, not a secret
"""Name of the one merged Secret of a cluster, in `istio-system`; each key is a peer's cluster name."""

REMOTE_SECRET_LABELS = {"istio/multiCluster": "true"}
"""The label by which istiod finds it (Istio: pkg/kube/multicluster/secretcontroller.go)."""


def render_kubeconfig(cluster: str, server: str, ca_pem_base64: str, token: str) -> str:
    """One peer's kubeconfig, as `istioctl create-remote-secret` writes it, in JSON (which is YAML).

    Without blanks, as the stack's state holds that of every peer twice for each cluster.
    `server` is the URL at which the other clusters reach the API server; `ca_pem_base64` is the base64 of its
    certificate authority in PEM; `token` is that of the peer's reader.
    """
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": cluster, "cluster": {"certificate-authority-data": ca_pem_base64, "server": server}}
        ],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
        "preferences": {},
        "users": [{"name": cluster, "user": {"token": token}}],
    }
    return json.dumps(kubeconfig, separators=(",", ":")) + "\n"
