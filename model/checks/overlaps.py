"""The rule on networks that have the same addresses.

Istio allows it ("Deployment Models", Multiple networks): each endpoint has its network's name, and workloads
of other networks call it at that network's gateway. The program names networks by label, never by CIDR.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from itertools import combinations
from urllib.parse import urlsplit

from hybrid_mesh.model.checks.addresses import cidr_paths
from hybrid_mesh.model.checks.registry import readable, rule
from hybrid_mesh.model.clouds.google import CLASS_E
from hybrid_mesh.model.config.clusters import (
    CloudClusterConfig,
    ClusterConfig,
    GkeClusterConfig,
    LocalClusterConfig,
)
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.machines import CloudMachinesConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import (
    CloudNetworkConfig,
    GcpNetworkConfig,
    LocalNetworkConfig,
    NetworkConfig,
)
from hybrid_mesh.model.reading.problems import Problem, Problems

_OWN_CIDR = "Give each network a CIDR of its own."


@rule
def networks_with_the_same_addresses_meet_at_gateways(mesh: MeshConfig) -> Problems:
    """`cidr` may overlap the CIDR of another network only if members of the two call each other at gateways
    alone, and register their VMs with different clusters.

    It is refused where something routes by the addresses or looks workloads up by them:
    - networks of the local site: one host routes between all of them;
    - two networks in one existing VPC, whose subnets cannot overlap;
    - a network that is `reachable: direct`: every network with members calls its VMs by routes, and their
      replies follow the caller's address, so no two of all these networks may overlap;
    - a private API server of a cluster in a cloud: the same for the networks of its peers and VMs, and the
      firewall allows these by their CIDRs;
    - an address of a gateway or API server that both networks have: callers would look for it in their own
      network;
    - VMs in a network, and pods or other VMs of the same cluster in the other: istiod finds the Services of a
      proxy by its address among the WorkloadEntries of its cluster, without regard to the network
      (`GetProxyServiceTargets` in pilot/pkg/serviceregistry/kube/controller/controller.go), so that a pod
      would serve the ports of the VM with its address;
    - VMs with custom hosts: the same among the entries of all clusters, as a ServiceEntry selects them.

    Gateways and restricted API servers in a cloud allow public egress addresses, so they are not affected.
    """
    seen = _Seen(
        readable(mesh.networks, lambda network: (network, network.cidrs)[0]),
        readable(mesh.clusters, lambda cluster: (cluster, cluster.network)[0]),
        readable(mesh.workload_groups, lambda group: (group, group.network, group.cluster)[0]),
    )
    for first, second in combinations(seen.networks, 2):
        for path, cidr in seen.cidrs(second):
            others = [other for _, other in seen.cidrs(first) if other.overlaps(cidr)]
            conflict = next(seen.conflicts(first, second), None) if others else None
            if conflict is not None:
                yield Problem(
                    path,
                    str(cidr),
                    f"this CIDR overlaps {others[0]} of network {first}: {conflict}",
                    _OWN_CIDR,
                )


@dataclass(frozen=True)
class _Seen:
    """The readable members of a mesh."""

    networks: Mapping[str, NetworkConfig]
    clusters: Mapping[str, ClusterConfig]
    groups: Mapping[str, WorkloadGroupConfig]

    def cidrs(self, network: str) -> list[tuple[str, IPv4Network]]:
        """Every CIDR of a network and of pods outside of it, with the path of the value that holds it."""
        pods = [
            (f"clusters.{name}.podCidr", cluster.pod_cidr)
            for name, cluster in self.clusters.items()
            if isinstance(cluster, GkeClusterConfig) and cluster.network == network
            if cluster.pod_cidr is not None and cluster.pod_cidr.subnet_of(CLASS_E)
        ]
        return [*cidr_paths(network, self.networks[network]), *pods]

    def conflicts(self, first: str, second: str) -> Iterator[str]:
        """Why the networks, which overlap, cannot."""
        one, other = self.networks[first], self.networks[second]
        if isinstance(one, LocalNetworkConfig) or isinstance(other, LocalNetworkConfig):
            yield "the host of the local site routes between its networks"
        if _same_vpc(one, other):
            yield "both are in the same VPC"
        members = {first, second} <= self._members()
        if not members:
            return
        for reason, routed in self._routed():
            if {first, second} <= routed:
                yield reason
        for address, owner in self._addresses(first, second):
            if all(any(address in cidr for cidr in network.cidrs) for network in (one, other)):
                yield f"{address} of {owner} is an address of both"
        yield from self._confused_vms(first, second)

    def _members(self) -> set[str]:
        return {member.network for member in (*self.clusters.values(), *self.groups.values())}

    def _routed(self) -> Iterator[tuple[str, set[str]]]:
        """Sets of networks between which there are routes, and why."""
        for name, network in self.networks.items():
            if network.reachable == "direct" and any(g.network == name for g in self.groups.values()):
                yield f"members of both call the VMs of network {name} directly", self._members() | {name}
        for name, cluster in self.clusters.items():
            if isinstance(cluster, CloudClusterConfig) and cluster.private:
                peers = {other.network for other in self.clusters.values()}
                vms = {
                    group.network
                    for group in self.groups.values()
                    if group.cluster == name and isinstance(group.machines, CloudMachinesConfig)
                }
                yield f"members of both call the private API server of {name}", peers | vms

    def _addresses(self, *networks: str) -> Iterator[tuple[IPv4Address, str]]:
        """The configured addresses by which others reach members of `networks`, and what has them."""
        for name in networks:
            if (gateway := _address(self.networks[name].gateway)) is not None:
                yield gateway, f"networks.{name}.gateway"
        for name, cluster in self.clusters.items():
            if cluster.network not in networks:
                continue
            for address in filter(None, map(_address, cluster.gateway.addresses)):
                yield address, f"clusters.{name}.gateway.addresses"
            endpoint = None if isinstance(cluster, LocalClusterConfig) else cluster.peer_endpoint
            if (server := _address(_host(endpoint))) is not None:
                yield server, f"clusters.{name}.peerEndpoint"

    def _confused_vms(self, first: str, second: str) -> Iterator[str]:
        for name, group in self.groups.items():
            if group.network not in (first, second):
                continue
            elsewhere = second if group.network == first else first
            cluster = self.clusters.get(group.cluster)
            if cluster is not None and cluster.network == elsewhere:
                yield f"istiod of {group.cluster} could not distinguish the VMs of group {name} from its pods"
            for key, other in self.groups.items():
                if other.network == elsewhere and other.cluster == group.cluster:
                    yield f"istiod of {group.cluster} could not distinguish VMs of groups {name} and {key}"
            if group.custom_hosts:
                yield f"group {name} has custom hosts, so every istiod looks up its VMs by address alone"


def _same_vpc(one: NetworkConfig, other: NetworkConfig) -> bool:
    if not isinstance(one, CloudNetworkConfig) or not isinstance(other, CloudNetworkConfig):
        return False
    if one.type != other.type or one.id is None or other.id is None:
        return False
    projects = {project for project in (_project(one), _project(other)) if project}
    return len(projects) < 2 and one.id.rpartition("/")[2] == other.id.rpartition("/")[2]


def _project(network: CloudNetworkConfig) -> str | None:
    """The Google Cloud project that an ID or `project` names."""
    named = re.search(r"projects/([^/]+)/", network.id or "")
    given = network.project if isinstance(network, GcpNetworkConfig) else None
    return named[1] if named else given


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url).hostname if url else None
    except ValueError:
        return None


def _address(text: str | None) -> IPv4Address | None:
    try:
        return IPv4Address(text) if text else None
    except AddressValueError:
        return None
