"""How the clusters of the mesh read each other: one reader token each, one merged remote Secret each."""

import base64
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.clusters.base import MeshCluster
from components.declare import declare
from components.istio import IstioControlPlane
from model.objects.manifest import SYSTEM_NAMESPACE, manifest
from model.objects.mesh import reader_token_secret
from model.texts.remote_secret import REMOTE_SECRET_LABELS, REMOTE_SECRET_NAME, render_kubeconfig


class ReaderToken(pulumi.ComponentResource):
    """The token by which the peers' istiods read this cluster, as `istioctl create-remote-secret` makes it.

    `kubeconfig` is what a peer is given: secret. It is known once this cluster's istiod is there, whose roles
    let the reader in.
    """

    kubeconfig: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        cluster: MeshCluster,
        control_plane: IstioControlPlane,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:ReaderToken", name, None, opts)
        token = declare(
            f"{name}-secret",
            reader_token_secret(cluster.plan.name),
            cluster.options(self, [control_plane.base, control_plane.istiod]),
        )
        assert isinstance(token, Secret)
        self.kubeconfig = pulumi.Output.secret(
            pulumi.Output.all(token.data, cluster.peer_endpoint).apply(
                lambda parts: _kubeconfig(cluster.plan.name, parts[0], parts[1])
            )
        )
        self.register_outputs({})


class Peering(pulumi.ComponentResource):
    """What one cluster's istiod is given to read the others: the merged remote Secret, one key per peer."""

    def __init__(
        self,
        name: str,
        *,
        cluster: MeshCluster,
        control_plane: IstioControlPlane,
        tokens: Mapping[str, ReaderToken],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:Peering", name, None, opts)
        secret = manifest(
            "v1",
            "Secret",
            REMOTE_SECRET_NAME,
            SYSTEM_NAMESPACE,
            REMOTE_SECRET_LABELS,
            type="Opaque",
            stringData={peer: token.kubeconfig for peer, token in sorted(tokens.items())},
        )
        declare(f"{name}-remote-secrets", secret, cluster.options(self, [control_plane.istiod]))
        self.register_outputs({})


def _kubeconfig(cluster: str, data: Any, server: str) -> str:
    token = base64.b64decode(data["token"]).decode()
    return render_kubeconfig(cluster, server, data["ca.crt"], token)
