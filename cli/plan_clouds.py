"""Tables of `hybrid-mesh plan` about what is made in a cloud."""

from collections.abc import Callable
from typing import Any

from rich.table import Table

MakeTable = Callable[..., Table]


def cloud_tables(plan: dict[str, Any], table: MakeTable) -> list[Table]:
    """The tables of a plan's description; none where nothing is made in a cloud."""
    networks = [network for network in plan["networks"] if network["cloud"]]
    clusters = [cluster for cluster in plan["clusters"] if cluster["cloud"]]
    groups = [group for group in plan["groups"] if group["machines"]["cloud"]]
    tables = [_subnets(networks, table), _firewall(networks, table)] if networks else []
    tables += [_allowed_clients(clusters, table)] if clusters else []
    return tables + ([_machines(groups, table)] if groups else [])


def _subnets(networks: list[dict[str, Any]], table: MakeTable) -> Table:
    made = table("Subnets", "network", "subnet", "CIDR", "zone", "secondary CIDRs")
    for network in networks:
        for subnet in network["cloud"]["subnets"]:
            further = "\n".join(f"{name} {cidr}" for name, cidr in subnet["secondary"].items())
            zone = subnet["zone"] or network["cloud"]["region"]
            made.add_row(network["name"], subnet["name"], subnet["cidr"], zone, further)
    return made


def _firewall(networks: list[dict[str, Any]], table: MakeTable) -> Table:
    made = table("Firewall rules of cloud networks", "network", "from", "to", "ports", "for")
    for network in networks:
        for rule in network["cloud"]["firewall"]:
            everything = "all" if rule["protocol"] == "all" else "all TCP"
            made.add_row(
                network["name"],
                "\n".join(party["name"] for party in rule["from"]),
                rule["to"],
                ", ".join(map(str, rule["ports"])) or everything,
                rule["for"],
            )
    return made


def _allowed_clients(clusters: list[dict[str, Any]], table: MakeTable) -> Table:
    made = table("Allowed clients of API servers and gateways", "cluster", "at", "from", "for")
    for cluster in clusters:
        cloud = cluster["cloud"]
        places = [("API server", cloud["allowedClients"]), ("gateway", cloud["gatewayAllowedClients"])]
        for place, sources in places:
            for source in sources or [{"from": "no source outside the network", "for": cloud["endpoint"]}]:
                made.add_row(cluster["name"], place, source["from"], source["for"])
    return made


def _machines(groups: list[dict[str, Any]], table: MakeTable) -> Table:
    made = table("VMs in clouds", "group", "count", "machine type", "image", "zones", "machine identity")
    for group in groups:
        cloud = group["machines"]["cloud"]
        fixed = cloud["minimum"] == cloud["maximum"]
        number = str(cloud["minimum"]) if fixed else f"{cloud['minimum']} to {cloud['maximum']}"
        zones = ", ".join(cloud["zones"]) or cloud["region"]
        made.add_row(
            group["name"], number, cloud["machineType"], cloud["image"], zones, group["identity"] or ""
        )
    return made
