"""The kubeconfig with which one cluster's istiod reads another cluster's API server."""

import json


def render_kubeconfig(
    cluster: str, server: str, ca_pem_base64: str | None, token: str, server_name: str | None = None
) -> str:
    """One peer's kubeconfig, as `istioctl create-remote-secret` writes it, in JSON (which is YAML).

    It has no blanks, as the stack's state holds it twice for each pair of clusters.
    `server` is the URL at which the other clusters reach the API server; `ca_pem_base64` is the base64 of its
    certificate authority in PEM, None for those that istiod's image trusts; `server_name` is the name in its
    certificate, if that is not the URL's host; `token` is the token of the peer's reader account.
    """
    tls = {"certificate-authority-data": ca_pem_base64, "tls-server-name": server_name}
    given = {key: value for key, value in tls.items() if value is not None}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {**given, "server": server}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
        "preferences": {},
        "users": [{"name": cluster, "user": {"token": token}}],
    }
    return json.dumps(kubeconfig, separators=(",", ":")) + "\n"
