"""What a stack costs in a month, as far as the table of prices knows."""

from collections.abc import Iterator

from hybrid_mesh.model.clouds import prices
from hybrid_mesh.model.clouds.google import disk_type
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.trust import AwsPrivateCaTrustConfig, GoogleCasTrustConfig
from hybrid_mesh.model.plan.kinds import AwsNetworkPlan, EksClusterPlan, GcpNetworkPlan
from hybrid_mesh.model.plan.requirements.sets import (
    MachineSet,
    clusters_of,
    load_balancers,
    reserved_addresses,
    sets_of,
    total,
)
from hybrid_mesh.model.plan.requirements.types import Amount, CostLine, Costs
from hybrid_mesh.model.plan.types import MeshPlan

FORWARDING_RULES_TOGETHER = 5
"""Forwarding rules that are billed as one (VPC pricing, "Forwarding rules")."""

Line = tuple[str, Amount, float | None]
"""What, how many, and the price of one for a month; None if it is unknown."""


def costs(plan: MeshPlan) -> Costs:
    """Networks in the order of their names, then the mesh's own authority."""
    lines: list[CostLine] = []
    unknown: list[str] = []
    for cloud, region, found in [*_networks(plan), *_trust(plan)]:
        for what, amount, price in found:
            if price is None:
                unknown.append(f"No price is known for {what} in {region}.")
            elif amount.maximum:
                lines.append(CostLine(cloud, region, what, amount.minimum, amount.maximum, price))
    return Costs(tuple(lines), tuple(dict.fromkeys(unknown)))


def _networks(plan: MeshPlan) -> Iterator[tuple[str, str, list[Line]]]:
    for network in plan.networks.values():
        match network:
            case GcpNetworkPlan(config=config):
                yield cloud_of(config).title, config.region, _google(plan, network)
            case AwsNetworkPlan(config=config):
                yield cloud_of(config).title, config.region, _aws(plan, network)


def _trust(plan: MeshPlan) -> Iterator[tuple[str, str, list[Line]]]:
    match plan.trust:
        case GoogleCasTrustConfig(pool=None) as trust:
            authority = "root in CA Service, enterprise tier"
            yield "Google", trust.location, [(authority, Amount.exactly(1), prices.AUTHORITIES[trust.issuer])]
        case AwsPrivateCaTrustConfig(arn=None) as trust:
            authority = "root in AWS Private CA"
            yield "AWS", trust.region, [(authority, Amount.exactly(1), prices.AUTHORITIES[trust.issuer])]


def _google(plan: MeshPlan, network: GcpNetworkPlan) -> list[Line]:
    known = prices.GOOGLE.get(network.config.region)
    sets = sets_of(plan, network)
    found = [
        _control_planes(plan, network),
        *(_machines(each, known.machine(each.machine_type) if known else None) for each in sets),
    ]
    for kind in sorted({disk_type(each.machine_type) for each in sets}):
        gigabytes = _gigabytes([each for each in sets if disk_type(each.machine_type) == kind])
        found.append((f"disks, GB of {kind}", gigabytes, known.disks.get(kind) if known else None))
    if network.nat_addresses:
        members = total(each.amount for each in sets)
        billed = Amount.of_set(
            min(members.minimum, prices.CLOUD_NAT_MOST), min(members.maximum, prices.CLOUD_NAT_MOST), 0
        )
        found.append(("Cloud NAT, for each VM and node", billed, prices.CLOUD_NAT * prices.HOURS))
    gateways, ingresses = load_balancers(plan, network)
    rules = -(-(gateways + ingresses) // FORWARDING_RULES_TOGETHER)
    price = known.forwarding_rules * prices.HOURS if known else None
    found.append(("forwarding rules, up to five together", Amount.exactly(rules), price))
    addresses = reserved_addresses(plan, network) + ingresses
    found.append(("public addresses", Amount.exactly(addresses), prices.PUBLIC_ADDRESS * prices.HOURS))
    return found


def _aws(plan: MeshPlan, network: AwsNetworkPlan) -> list[Line]:
    known = prices.AWS.get(network.config.region)
    sets = sets_of(plan, network)
    zones, balancers = len(network.zones), sum(load_balancers(plan, network))
    _, ingresses = load_balancers(plan, network)
    clusters = Amount.exactly(len(list(clusters_of(plan, network))))
    nats = Amount.exactly(network.nat_addresses)
    addresses = Amount.exactly(reserved_addresses(plan, network) + ingresses * zones)
    hours = prices.HOURS
    return [
        _control_planes(plan, network),
        ("control planes in extended support", _extended(plan, network), prices.EXTENDED_SUPPORT * hours),
        *(_machines(each, known.machine(each.machine_type) if known else None) for each in sets),
        ("detailed monitoring of VMs", _vms(plan, network), prices.DETAILED_MONITORING),
        ("disks, GB of gp3", _gigabytes(sets), known.gp3 if known else None),
        ("NAT gateways", nats, known.nat_gateway * hours if known else None),
        ("network load balancers", Amount.exactly(balancers), known.load_balancer * hours if known else None),
        ("public addresses", addresses, prices.PUBLIC_ADDRESS * hours),
        ("KMS keys", clusters, prices.KMS_KEY),
    ]


def _control_planes(plan: MeshPlan, network: GcpNetworkPlan | AwsNetworkPlan) -> Line:
    number = Amount.exactly(len(list(clusters_of(plan, network))))
    return "control planes", number, prices.CONTROL_PLANE * prices.HOURS


def _extended(plan: MeshPlan, network: AwsNetworkPlan) -> Amount:
    """Clusters that stay on a version when its standard support has ended: none today, all of them later."""
    extended = [
        cluster.name
        for cluster in clusters_of(plan, network)
        if isinstance(cluster, EksClusterPlan) and cluster.config.support == "extended"
    ]
    return Amount.of_set(0, len(extended), 0)


def _machines(each: MachineSet, hourly: float | None) -> Line:
    monthly = None if hourly is None else hourly * prices.HOURS
    return f"{each.what}, {each.machine_type}", each.amount, monthly


def _vms(plan: MeshPlan, network: AwsNetworkPlan) -> Amount:
    sets = [plan.groups[name].machine_set for name in network.groups]
    return total(Amount.of_set(each.minimum, each.maximum, 0) for each in sets if each)


def _gigabytes(sets: list[MachineSet]) -> Amount:
    return total(each.amount.times(each.disk_gigabytes) for each in sets)
