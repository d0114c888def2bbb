"""What a cluster already has: Istio, its certificates, the CRDs of the Gateway API."""

from hybrid_mesh.model.config.istio import GatewayApiSource
from hybrid_mesh.model.config.mesh import MeshConfig


def gateway_api_source(mesh: MeshConfig, cluster: str) -> GatewayApiSource:
    """Who installs the CRDs of the Gateway API in `cluster`: its own key, else the mesh's."""
    return mesh.clusters[cluster].istio.gateway_api or mesh.istio.gateway_api
