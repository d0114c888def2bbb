"""Istio's control plane in one cluster."""

from collections.abc import Mapping

import pulumi

from hybrid_mesh.components.member import ClusterMember


class IstioControlPlane(pulumi.ComponentResource):
    """istiod with everything that it requires, and the mesh-wide STRICT mutual TLS.

    `certificates` is the data of the cluster's Secret `cacerts`; None if it has that Secret already.
    """

    def __init__(
        self,
        name: str,
        *,
        member: ClusterMember,
        certificates: pulumi.Input[Mapping[str, str]] | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:IstioControlPlane", name, None, opts)
        filled = {} if certificates is None else {"cacerts": {"stringData": certificates}}
        member.declare(f"{member.name}-istio", self, filled=filled)
        self.register_outputs({})
