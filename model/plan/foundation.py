"""The foundation of a stack: settings of networks, clusters and the root that cannot change in place."""

from typing import assert_never

from hybrid_mesh.model.config.networks import CloudNetworkConfig
from hybrid_mesh.model.config.trust import (
    AwsPrivateCaTrustConfig,
    FilesTrustConfig,
    GoogleCasTrustConfig,
    SelfSignedTrustConfig,
)
from hybrid_mesh.model.plan.kinds import CloudClusterPlan, EksClusterPlan, GcpNetworkPlan, GkeClusterPlan
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
        case _:
            own = {}
    version = plan.config.version if isinstance(plan, CloudClusterPlan) else None
    return {**facts, **own, **({"version": version} if version else {})}


def _of_trust(plan: MeshPlan) -> dict[str, str]:
    trust = plan.trust
    match trust:
        case SelfSignedTrustConfig() | FilesTrustConfig():
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
