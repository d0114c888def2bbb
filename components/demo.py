"""The demo in one cluster: an echo server in the mesh, and a pod outside it."""

import pulumi

from hybrid_mesh.components.member import ClusterMember


class Demo(pulumi.ComponentResource):
    """Istio's echo server, to which `hybrid-mesh verify` sends requests."""

    def __init__(
        self, name: str, *, member: ClusterMember, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("hybridmesh:index:Demo", name, None, opts)
        member.declare(f"{member.name}-demo", self)
        self.register_outputs({})
