"""The plans of each kind of network and cluster: one class per kind, which its component gets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from hybrid_mesh.model.clouds.gke_maintenance import maintenance_policy
from hybrid_mesh.model.clouds.google import first_nodes_of_zone, gke_cidrs
from hybrid_mesh.model.clouds.registry import GOOGLE
from hybrid_mesh.model.config.clusters import (
    CloudClusterConfig,
    EksClusterConfig,
    GkeClusterConfig,
    KubeconfigClusterConfig,
    LocalClusterConfig,
)
from hybrid_mesh.model.config.mesh import AwsRoleConfig, MeshConfig
from hybrid_mesh.model.config.networks import (
    AwsNetworkConfig,
    ExternalNetworkConfig,
    GcpNetworkConfig,
    LocalNetworkConfig,
)
from hybrid_mesh.model.derive.api_access import plan_api_access, plan_exposure
from hybrid_mesh.model.derive.types import ApiAccessPlan, GatewayExposurePlan
from hybrid_mesh.model.objects.load_balancers import load_balancer_controller
from hybrid_mesh.model.objects.planned import PlannedRelease
from hybrid_mesh.model.plan.inspection import InspectionPlan, plan_inspection
from hybrid_mesh.model.plan.types import ClusterPlan, NetworkPlan


@dataclass(frozen=True)
class GcpNetworkPlan(NetworkPlan):
    config: GcpNetworkConfig


@dataclass(frozen=True)
class AwsNetworkPlan(NetworkPlan):
    config: AwsNetworkConfig


@dataclass(frozen=True)
class LocalClusterPlan(ClusterPlan):
    config: LocalClusterConfig


@dataclass(frozen=True)
class KubeconfigClusterPlan(ClusterPlan):
    config: KubeconfigClusterConfig
    inspection: InspectionPlan | None = None
    """What the cluster must have already; None if nothing."""


@dataclass(frozen=True, kw_only=True)
class CloudClusterPlan(ClusterPlan):
    """A cluster that the program creates in a cloud."""

    config: CloudClusterConfig
    api: ApiAccessPlan
    """Who may reach the API server."""
    exposure: GatewayExposurePlan | None
    """How the east-west gateway is exposed; None without a gateway."""


@dataclass(frozen=True, kw_only=True)
class GkeClusterPlan(CloudClusterPlan):
    config: GkeClusterConfig
    control_plane_cidr: str
    """A /28 for the control plane."""
    maintenance: Mapping[str, Any] | None
    """The maintenance policy in the form of GKE's API; None for GKE's default."""
    first_nodes_of_zone: int
    """Number of nodes with which the pool starts in each zone."""


@dataclass(frozen=True, kw_only=True)
class EksClusterPlan(CloudClusterPlan):
    config: EksClusterConfig
    load_balancer_controller: PlannedRelease
    """Also part of its objects, and before all others."""
    roles: tuple[AwsRoleConfig, ...]
    """Roles that get an access entry."""


def network_of_kind(planned: NetworkPlan) -> NetworkPlan:
    """`planned` as an instance of the class of its kind."""
    match planned.config:
        case GcpNetworkConfig():
            return GcpNetworkPlan(**vars(planned))
        case AwsNetworkConfig():
            return AwsNetworkPlan(**vars(planned))
        case LocalNetworkConfig() | ExternalNetworkConfig():
            return planned
        case config:
            assert_never(config)


def cluster_of_kind(mesh: MeshConfig, planned: ClusterPlan) -> ClusterPlan:
    """`planned` as an instance of the class of its kind, with that kind's own plan."""
    match planned.config:
        case LocalClusterConfig():
            return LocalClusterPlan(**vars(planned))
        case KubeconfigClusterConfig():
            return KubeconfigClusterPlan(**vars(planned), inspection=plan_inspection(mesh, planned))
        case GkeClusterConfig() as config:
            network = mesh.networks[config.network]
            assert isinstance(network, GcpNetworkConfig)
            cidrs = gke_cidrs(network.cidr, config)
            return GkeClusterPlan(
                **vars(planned),
                api=plan_api_access(mesh, planned.name, config),
                exposure=plan_exposure(mesh, planned.name),
                control_plane_cidr=str(cidrs.control_plane),
                maintenance=maintenance_policy(config.maintenance),
                first_nodes_of_zone=first_nodes_of_zone(config.node_pool, GOOGLE.first_nodes(network)),
            )
        case EksClusterConfig() as config:
            network = mesh.networks[config.network]
            assert isinstance(network, AwsNetworkConfig)
            controller = load_balancer_controller(f"{planned.name}-load-balancers", network.region)
            return EksClusterPlan(
                **vars(replace(planned, objects=(controller, *planned.objects))),
                load_balancer_controller=controller,
                roles=tuple(
                    role
                    for role in mesh.operators.aws_roles
                    if not role.clusters or planned.name in role.clusters
                ),
                api=plan_api_access(mesh, planned.name, config),
                exposure=plan_exposure(mesh, planned.name),
            )
        case other:
            assert_never(other)
