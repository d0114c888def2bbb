"""What a stack needs in each region of each account."""

from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.plan.kinds import AwsNetworkPlan, GcpNetworkPlan
from hybrid_mesh.model.plan.requirements import aws, google
from hybrid_mesh.model.plan.requirements.access import access, services
from hybrid_mesh.model.plan.requirements.costs import costs
from hybrid_mesh.model.plan.requirements.types import Need, RegionNeeds, Requirements
from hybrid_mesh.model.plan.types import MeshPlan


def requirements(plan: MeshPlan) -> Requirements:
    """Everything that the accounts of `plan` need; all of it is empty if nothing is created in a cloud."""
    return Requirements(
        regions=tuple(_regions(plan)), services=services(plan), access=access(plan), costs=costs(plan)
    )


def _regions(plan: MeshPlan) -> list[RegionNeeds]:
    """Sorted by cloud, account and region; networks of one region are added up."""
    found: dict[tuple[str, str, str], RegionNeeds] = {}
    for name, network in plan.networks.items():
        match network:
            case GcpNetworkPlan():
                needs, unknown = google.needs(plan, network)
            case AwsNetworkPlan():
                needs, unknown = aws.needs(plan, network)
            case _:
                continue
        key = cloud_of(network.config).title, network.project or "", network.config.region
        before = found.get(key, RegionNeeds(*key, networks=(), needs=(), unknown=()))
        found[key] = RegionNeeds(
            *key,
            networks=(*before.networks, name),
            needs=_added([*before.needs, *needs]),
            unknown=(*before.unknown, *unknown),
        )
    return [found[key] for key in sorted(found)]


def _added(needs: list[Need]) -> tuple[Need, ...]:
    """Needs of the same thing as one."""
    found: dict[tuple[str, str], Need] = {}
    for need in needs:
        key = need.what, need.quota.name
        before = found.get(key)
        found[key] = Need(need.what, before.amount + need.amount, need.quota) if before else need
    return tuple(found.values())
