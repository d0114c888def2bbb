"""The objects that every cluster of the mesh gets in addition to Istio's charts."""

import hashlib
from collections.abc import Sequence

from hybrid_mesh.model.istio_facts import (
    MULTI_CLUSTER_LABEL,
    READER_SERVICE_ACCOUNT,
    SECURITY_API,
    SYSTEM_NAMESPACE,
)
from hybrid_mesh.model.objects.manifest import Manifest, annotated, manifest
from hybrid_mesh.model.objects.planned import AT_RUN_TIME

REMOTE_SECRET_NAME = "istio-remote-secrets"  # noqa: S105 - a Secret's name, not a secret
"""Name of the one merged Secret of a cluster, in `istio-system`; each key is a peer's cluster name."""
PULL_SECRET_NAME = "hybrid-mesh-registry"  # noqa: S105 - a Secret's name, not a secret
"""Name of the Secret with the credentials of the image registry, in every namespace of the mesh."""
PULL_SECRET = "pull-secret"  # noqa: S105 - part of a resource's name
"""Key, or its beginning, of the resources of these Secrets."""
_READER_TOKEN = f"{READER_SERVICE_ACCOUNT}-istio-remote-secret-token"
TAKE_OVER = {"pulumi.com/patchForce": "true"}
"""Lets Pulumi's plug-in take over fields of other managers (pulumi-kubernetes, "Server-Side Apply")."""
CERTIFICATE_FILES = ("ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem")
"""Keys of the Secret `cacerts` (Istio: "Plug in CA Certificates")."""


def strict_peer_authentication() -> Manifest:
    """Mutual TLS for every workload of the mesh: the root namespace's default policy."""
    return manifest(
        SECURITY_API,
        "PeerAuthentication",
        "default",
        SYSTEM_NAMESPACE,
        spec={"mtls": {"mode": "STRICT"}},
    )


def reader_token_name(authority: str) -> str:
    """The name of the Secret with the reader's token in a cluster whose CA is `authority`.

    A cloud that rotates a cluster's credentials replaces the CA, and the keys that sign tokens with it: the
    token in an old Secret stays the same and is refused. Another name creates another Secret, and the old one
    is deleted after the peers have got the new token.
    """
    return f"{_READER_TOKEN}-{authority_suffix(authority)}"


def authority_suffix(authority: str) -> str:
    """The ending of the names of tokens that are signed under one CA of a cluster."""
    return hashlib.sha256(authority.encode()).hexdigest()[:8]


def reader_token_secret(cluster: str, *, first: bool = True) -> Manifest:
    """The token with which the peers' istiods read this cluster, as `istioctl create-remote-secret` creates
    it. Where that may have created one already (not `first`), it has another name."""
    secret = manifest(
        "v1",
        "Secret",
        _READER_TOKEN if first else f"{_READER_TOKEN}-hybrid-mesh",
        SYSTEM_NAMESPACE,
        type="kubernetes.io/service-account-token",
    )
    secret["metadata"]["annotations"] = {
        "kubernetes.io/service-account.name": READER_SERVICE_ACCOUNT,
        "networking.istio.io/cluster": cluster,
    }
    return secret


def cacerts_secret() -> Manifest:
    """The CA of istiod. Without it, istiod would create its own, which no other cluster trusts."""
    data = dict.fromkeys(CERTIFICATE_FILES, AT_RUN_TIME)
    return manifest("v1", "Secret", "cacerts", SYSTEM_NAMESPACE, type="Opaque", stringData=data)


def pull_secret(namespace: str) -> Manifest:
    """The credentials of the image registry, for pods in `namespace`."""
    return manifest(
        "v1",
        "Secret",
        PULL_SECRET_NAME,
        namespace,
        type="kubernetes.io/dockerconfigjson",
        stringData={".dockerconfigjson": AT_RUN_TIME},
    )


def remote_secrets(peers: Sequence[str], existing: str | None = None) -> Manifest:
    """The merged remote Secret: the kubeconfig of each peer, under the peer's name. With `existing`, it is
    the Secret of that name, whose fields are taken over from the manager that made it.

    istiod ignores a peer that another Secret has, and does not look at it again when that Secret is deleted.
    It replaces a kubeconfig that changes in its Secret without forgetting the peer's endpoints (`addSecret`
    in pkg/kube/multicluster/secretcontroller.go of Istio 1.31).
    """
    secret = manifest(
        "v1",
        "Secret",
        existing or REMOTE_SECRET_NAME,
        SYSTEM_NAMESPACE,
        {MULTI_CLUSTER_LABEL: "true"},
        type="Opaque",
        stringData=dict.fromkeys(peers, AT_RUN_TIME),
    )
    return annotated(secret, TAKE_OVER) if existing else secret
