"""What a plan makes in a cloud, as plain data."""

from typing import Any

from hybrid_mesh.model.config.networks import CloudNetworkConfig
from hybrid_mesh.model.derive.types import FirewallRulePlan, Source
from hybrid_mesh.model.plan.kinds import CloudClusterPlan
from hybrid_mesh.model.plan.types import ClusterPlan, GroupPlan, NetworkPlan


def network_in_cloud(network: NetworkPlan) -> dict[str, Any] | None:
    """Subnets, NAT and firewall of a cloud's network; None for others."""
    if not isinstance(network.config, CloudNetworkConfig):
        return None
    return {
        "region": network.config.region,
        "project": network.project,
        "adopted": network.config.id,
        "zones": list(network.zones),
        "subnets": [
            {
                "name": subnet.key,
                "cidr": subnet.cidr,
                "zone": subnet.zone,
                "public": subnet.public,
                "secondary": dict(subnet.secondary),
            }
            for subnet in network.subnets
        ],
        "natAddresses": network.nat_addresses,
        "egress": list(network.egress),
        "firewall": [_rule(rule) for rule in network.firewall],
    }


def cluster_in_cloud(cluster: ClusterPlan) -> dict[str, Any] | None:
    """Who may reach the API server and the gateway of a cluster in a cloud; None for others."""
    if not isinstance(cluster, CloudClusterPlan):
        return None
    exposure = cluster.exposure
    return {
        "controlPlaneCidr": getattr(cluster, "control_plane_cidr", None),
        "endpoint": cluster.api.endpoint,
        "allowedClients": [_source(source) for source in cluster.api.sources],
        "gatewayAddresses": exposure.reserved_addresses if exposure else 0,
        "gatewayAllowedClients": [_source(source) for source in exposure.sources] if exposure else [],
    }


def machines_in_cloud(group: GroupPlan) -> dict[str, Any] | None:
    """The VMs of a group in a cloud; None for others."""
    machines = group.machine_set
    if machines is None:
        return None
    return {
        "region": machines.region,
        "zones": list(machines.zones),
        "minimum": machines.minimum,
        "maximum": machines.maximum,
        "machineType": machines.machine_type,
        "image": machines.image,
        "package": machines.package,
        "architecture": machines.architecture,
        "diskGigabytes": machines.disk_gigabytes,
        "rootDevice": getattr(machines, "root_device", None),
        "readySeconds": machines.ready_seconds,
    }


def _source(source: Source) -> dict[str, str]:
    place = source.cidr or f"egress of {source.egress_of}"
    return {"from": place, "for": source.purpose}


def _rule(rule: FirewallRulePlan) -> dict[str, Any]:
    return {
        "name": rule.key,
        "to": f"{rule.target.role} {rule.target.name}",
        "from": [
            {"name": f"{party.role} {party.name}", "ranges": list(party.ranges)} for party in rule.sources
        ],
        **({"destinations": list(rule.destinations)} if rule.destinations else {}),
        "protocol": rule.protocol,
        "ports": list(rule.ports),
        "for": rule.purpose,
    }
