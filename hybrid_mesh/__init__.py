"""Hybrid Mesh as a package: what `pip install hybrid-mesh` installs, and what every import here names.

In a checkout its folders are links to those at the top of the repository, so every module has one name, in a
checkout and installed. The names below are the API for programs of your own (docs/library.md). Each is
imported when it is used: `import hybrid_mesh` alone loads no SDK.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybrid_mesh.components.clusters.base import MeshCluster
    from hybrid_mesh.components.clusters.existing import ExistingCluster
    from hybrid_mesh.components.clusters.kubeconfig import KubeconfigMeshCluster
    from hybrid_mesh.components.gateways import EastWestGateway
    from hybrid_mesh.components.ingress import Ingress
    from hybrid_mesh.components.istio import IstioControlPlane
    from hybrid_mesh.components.machines.base import MachineContext
    from hybrid_mesh.components.member import ClusterMember
    from hybrid_mesh.components.mesh import HybridMesh
    from hybrid_mesh.components.trust import MeshTrust
    from hybrid_mesh.components.workloads import WorkloadGroup
    from hybrid_mesh.model.config.mesh import MeshConfig
    from hybrid_mesh.model.plan.build import plan_from
    from hybrid_mesh.model.plan.types import MeshPlan
    from hybrid_mesh.model.reading.problems import ConfigurationError
    from hybrid_mesh.model.reading.stack_file import StackFile, find_stack_file

__all__ = [
    "ClusterMember",
    "ConfigurationError",
    "EastWestGateway",
    "ExistingCluster",
    "HybridMesh",
    "Ingress",
    "IstioControlPlane",
    "KubeconfigMeshCluster",
    "MachineContext",
    "MeshCluster",
    "MeshConfig",
    "MeshPlan",
    "MeshTrust",
    "StackFile",
    "WorkloadGroup",
    "find_stack_file",
    "plan_from",
]
_HOMES = {
    "ClusterMember": "components.member",
    "ConfigurationError": "model.reading.problems",
    "EastWestGateway": "components.gateways",
    "ExistingCluster": "components.clusters.existing",
    "HybridMesh": "components.mesh",
    "Ingress": "components.ingress",
    "IstioControlPlane": "components.istio",
    "KubeconfigMeshCluster": "components.clusters.kubeconfig",
    "MachineContext": "components.machines.base",
    "MeshCluster": "components.clusters.base",
    "MeshConfig": "model.config.mesh",
    "MeshPlan": "model.plan.types",
    "MeshTrust": "components.trust",
    "StackFile": "model.reading.stack_file",
    "WorkloadGroup": "components.workloads",
    "find_stack_file": "model.reading.stack_file",
    "plan_from": "model.plan.build",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
