"""Rules on networks in a cloud."""

import re

from hybrid_mesh.model.checks.in_clouds import cloud_cluster_rule, cloud_network_rule
from hybrid_mesh.model.checks.registry import network_rule
from hybrid_mesh.model.clouds.base import AnyCloud
from hybrid_mesh.model.clouds.registry import CLOUDS, cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import (
    CloudNetworkConfig,
    ExternalNetworkConfig,
    GcpNetworkConfig,
    NetworkConfig,
)
from hybrid_mesh.model.derive.clouds import cloud_clusters, cloud_groups, clusters_of, project
from hybrid_mesh.model.derive.vm_sets import size
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value


@cloud_network_rule
def regions_belong_to_their_cloud(
    mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud
) -> Problems:
    """`region` must be a region of the cloud."""
    yield from region_problems(f"networks.{name}.region", network.region, cloud)


def region_problems(path: str, region: str, cloud: AnyCloud) -> Problems:
    """What is wrong with a region of `cloud` at `path`."""
    remedy = f"Write one like {cloud.regions.example}."
    if cloud.regions.matches(region):
        refused = cloud.refused_region(region)
        if refused is not None:
            yield Problem(path, region, refused, remedy)
        return
    other = next((each for each in CLOUDS if each.regions.matches(region)), None)
    zone = re.fullmatch(r"(.+[0-9])-?[a-z]", region)
    if other is not None:
        message = f"not a region of {cloud.title} but of {other.title}"
    elif zone and cloud.regions.matches(zone[1]):
        message, remedy = "this is a zone; a region is required", f"Write {zone[1]}."
    else:
        message = f"not a region of {cloud.title}"
    yield Problem(path, region, message, remedy)


@cloud_network_rule
def zones_are_in_their_region(
    mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud
) -> Problems:
    """`zones` must be zones of the region, each listed once."""
    form = cloud.zone_form(network.region)
    for index, zone in enumerate(network.zones):
        path = f"networks.{name}.zones.{index}"
        if not form.matches(zone):
            message = f"not a zone of region {network.region}"
            yield Problem(path, zone, message, f"Write one like {form.example}.")
        elif zone in network.zones[:index]:
            yield Problem(path, zone, "this zone is listed twice", "List each zone once.")


@cloud_network_rule
def aws_networks_have_two_zones(
    mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud
) -> Problems:
    """The network must have at least two zones, as EKS requires. `zones` is required in regions where the
    available zones differ between accounts."""
    refused = cloud.refused_zones(network)
    if refused is not None:
        value = format_value(network.zones) if network.zones else ""
        yield Problem(f"networks.{name}.zones", value, *refused)


@cloud_network_rule
def cloud_networks_have_room(
    mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud
) -> Problems:
    """`cidr` must have room for the subnets."""
    has_clusters = any(cluster.network == name for _, cluster, _ in cloud_clusters(mesh))
    sizes, path, value = cloud.sizes, f"networks.{name}.cidr", str(network.cidr)
    smallest = sizes.smallest_with_cluster if has_clusters else sizes.smallest
    if network.cidr.prefixlen > smallest:
        members = "nodes, pods and Services" if has_clusters else "the subnets"
        yield Problem(
            path,
            value,
            f"this CIDR is too small for {members}",
            f"Give the network a /{smallest} or larger; a /16 leaves room to grow.",
        )
    elif network.cidr.prefixlen < sizes.largest:
        example = next(network.cidr.subnets(new_prefix=sizes.largest))
        yield Problem(
            path,
            value,
            f"{cloud.title} allows no network larger than a /{sizes.largest}",
            f"Choose a /{sizes.largest} inside it, for example {example}.",
        )


@cloud_network_rule
def nodes_and_machines_have_addresses(
    mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud
) -> Problems:
    """The subnets must have an address for each node and VM when every pool and group is at its maximum and
    one of them is being upgraded or replaced."""
    if network.cidr.prefixlen > cloud.sizes.smallest:
        return
    capacity, surge = _capacity(network, cloud), _surge(mesh, name, network, cloud)
    needed = sum(_members(mesh, name).values()) + surge
    if needed > capacity:
        yield Problem(
            f"networks.{name}.cidr",
            str(network.cidr),
            f"the subnets have {capacity} addresses, but up to {needed} nodes and VMs need one, {surge} of "
            "them during an upgrade",
            "Give the network a larger CIDR, or lower `max` of its node pools and groups.",
        )


@cloud_cluster_rule
def pods_have_addresses(
    mesh: MeshConfig, name: str, cluster: CloudClusterConfig, cloud: AnyCloud
) -> Problems:
    """There must be addresses for the pods of `max` nodes: in the pod CIDR on Google Cloud, in the private
    subnets on AWS."""
    network = mesh.networks.get(cluster.network)
    if not isinstance(network, CloudNetworkConfig) or cloud_of(network) is not cloud:
        return
    members = _members(mesh, cluster.network)
    free = _capacity(network, cloud) - sum(members.values())
    if network.cidr.prefixlen > cloud.sizes.smallest_with_cluster or free < 0:
        return
    pods = {
        key: cloud.node_pool(other).max * (cloud.addresses_of_node(other) - 1)
        for key, other in clusters_of(mesh, cluster.network).items()
        if key != name
    }
    pool = cloud.node_pool(cluster)
    room = cloud.pod_room(network, cluster, free + members[f"clusters.{name}"] - sum(pods.values()))
    if pool.max > room.nodes:
        yield Problem(
            f"clusters.{name}.{cloud.node_pool_key}.max",
            str(pool.max),
            room.reason,
            f"Lower it to {room.nodes}, or give the network a larger CIDR."
            if room.nodes > 0
            else "Give the network a larger CIDR.",
        )


@cloud_network_rule
def only_existing_networks_have_egress(
    mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud
) -> Problems:
    """`egress` requires `id`: the program knows the NAT addresses of networks that it creates."""
    if network.egress and network.id is None:
        yield Problem(
            f"networks.{name}.egress",
            format_value([str(cidr) for cidr in network.egress]),
            "the program creates this network with a NAT, whose addresses do not exist yet",
            "Leave `egress` out, or set `id` to use an existing network.",
        )


@network_rule
def only_networks_with_a_nat_have_nat_addresses(
    mesh: MeshConfig, name: str, network: NetworkConfig
) -> Problems:
    """`natAddresses` cannot be combined with `egress`, as the program then creates no NAT."""
    if not isinstance(network, GcpNetworkConfig) or not network.egress:
        return
    if "nat_addresses" in network.model_fields_set:
        yield Problem(
            f"networks.{name}.natAddresses",
            str(network.nat_addresses),
            "the program creates no NAT, as `egress` says that the network already has one",
            "Leave `natAddresses` or `egress` out.",
        )


@cloud_network_rule
def existing_networks_have_valid_ids(
    mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud
) -> Problems:
    """`id` must be the cloud's ID of a network: `vpc-…` on AWS, a name or self link on Google Cloud."""
    refused = cloud.refused_network_id(network)
    if refused is not None:
        yield Problem(f"networks.{name}.id", network.id or "", *refused)


@cloud_network_rule
def existing_networks_are_in_their_project(
    mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud
) -> Problems:
    """`project` must be the project of the existing network, also if other projects share the network."""
    own = project(mesh, name)
    host = re.search(r"projects/([^/]+)/", network.id or "")
    if own is not None and host and own != host[1]:
        yield Problem(
            f"networks.{name}.project",
            own,
            f"the network is in project {host[1]}, and its subnets must be in the same one",
            f"Write `project: {host[1]}`.",
        )


@network_rule
def external_networks_have_egress(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """`egress` is required if clusters are in a cloud and the network has members."""
    clouds = [cluster for cluster, _, _ in cloud_clusters(mesh)]
    if not clouds or not isinstance(network, ExternalNetworkConfig) or network.egress:
        return
    members = [*mesh.clusters.values(), *mesh.workload_groups.values()]
    if any(member.network == name for member in members):
        yield Problem(
            f"networks.{name}.egress",
            "",
            f"required: {' and '.join(clouds)} must know from which addresses this network's members call",
            "List the CIDRs from which they reach the Internet: `egress: [198.51.100.7/32]`.",
        )


def _members(mesh: MeshConfig, network: str) -> dict[str, int]:
    """The maximum number of nodes and VMs of each cluster and group of a network, by path."""
    nodes = {
        f"clusters.{name}": cloud.node_pool(cluster).max
        for name, cluster, cloud in cloud_clusters(mesh)
        if cluster.network == network
    }
    machines = {
        f"workloadGroups.{name}": size(vms)[1]
        for name, group, vms, _ in cloud_groups(mesh)
        if group.network == network
    }
    return nodes | machines


def _surge(mesh: MeshConfig, name: str, network: CloudNetworkConfig, cloud: AnyCloud) -> int:
    """The largest number of nodes or VMs that one upgrade adds to the network's members."""
    nodes = [cloud.node_surge(network) for _ in clusters_of(mesh, name)]
    vms = [
        cloud.vm_surge(network, machines, minimum=size(machines)[0], size=size(machines)[1])
        for _, group, machines, home in cloud_groups(mesh)
        if group.network == name and home is cloud
    ]
    return max([*nodes, *vms], default=0)


def _capacity(network: NetworkConfig, cloud: AnyCloud) -> int:
    """Addresses for nodes and VMs in the network's subnets."""
    return sum(cidr.num_addresses - cloud.reserved_in_subnet for cidr in cloud.machine_cidrs(network))
