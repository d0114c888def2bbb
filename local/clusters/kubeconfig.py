"""Kubeconfigs for users and for the cluster's daemons."""

import base64
import json

from hybrid_mesh.local.clusters.pki import AUTHORITY, ClusterPki


def render(cluster: str, server: str, user: str, pki: ClusterPki) -> str:
    """A kubeconfig as JSON (which is YAML): client certificate `user` of `pki`, everything embedded."""
    entry = {
        "client-certificate-data": _encode(pki.certificate(user).read_bytes()),
        "client-key-data": _encode(pki.key(user).read_bytes()),
    }
    authority = _encode(pki.certificate(AUTHORITY).read_bytes())
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": cluster, "cluster": {"server": server, "certificate-authority-data": authority}}
            ],
            "users": [{"name": f"{cluster}-{user}", "user": entry}],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": f"{cluster}-{user}"}}],
            "current-context": cluster,
        }
    )


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()
