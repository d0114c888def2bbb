"""The configuration keys `hybrid-mesh:<name>` of the mesh's trust."""

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.trust import FilesTrustConfig, IntermediatesTrustConfig


def trust_keys(mesh: MeshConfig) -> dict[str, str]:
    """Names of the configuration keys, by the place in the configuration that decides on them."""
    match mesh.trust:
        case FilesTrustConfig() as trust:
            return {"trust.certificate": trust.certificate, "trust.key": trust.key}
        case IntermediatesTrustConfig() as trust:
            issued = [name for name, each in mesh.clusters.items() if each.certificates == "own"]
            of_clusters = {
                f"clusters.{name}.{kind}": key
                for name in sorted(issued)
                for kind, key in zip(("certificate", "chain", "key"), trust.names(name), strict=True)
            }
            return {**of_clusters, "trust.certificate": trust.certificate}
        case _:
            return {}
