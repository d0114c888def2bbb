"""Rules on quotas of a cloud.

Source: Amazon VPC User Guide, "Amazon VPC quotas" (docs.aws.amazon.com/vpc/latest/userguide/
amazon-vpc-limits.html): 60 inbound rules for each security group, which AWS raises on request. A CIDR counts
as one rule, and so does another security group. The AWS Load Balancer Controller creates one security group
for a load balancer, with a rule for each CIDR and port (its issue 4800), and adds one rule to the security
group of the nodes, from its load balancers to the pods (its page "Security groups"). Google's VPC allows
5,000 source CIDRs in a firewall rule ("VPC resource quotas"), more than an API server does.
"""

from collections.abc import Iterable, Iterator

from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.clouds.aws import ZONE_LETTERS
from hybrid_mesh.model.clouds.registry import AWS
from hybrid_mesh.model.config.clusters import EksClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import AwsNetworkConfig
from hybrid_mesh.model.derive.api_access import allowed_count, plan_exposure
from hybrid_mesh.model.derive.firewall import plan_firewall
from hybrid_mesh.model.derive.types import FirewallRulePlan, Party
from hybrid_mesh.model.istio_facts import CROSS_NETWORK_PORT, HEALTH_PORT, ISTIOD_PORT
from hybrid_mesh.model.reading.problems import Problem, Problems

GATEWAY_PORTS = (ISTIOD_PORT, HEALTH_PORT, CROSS_NETWORK_PORT)
"""Ports of an east-west gateway's load balancer."""

RULES_OF_OTHERS = {"nodes": 1, "control-plane": 1}
"""Rules that others add to a security group, by the role of its members: the AWS Load Balancer Controller,
and EKS, whose security group of a control plane has a rule for its own members ("Security group
requirements")."""


@rule
def security_groups_have_room_for_rules(mesh: MeshConfig) -> Problems:
    """A security group must not need more rules than `rulesPerSecurityGroup`."""
    for name, network in sorted(mesh.networks.items()):
        if not isinstance(network, AwsNetworkConfig) or not _has_ranges(network):
            continue
        limit = network.rules_per_security_group
        counted = [*_firewalls(mesh, name), *_gateways(mesh, name)]
        too_many = [(count, whose, remedy) for count, whose, remedy in counted if count > limit]
        if too_many:
            count, whose, remedy = max(too_many)
            yield Problem(
                f"networks.{name}.rulesPerSecurityGroup",
                str(limit),
                f"the security group of {whose} requires {count} rules",
                f'{remedy} Or request a higher quota "Inbound or outbound rules per security group", and set '
                f"`rulesPerSecurityGroup: {count}`.",
            )


def _has_ranges(network: AwsNetworkConfig) -> bool:
    """Whether the network has room for its subnets, which the firewall needs. Other rules report it if
    not."""
    letters = [zone[-1:] for zone in AWS.zones(network)]
    fits = network.cidr.prefixlen <= AWS.sizes.smallest
    return fits and all(letter and letter in ZONE_LETTERS for letter in letters)


def _firewalls(mesh: MeshConfig, name: str) -> Iterator[tuple[int, str, str]]:
    """Number of rules, owner and remedy of each security group in network `name`."""
    for (role, owner), count in sorted(rules_of_groups(plan_firewall(mesh, name)).items()):
        yield count, f"the {role} of {owner}", "Use fewer groups or ports in this network."


def rules_of_groups(firewall: Iterable[FirewallRulePlan]) -> dict[tuple[str, str], int]:
    """The number of inbound rules of each security group, by the role and the name of its members; with the
    rules that others add."""
    counts: dict[tuple[str, str], int] = {}
    for planned in firewall:
        role, owner = planned.target.role, planned.target.name
        counts.setdefault((role, owner), RULES_OF_OTHERS.get(role, 0))
        counts[role, owner] += _count(planned)
    return counts


def _count(planned: FirewallRulePlan) -> int:
    """One rule for each source and port."""
    return sum(_peers(source) for source in planned.sources) * max(1, len(planned.ports))


def _peers(source: Party) -> int:
    """Number of CIDRs or security groups of `source`. A rule has exactly one of them."""
    return len(source.ranges) if source.role == "addresses" else 1


def _gateways(mesh: MeshConfig, network: str) -> Iterator[tuple[int, str, str]]:
    for name, cluster in sorted(mesh.clusters.items()):
        if cluster.network != network or not isinstance(cluster, EksClusterConfig):
            continue
        exposure = plan_exposure(mesh, name)
        if exposure is not None:
            count = allowed_count(mesh, exposure.sources) * len(GATEWAY_PORTS)
            yield count, f"the gateway of {name}", "Merge CIDRs of `egress` into larger ones."
