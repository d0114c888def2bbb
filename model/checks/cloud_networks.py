"""Rules on networks in a cloud."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from model.checks.registry import rule
from model.config.clusters import CloudClusterConfig, EksClusterConfig, GkeClusterConfig
from model.config.machines import CloudMachinesConfig
from model.config.mesh import MeshConfig
from model.config.networks import (
    AwsNetworkConfig,
    CloudNetworkConfig,
    ExternalNetworkConfig,
    GcpNetworkConfig,
)
from model.derive.subnets import (
    AWS_LARGEST,
    AWS_LONGEST,
    AWS_LONGEST_WITHOUT_CLUSTER,
    AWS_REGIONS_OF_FEW_ZONES,
    GCP_LONGEST,
    GCP_LONGEST_WITHOUT_CLUSTER,
    gke_ranges,
    nodes_range,
    zone_ranges,
    zones_of,
)
from model.derive.vm_sets import project_of, size
from model.reading.problems import Problem, format_value

REGION_FORMS = {
    "gcp": re.compile(r"[a-z]+-[a-z]+[0-9]{1,2}"),
    "aws": re.compile(r"[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-[0-9]"),
}
OTHER_PARTITIONS = re.compile(r"cn-|us-gov-|[a-z]+-iso[a-z]?-")
"""Regions whose ARNs and services have other names (IAM User Guide, "Amazon Resource Names"): the policies of
roles are written for the partition `aws`."""
REGION_EXAMPLES = {"gcp": "europe-west4", "aws": "us-east-1"}
ZONE_FORMS = {"gcp": r"-[a-z]", "aws": r"[a-h]"}
RESERVED_IN_SUBNET = {"gcp": 4, "aws": 5}
"""Addresses of a subnet that the cloud keeps (VPC, "Unusable addresses"; VPC User Guide, "Subnet sizing")."""

PODS_OF_A_NODE = 256
"""Addresses of the pods' range that GKE gives to each node with 110 pods at most."""

_VPC_ID = re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})")
_GCP_NETWORK = re.compile(
    r"(https://www\.googleapis\.com/compute/v1/)?(projects/[^/]+/global/networks/)?[a-z][-a-z0-9]{0,62}"
)


@rule
def regions_are_their_clouds(mesh: MeshConfig) -> Iterator[Problem]:
    """The region of a network is one of its cloud's."""
    for name, network in _cloud_networks(mesh):
        yield from region_problems(f"networks.{name}.region", network.region, network.type)


def region_problems(path: str, region: str, cloud: str) -> Iterator[Problem]:
    """What is wrong with a region at `path` of `cloud`, gcp or aws."""
    if REGION_FORMS[cloud].fullmatch(region):
        if cloud == "aws" and OTHER_PARTITIONS.match(region):
            message = "this region is in a partition of its own, for which the program makes no roles"
            yield Problem(path, region, message, f"Write one like {REGION_EXAMPLES[cloud]}.")
        return
    other = next((key for key, form in REGION_FORMS.items() if form.fullmatch(region)), None)
    zone = re.fullmatch(r"(.+[0-9])-?[a-z]", region)
    if other is not None:
        message = f"this is a region of {other}, not of {cloud}"
    elif zone and REGION_FORMS[cloud].fullmatch(zone[1]):
        yield Problem(path, region, "this is a zone, not a region", f"Write {zone[1]}.")
        return
    else:
        message = f"this is no region of {cloud}"
    yield Problem(path, region, message, f"Write one like {REGION_EXAMPLES[cloud]}.")


@rule
def zones_are_in_their_region(mesh: MeshConfig) -> Iterator[Problem]:
    """The zones of a network are in its region, each named once."""
    for name, network in _cloud_networks(mesh):
        for index, zone in enumerate(network.zones):
            path = f"networks.{name}.zones.{index}"
            if not re.fullmatch(re.escape(network.region) + ZONE_FORMS[network.type], zone):
                example = (
                    f"{network.region}-a" if isinstance(network, GcpNetworkConfig) else f"{network.region}a"
                )
                yield Problem(
                    path, zone, f"this is no zone of region {network.region}", f"Write one like {example}."
                )
            elif zone in network.zones[:index]:
                yield Problem(path, zone, "this zone is there twice", "Name each zone once.")


@rule
def aws_networks_have_zones_enough(mesh: MeshConfig) -> Iterator[Problem]:
    """A network of AWS is in two zones or more: EKS takes no fewer, and machines outlive one. They are named
    where only the account tells which there are."""
    for name, network in _cloud_networks(mesh):
        if network.region in AWS_REGIONS_OF_FEW_ZONES and not network.zones:
            yield Problem(
                f"networks.{name}.zones",
                "",
                f"which zones of {network.region} there are depends on the account",
                f"Name them: `aws ec2 describe-availability-zones --region {network.region}` lists them.",
            )
        if isinstance(network, AwsNetworkConfig) and len(zones_of(network)) < 2:
            yield Problem(
                f"networks.{name}.zones",
                format_value(network.zones),
                "EKS needs two zones at least",
                "Name two or three zones of the region, or leave `zones` out.",
            )


@rule
def cloud_networks_have_room(mesh: MeshConfig) -> Iterator[Problem]:
    """The range of a cloud's network has room for the ranges that are carved from it."""
    for name, network in _cloud_networks(mesh):
        has_clusters = any(
            isinstance(cluster, CloudClusterConfig) and cluster.network == name
            for cluster in mesh.clusters.values()
        )
        longest = _longest(network, has_clusters=has_clusters)
        if network.cidr.prefixlen > longest:
            members = "nodes, pods and Services" if has_clusters else "the subnets"
            yield Problem(
                f"networks.{name}.cidr",
                str(network.cidr),
                f"this range is too small for {members}",
                f"Give the network a /{longest} or larger; a /16 leaves room to grow.",
            )
        elif isinstance(network, AwsNetworkConfig) and network.cidr.prefixlen < AWS_LARGEST:
            yield Problem(
                f"networks.{name}.cidr",
                str(network.cidr),
                f"AWS takes no VPC that is larger than a /{AWS_LARGEST}",
                f"Choose a /{AWS_LARGEST} of it, for example "
                f"{next(network.cidr.subnets(new_prefix=AWS_LARGEST))}.",
            )


@rule
def nodes_and_machines_have_addresses(mesh: MeshConfig) -> Iterator[Problem]:
    """The subnets of nodes and machines have an address for each, when all sets are at their largest."""
    for name, network in _cloud_networks(mesh):
        if not _has_subnets(network):
            continue
        capacity = _capacity(network)
        needed = sum(
            nodes_of(cluster)[1]
            for cluster in mesh.clusters.values()
            if isinstance(cluster, CloudClusterConfig) and cluster.network == name
        ) + sum(
            size(group.machines)[1]
            for group in mesh.workload_groups.values()
            if isinstance(group.machines, CloudMachinesConfig) and group.network == name
        )
        if needed > capacity:
            yield Problem(
                f"networks.{name}.cidr",
                str(network.cidr),
                f"its subnets have {capacity} addresses, and there may be {needed} nodes and machines",
                "Give the network a larger range, or lower the largest numbers of nodes and machines.",
            )


@rule
def pods_have_addresses(mesh: MeshConfig) -> Iterator[Problem]:
    """The range of a GKE cluster's pods has 256 addresses for each node of its largest pool."""
    for name, cluster in sorted(mesh.clusters.items()):
        network = mesh.networks.get(cluster.network)
        ranges = (
            gke_ranges(network.cidr, cluster)
            if isinstance(cluster, GkeClusterConfig) and isinstance(network, GcpNetworkConfig)
            else None
        )
        if ranges is None or not isinstance(cluster, GkeClusterConfig):
            continue
        nodes = ranges.pods.num_addresses // PODS_OF_A_NODE
        if cluster.node_pool.max > nodes:
            yield Problem(
                f"clusters.{name}.nodePool.max",
                str(cluster.node_pool.max),
                f"the pods' range {ranges.pods} has addresses for {nodes} nodes",
                f"Lower it to {nodes}, or give the network (or podCidr) a larger range."
                if nodes
                else "Give the network (or podCidr) a larger range.",
            )


@rule
def only_adopted_networks_say_their_egress(mesh: MeshConfig) -> Iterator[Problem]:
    """A network that is made has a NAT whose addresses the program knows by itself."""
    for name, network in _cloud_networks(mesh):
        if network.egress and network.id is None:
            yield Problem(
                f"networks.{name}.egress",
                format_value([str(cidr) for cidr in network.egress]),
                "this network is made with a NAT of its own, whose addresses nobody knows yet",
                "Leave `egress` out, or name the existing network by `id`.",
            )


@rule
def only_networks_with_a_nat_have_nat_addresses(mesh: MeshConfig) -> Iterator[Problem]:
    """`natAddresses` is for a NAT that is made, not for a way out that is there already."""
    for name, network in _cloud_networks(mesh):
        if (
            isinstance(network, GcpNetworkConfig)
            and network.egress
            and "nat_addresses" in network.model_fields_set
        ):
            yield Problem(
                f"networks.{name}.natAddresses",
                str(network.nat_addresses),
                "no NAT is made, as `egress` says that this network has a way out",
                "Leave out `natAddresses` or `egress`.",
            )


@rule
def adopted_networks_have_their_clouds_names(mesh: MeshConfig) -> Iterator[Problem]:
    """An existing network is named as its cloud does: `vpc-…` on AWS, name or self link on Google Cloud."""
    for name, network in _cloud_networks(mesh):
        if network.id is None:
            continue
        if isinstance(network, AwsNetworkConfig) and not _VPC_ID.fullmatch(network.id):
            yield Problem(
                f"networks.{name}.id", network.id, "this is no id of a VPC", "Write it like vpc-0a1b2c3d."
            )
        if isinstance(network, GcpNetworkConfig) and not _GCP_NETWORK.fullmatch(network.id):
            yield Problem(
                f"networks.{name}.id",
                network.id,
                "this is no name of a VPC network",
                "Write its name, or projects/<project>/global/networks/<name>.",
            )


@rule
def adopted_networks_are_in_their_project(mesh: MeshConfig) -> Iterator[Problem]:
    """Subnets, router and firewall of a network of Google Cloud are made in its own project, also of one that
    other projects share."""
    for name, network in _cloud_networks(mesh):
        project = project_of(mesh, network)
        host = re.search(r"projects/([^/]+)/", network.id or "")
        if isinstance(network, GcpNetworkConfig) and host and project not in (None, host[1]):
            yield Problem(
                f"networks.{name}.project",
                str(project),
                f"the network is in project {host[1]}, where its subnets have to be",
                f"Write `project: {host[1]}`.",
            )


@rule
def external_networks_say_their_egress(mesh: MeshConfig) -> Iterator[Problem]:
    """Where a cloud's clusters let only members in, a network that others own says from where it comes."""
    clouds = sorted(
        name for name, cluster in mesh.clusters.items() if isinstance(cluster, CloudClusterConfig)
    )
    for name, network in sorted(mesh.networks.items()):
        members = [*mesh.clusters.values(), *mesh.workload_groups.values()]
        if not clouds or not isinstance(network, ExternalNetworkConfig) or network.egress:
            continue
        if any(member.network == name for member in members):
            yield Problem(
                f"networks.{name}.egress",
                "",
                f"{' and '.join(clouds)} would not let this network's traffic in",
                "List the ranges from which it reaches the Internet: `egress: [198.51.100.7/32]`.",
            )


def nodes_of(cluster: GkeClusterConfig | EksClusterConfig) -> tuple[int, int]:
    """The fewest and the most nodes of a cluster."""
    pool = cluster.node_pool if isinstance(cluster, GkeClusterConfig) else cluster.node_group
    return pool.min, pool.max


def _cloud_networks(mesh: MeshConfig) -> list[tuple[str, GcpNetworkConfig | AwsNetworkConfig]]:
    return [(key, net) for key, net in sorted(mesh.networks.items()) if isinstance(net, CloudNetworkConfig)]


def _longest(network: GcpNetworkConfig | AwsNetworkConfig, *, has_clusters: bool) -> int:
    if isinstance(network, GcpNetworkConfig):
        return GCP_LONGEST if has_clusters else GCP_LONGEST_WITHOUT_CLUSTER
    return AWS_LONGEST if has_clusters else AWS_LONGEST_WITHOUT_CLUSTER


def _has_subnets(network: GcpNetworkConfig | AwsNetworkConfig) -> bool:
    return network.cidr.prefixlen <= _longest(network, has_clusters=False)


def _capacity(network: GcpNetworkConfig | AwsNetworkConfig) -> int:
    """Addresses for nodes and machines in the network's subnets."""
    if isinstance(network, GcpNetworkConfig):
        subnets: list[IPv4Network] = [nodes_range(network.cidr)]
    else:
        zones = [zone for zone in zones_of(network) if re.search(r"[a-h]$", zone)]
        subnets = [zone_ranges(network.cidr, zone[-1])[0] for zone in zones]
    return sum(subnet.num_addresses - RESERVED_IN_SUBNET[network.type] for subnet in subnets)
