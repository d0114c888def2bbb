"""The peering of clusters: each has one reader token and one merged remote Secret."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from hybrid_mesh.components.member import ClusterMember
from hybrid_mesh.model.derive.kubeconfigs import SYSTEM, Endpoint
from hybrid_mesh.model.objects.kiali import token_name, token_secret
from hybrid_mesh.model.objects.manifest import Manifest
from hybrid_mesh.model.objects.mesh import reader_token_name, reader_token_secret
from hybrid_mesh.model.plan.kinds import CloudClusterPlan
from hybrid_mesh.model.texts.remote_secret import render_kubeconfig


class ReaderToken(pulumi.ComponentResource):
    """The token with which the peers' istiods read this cluster, as `istioctl create-remote-secret` creates
    it, or, as the planned component `kiali-<cluster>`, the account and the token with which Kiali reads it.

    That of the peers is known once this cluster's istiod is installed, whose roles permit the reader.
    """

    def __init__(
        self,
        name: str,
        *,
        member: ClusterMember,
        kiali: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:ReaderToken", name, None, opts)
        self._member = member
        component, filled = f"{member.name}-reader", {}
        secret, named = reader_token_secret(member.name), reader_token_name
        if kiali:
            component, secret, named = f"kiali-{member.name}", token_secret(), token_name
        if isinstance(member.cluster.plan, CloudClusterPlan):
            filled = _metadata(member, secret, named)
        self._data = member.declare(component, self, filled=filled)["secret"].data
        self.register_outputs({})

    def kubeconfig_for(self, network: str) -> pulumi.Output[str]:
        """The secret that a peer in `network` gets."""
        member = self._member
        parts = pulumi.Output.all(self._data, member.cluster.endpoint_for(network), member.cluster.peer_tls)
        return pulumi.Output.secret(parts.apply(lambda known: _kubeconfig(member.name, *known)))


class Peering(pulumi.ComponentResource):
    """The merged remote Secret, with which one cluster's istiod reads the others: one key per peer."""

    def __init__(
        self,
        name: str,
        *,
        member: ClusterMember,
        tokens: Mapping[str, ReaderToken],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:Peering", name, None, opts)
        keys = _kubeconfigs(member, tokens)
        member.declare(f"{member.name}-peering", self, filled={"remote-secrets": {"stringData": keys}})
        self.register_outputs({})


class KialiClusters(pulumi.ComponentResource):
    """The Secret with which Kiali, in the cluster of `member`, reads the others: one key per cluster."""

    def __init__(
        self,
        name: str,
        *,
        member: ClusterMember,
        tokens: Mapping[str, ReaderToken],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:KialiClusters", name, None, opts)
        keys = _kubeconfigs(member, tokens)
        member.declare(f"kiali-{member.name}", self, filled={"clusters": {"stringData": keys}})
        self.register_outputs({})


def _kubeconfigs(holder: ClusterMember, tokens: Mapping[str, ReaderToken]) -> dict[str, pulumi.Output[str]]:
    """The kubeconfig of each cluster for a client in the cluster of `holder`."""
    network = holder.cluster.plan.network
    return {peer: token.kubeconfig_for(network) for peer, token in sorted(tokens.items())}


def _metadata(
    member: ClusterMember, secret: Manifest, named: Callable[[str], str]
) -> dict[str, dict[str, Any]]:
    """The metadata of a token's Secret in a cluster whose CA a cloud may rotate."""
    authority = member.cluster.certificate_authority
    assert authority is not None
    # Google's plug-in returns the CA together with keys, as a secret.
    name = pulumi.Output.unsecret(authority.apply(named))
    return {"secret": {"metadata": {**secret["metadata"], "name": name}}}


def _kubeconfig(cluster: str, data: Any, server: str, tls: Endpoint | None) -> str:
    token = base64.b64decode(data["token"]).decode()
    if tls is None:
        return render_kubeconfig(cluster, server, data["ca.crt"], token)
    return render_kubeconfig(
        cluster, server, _authority(data["ca.crt"], tls.authority), token, tls.server_name
    )


def _authority(own: str, given: str | None) -> str | None:
    """The base64 of `given`; of the cluster's `own` authority if that is the same; None for the system's."""
    if given is None or given.split() == base64.b64decode(own).decode().split():
        return own
    return None if given == SYSTEM else base64.b64encode(given.encode()).decode()
