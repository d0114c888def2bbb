"""What GKE refuses although its schemas take it: a function for each rule, with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import Final

from hybrid_mesh.plugins.framework.values import Properties
from tests.engine.doubles.google_shared import (
    CLUSTER,
    POOL,
    SUBNETWORK,
    ZONES,
    GoogleRule,
    disk_fits_machine,
    well_formed_tags,
)
from tests.engine.doubles.rules import CloudCall

_ADDRESSES_OF_A_NODE: Final = 256
"""Of the pods' range, for the default of 110 pods ("Flexible Pod CIDR", GKE)."""
_UNUSABLE_IN_A_SUBNET: Final = 4
"""VPC, "Unusable addresses in IPv4 subnet ranges"."""
_DOCKER: Final = IPv4Network("172.17.0.0/16")


def ranges(inputs: Properties) -> list[IPv4Network]:
    """Of a cluster: pods, Services, control plane."""
    allocation = inputs.get("ipAllocationPolicy", {})
    given = [
        allocation.get("clusterIpv4CidrBlock"),
        allocation.get("servicesIpv4CidrBlock"),
        inputs.get("privateClusterConfig", {}).get("masterIpv4CidrBlock"),
    ]
    return [IPv4Network(each) for each in given if each]


def _cluster_ranges(call: CloudCall) -> Iterator[str]:
    """GKE, "VPC-native clusters" (/16 to /27 for Services, at least /24 for pods) and "Create a private
    cluster" (a /28 for the control plane; 172.17.0.0/16 is docker0's)."""
    allocation = call.inputs.get("ipAllocationPolicy", {})
    services = allocation.get("servicesIpv4CidrBlock")
    pods = allocation.get("clusterIpv4CidrBlock")
    plane = call.inputs.get("privateClusterConfig", {}).get("masterIpv4CidrBlock")
    for text, what, least, most in (
        (services, "services", 16, 27),
        (pods, "pods", 8, 24),
        (plane, "master", 28, 28),
    ):
        if text and not least <= IPv4Network(text).prefixlen <= most:
            yield f"Invalid {what} CIDR {text}: its size must be from /{least} to /{most}"
    for each in ranges(call.inputs):
        if each.overlaps(_DOCKER):
            yield f"{each} overlaps with the reserved range {_DOCKER}"
    for one, other in combinations(ranges(call.inputs), 2):
        if one.overlaps(other):
            yield f"{one} overlaps with {other}"


def _free_ranges(call: CloudCall) -> Iterator[str]:
    """Ranges of a cluster or a subnet are its own in its network (VPC, "Valid IPv4 ranges")."""
    wanted = _taken(call.token, call.inputs)
    for other in [*call.facts.world.of_type(CLUSTER), *call.facts.world.of_type(SUBNETWORK)]:
        if other.identity == call.identity or other.inputs.get("network") != call.inputs.get("network"):
            continue
        for mine, taken in ((m, t) for m in wanted for t in _taken(other.type, other.inputs)):
            if mine.overlaps(taken):
                yield f"Invalid IPCidrRange: {mine} conflicts with {taken} of {other.identity}"


def _taken(token: str, inputs: Properties) -> list[IPv4Network]:
    return ranges(inputs) if token == CLUSTER else [IPv4Network(inputs["ipCidrRange"])]


def _authorized_networks(call: CloudCall) -> Iterator[str]:
    """GKE, "Limitations" of authorized networks: at most 100 with private nodes."""
    blocks = call.inputs.get("masterAuthorizedNetworksConfig", {}).get("cidrBlocks", ())
    if len(blocks) > 100:
        yield f"Too many authorized networks: {len(blocks)}, at most 100"
    for each in blocks:
        IPv4Network(each["cidrBlock"])


def _room_for_nodes(call: CloudCall) -> Iterator[str]:
    """Each node takes a block of the pods' range and an address of the subnet; an upgrade needs its surge
    besides (GKE, "Troubleshoot cluster creation", IP_SPACE_EXHAUSTED; "Surge upgrades")."""
    cluster = call.facts.world.find("gcp", CLUSTER, call.inputs["cluster"])
    if cluster is None:
        return
    pods = cluster.inputs.get("ipAllocationPolicy", {}).get("clusterIpv4CidrBlock")
    zones = len(cluster.inputs.get("nodeLocations") or ()) or ZONES
    nodes = call.inputs.get("initialNodeCount", 0) * zones
    if call.before:
        nodes = max(nodes, call.inputs.get("autoscaling", {}).get("totalMinNodeCount", 0))
        if call.before.get("nodeConfig") == call.inputs.get("nodeConfig"):
            return
        nodes += call.inputs.get("upgradeSettings", {}).get("maxSurge", 1)
    if pods and nodes > (room := IPv4Network(pods).num_addresses // _ADDRESSES_OF_A_NODE):
        yield f"IP_SPACE_EXHAUSTED: {nodes} nodes need more than the {room} blocks of {pods}"
    for subnet in call.facts.world.of_type(SUBNETWORK):
        free = IPv4Network(subnet.inputs["ipCidrRange"]).num_addresses - _UNUSABLE_IN_A_SUBNET
        if subnet.outputs["selfLink"] == cluster.inputs.get("subnetwork") and nodes > free:
            yield f"IP_SPACE_EXHAUSTED: {nodes} nodes need more than the {free} addresses of {subnet.name}"


def _pool_sizes(call: CloudCall) -> Iterator[str]:
    """GKE API, `NodePoolAutoscaling`: total counts are of all zones, and exclude the ones per zone."""
    sizes = call.inputs.get("autoscaling", {})
    least, most = sizes.get("totalMinNodeCount", 0), sizes.get("totalMaxNodeCount", 0)
    if least > most:
        yield f"totalMinNodeCount {least} is greater than totalMaxNodeCount {most}"
    upgrade = call.inputs.get("upgradeSettings", {})
    if upgrade and not upgrade.get("maxSurge") and not upgrade.get("maxUnavailable"):
        yield "maxSurge and maxUnavailable cannot both be 0"


def _node_disk(call: CloudCall) -> Iterator[str]:
    config = call.inputs.get("nodeConfig", {})
    machine, disk = config.get("machineType", "e2-medium"), config.get("diskType", "")
    yield from disk_fits_machine(machine, disk, config.get("diskSizeGb"))


def _node_tags(call: CloudCall) -> Iterator[str]:
    yield from well_formed_tags(call.inputs.get("nodeConfig", {}).get("tags", ()))


RULES: Final[Mapping[str, tuple[GoogleRule, ...]]] = {
    CLUSTER: (_cluster_ranges, _free_ranges, _authorized_networks, _node_disk),
    POOL: (_node_disk, _node_tags, _pool_sizes, _room_for_nodes),
    SUBNETWORK: (_free_ranges,),
}
