"""The foundation of a stack: settings of networks, clusters and the root that cannot change in place."""

from typing import assert_never

from hybrid_mesh.model.config.networks import CloudNetworkConfig
from hybrid_mesh.model.config.trust import (
    AwsPrivateCaTrustConfig,
    ExistingTrustConfig,
    FilesTrustConfig,
    GoogleCasTrustConfig,
    IntermediatesTrustConfig,
    SelfSignedTrustConfig,
)
from hybrid_mesh.model.plan.kinds import (
    CloudClusterPlan,
    EksClusterPlan,
    GcpNetworkPlan,
    GkeClusterPlan,
    LocalClusterPlan,
)
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan, NetworkPlan

Facts = dict[str, dict[str, str]]


def foundation_facts(plan: MeshPlan) -> Facts:
    """Path in the configuration -> key -> value, for every network, every cluster and the trust. CIDRs
    that the configuration omits are included as planned."""
    return {
        **{f"networks.{name}": _of_network(network) for name, network in plan.networks.items()},
        **{
            f"clusters.{name}": _of_cluster(cluster, plan.networks[cluster.network])
            for name, cluster in plan.clusters.items()
        },
        "trust": _of_trust(plan),
    }


def _of_network(plan: NetworkPlan) -> dict[str, str]:
    config = plan.config
    if not isinstance(config, CloudNetworkConfig):
        return {}
    facts = {"type": config.type, "cidr": str(config.cidr), "region": config.region, "id": config.id or ""}
    return {**facts, "project": plan.project or ""} if isinstance(plan, GcpNetworkPlan) else facts


def _of_cluster(plan: ClusterPlan, network: NetworkPlan) -> dict[str, str]:
    facts = {"type": plan.config.type, "network": plan.network}
    match plan:
        case GkeClusterPlan():
            own = {
                "serviceCidr": plan.service_cidr or "",
                "podCidr": plan.pod_cidr or "",
                "controlPlaneCidr": plan.control_plane_cidr,
            }
        case EksClusterPlan():
            zones = sorted({subnet.zone for subnet in network.subnets if subnet.zone})
            own = {"serviceCidr": plan.service_cidr or "", "zones": ",".join(zones)}
        case LocalClusterPlan():
            own = {"podCidr": plan.pod_cidr or ""}
        case _:
            own = {}
    return {
        **facts,
        **own,
        **(_of_control_plane(plan, network) if isinstance(plan, CloudClusterPlan) else {}),
    }


def _of_control_plane(plan: CloudClusterPlan, network: NetworkPlan) -> dict[str, str]:
    """`endpoint` is set if the API server can only be reached from a network that the program creates."""
    created = isinstance(network.config, CloudNetworkConfig) and network.config.id is None
    alone = plan.config.endpoint == "private" and created
    version = {"version": plan.config.version} if plan.config.version else {}
    return {**version, **({"endpoint": "private"} if alone else {})}


def _of_trust(plan: MeshPlan) -> dict[str, str]:
    trust = plan.trust
    match trust:
        case (
            SelfSignedTrustConfig() | FilesTrustConfig() | IntermediatesTrustConfig() | ExistingTrustConfig()
        ):
            place = {}
        case GoogleCasTrustConfig():
            place = {
                "location": trust.location,
                "pool": trust.pool or "",
                "project": trust.project or "",
            }
        case AwsPrivateCaTrustConfig():
            place = {"region": trust.region, "arn": trust.arn or ""}
        case _:
            assert_never(trust)
    return {"issuer": trust.issuer, **place}
