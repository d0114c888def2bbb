"""What a network on AWS needs of its account.

Source of codes, names and default values: the service quotas of EC2, EBS, VPC and Elastic Load Balancing
(`aws service-quotas list-aws-default-service-quotas`; AWS General Reference, "Service endpoints and
quotas"). A new account may have less than the default of vCPUs.
"""

from collections import defaultdict
from dataclasses import dataclass

from hybrid_mesh.model.checks.security_groups import GATEWAY_PORTS, rules_of_groups
from hybrid_mesh.model.clouds.registry import AWS
from hybrid_mesh.model.clouds.vcpus import STANDARD_QUOTA, aws_quota, aws_vcpus
from hybrid_mesh.model.plan.kinds import AwsNetworkPlan
from hybrid_mesh.model.plan.requirements.sets import (
    allowed_sources,
    clusters_of,
    load_balancers,
    reserved_addresses,
    sets_of,
    total,
)
from hybrid_mesh.model.plan.requirements.types import NOTHING, Amount, Need, Quota
from hybrid_mesh.model.plan.types import MeshPlan

STANDARD_VCPUS = 5
"""Default of the quota of standard instances. Those of other families are 0 in most accounts."""


@dataclass(frozen=True)
class _ServiceQuota:
    service: str
    code: str
    name: str
    default: int
    unit: int = 1


ELASTIC_IPS = _ServiceQuota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5)
VPCS = _ServiceQuota("vpc", "L-F678F1CE", "VPCs per Region", 5)
INTERNET_GATEWAYS = _ServiceQuota("vpc", "L-A4707A72", "Internet gateways per Region", 5)
NAT_GATEWAYS = _ServiceQuota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5)
RULES = _ServiceQuota("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60)
BALANCERS = _ServiceQuota("elasticloadbalancing", "L-69A177A2", "Network Load Balancers per Region", 50)
GP3 = _ServiceQuota("ebs", "L-7A658B76", "Storage for General Purpose SSD (gp3) volumes, in TiB", 50, 1024)

PUBLIC_ACCESS = Quota(
    "public access CIDRs of a cluster", AWS.api_source_limit, "EKS does not raise it.", None
)


def needs(plan: MeshPlan, network: AwsNetworkPlan) -> tuple[list[Need], list[str]]:
    """What the network needs, and what cannot be computed."""
    region, own = network.config.region, network.config.id is None
    machines, unknown = _machines(plan, network)
    counted = [
        ("elastic IP addresses (NAT, gateways)", reserved_addresses(plan, network), ELASTIC_IPS),
        ("load balancers", sum(load_balancers(plan, network)), BALANCERS),
        ("VPCs", int(own), VPCS),
        ("internet gateways", int(own), INTERNET_GATEWAYS),
        ("NAT gateways in a zone", int(network.nat_addresses > 0), NAT_GATEWAYS),
        (f"rules of the largest security group of {network.name}", _largest_group(plan, network), RULES),
    ]
    found = machines + [
        Need(what, Amount.exactly(number), _quota(region, quota)) for what, number, quota in counted if number
    ]
    for cluster in clusters_of(plan, network):
        if cluster.api.endpoint == "restricted" and (number := allowed_sources(plan, cluster)):
            what = f"public access CIDRs of {cluster.name}"
            found.append(Need(what, Amount.exactly(number), PUBLIC_ACCESS))
    return found, unknown


def _machines(plan: MeshPlan, network: AwsNetworkPlan) -> tuple[list[Need], list[str]]:
    vcpus: dict[tuple[str, str], Amount] = defaultdict(lambda: NOTHING)
    unknown, sets = [], sets_of(plan, network)
    for each in sets:
        if (number := aws_vcpus(each.machine_type)) is None:
            unknown.append(f"No vCPUs are known for {each.machine_type} ({each.what}).")
        else:
            vcpus[aws_quota(each.machine_type)] += each.amount.times(number)
    region = network.config.region
    found = []
    for (code, name), amount in sorted(vcpus.items()):
        default = STANDARD_VCPUS if (code, name) == STANDARD_QUOTA else 0
        found.append(Need("vCPUs", amount, _quota(region, _ServiceQuota("ec2", code, name, default))))
    if sets:
        disks = total(each.amount.times(each.disk_gigabytes) for each in sets)
        found.append(Need("disks, GB of gp3", disks, _quota(region, GP3)))
    return found, unknown


def _largest_group(plan: MeshPlan, network: AwsNetworkPlan) -> int:
    """The number of inbound rules of the security group with the most."""
    gateways = [
        allowed_sources(plan, cluster, gateway=True) * len(GATEWAY_PORTS)
        for cluster in clusters_of(plan, network)
    ]
    return max([*rules_of_groups(network.firewall).values(), *gateways], default=0)


def _quota(region: str, quota: _ServiceQuota) -> Quota:
    place = f"--region {region} --service-code {quota.service} --quota-code {quota.code}"
    return Quota(
        name=f"{quota.name} ({quota.code})",
        default=quota.default,
        show=f"aws service-quotas get-service-quota {place}",
        request=f"aws service-quotas request-service-quota-increase {place} --desired-value {{wanted}}",
        unit=quota.unit,
    )
