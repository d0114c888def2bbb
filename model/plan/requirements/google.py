"""What a network on Google Cloud needs of its project.

The names of the quotas are those that `gcloud compute regions describe` and `gcloud compute project-info
describe` print (Compute Engine API, `Quota.metric`). Their values depend on the project.
"""

from collections import defaultdict

from hybrid_mesh.model.clouds.google import disk_type
from hybrid_mesh.model.clouds.registry import GOOGLE
from hybrid_mesh.model.clouds.vcpus import google_quota, google_vcpus
from hybrid_mesh.model.plan.kinds import GcpNetworkPlan
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

DISK_QUOTAS = {"pd-balanced": "SSD_TOTAL_GB", "hyperdisk-balanced": "HDB_TOTAL_GB"}
AUTHORIZED_NETWORKS = Quota(
    "authorized networks of a cluster", GOOGLE.api_source_limit, "GKE does not raise it.", None
)
REQUEST_PAGE = "https://console.cloud.google.com/iam-admin/quotas?project="


def needs(plan: MeshPlan, network: GcpNetworkPlan) -> tuple[list[Need], list[str]]:
    """What the network needs, and what cannot be computed."""
    machines, unknown = _machines(plan, network)
    gateways, ingresses = load_balancers(plan, network)
    reserved = reserved_addresses(plan, network)
    own = network.config.id is None
    counted = [
        ("reserved addresses (NAT, gateways)", reserved, "STATIC_ADDRESSES", True),
        ("addresses in use, with those of ingresses", reserved + ingresses, "IN_USE_ADDRESSES", True),
        ("load balancers", gateways + ingresses, "EXTERNAL_NETWORK_LB_FORWARDING_RULES", True),
        ("VPC networks", int(own), "NETWORKS", False),
        ("Cloud Routers with a NAT", int(network.nat_addresses > 0), "ROUTERS", False),
        ("firewall rules", len(network.firewall), "FIREWALLS", False),
    ]
    found = machines + [
        Need(what, Amount.exactly(number), _quota(network, name, regional=regional))
        for what, number, name, regional in counted
        if number
    ]
    for cluster in clusters_of(plan, network):
        if number := allowed_sources(plan, cluster):
            what = f"authorized networks of {cluster.name}"
            found.append(Need(what, Amount.exactly(number), AUTHORIZED_NETWORKS))
    return found, unknown


def _machines(plan: MeshPlan, network: GcpNetworkPlan) -> tuple[list[Need], list[str]]:
    vcpus: dict[str, Amount] = defaultdict(lambda: NOTHING)
    disks: dict[str, Amount] = defaultdict(lambda: NOTHING)
    unknown, sets = [], sets_of(plan, network)
    for each in sets:
        disks[disk_type(each.machine_type)] += each.amount.times(each.disk_gigabytes)
        if (number := google_vcpus(each.machine_type)) is None:
            unknown.append(f"No vCPUs are known for {each.machine_type} ({each.what}).")
        else:
            vcpus[google_quota(each.machine_type)] += each.amount.times(number)
    found = [Need("vCPUs", amount, _quota(network, name)) for name, amount in sorted(vcpus.items())]
    if sets:
        instances = total(each.amount for each in sets)
        found.append(Need("nodes and VMs", instances, _quota(network, "INSTANCES")))
    found += [
        Need(f"disks, GB of {kind}", amount, _quota(network, DISK_QUOTAS[kind]))
        for kind, amount in sorted(disks.items())
    ]
    return found, unknown


def _quota(network: GcpNetworkPlan, name: str, *, regional: bool = True) -> Quota:
    project = network.project or ""
    place = f"regions describe {network.config.region}" if regional else "project-info describe"
    columns = "table(quotas.metric,quotas.limit,quotas.usage)"
    show = f"gcloud compute {place} --project {project} --flatten quotas --format '{columns}'"
    return Quota(name, None, show, f"{REQUEST_PAGE}{project}")
