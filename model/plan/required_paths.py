"""The network paths that firewalls and routes must allow: sources, destinations and ports.

Source: "Requirements" of Istio's VM and multi-network guides, and its ports 15012 (istiod) and
15443 (between networks). Istiods and VMs call API servers (Istio: "Install Multi-Primary on different
networks", API server access).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from hybrid_mesh.model.config.clusters import GatewayExposureConfig, KubeconfigClusterConfig
from hybrid_mesh.model.istio_facts import CROSS_NETWORK_PORT, ISTIOD_PORT
from hybrid_mesh.model.plan.kinds import CloudClusterPlan
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan, NetworkPlan

HTTPS_PORT, API_PORT = 443, 6443
"""Ports of a URL that has none, and of kube-apiserver."""


@dataclass(frozen=True)
class OpenPath:
    """Traffic that must be allowed. `ports` are TCP ports, () for all."""

    source: str
    destination: str
    ports: tuple[int, ...]
    purpose: str
    route: bool
    """Whether a route is needed too, because source and destination are in different networks."""
    manual: bool
    """Whether you must open it: neither a planned firewall nor the local site does."""


def open_paths(plan: MeshPlan) -> tuple[OpenPath, ...]:
    """Every path that the mesh needs, sorted, except those inside a cloud's network, which are in its
    `firewall`. The local site opens those of local networks automatically."""
    found = [
        *_inside(plan),
        *_to_machines(plan),
        *_to_gateways(plan),
        *_to_istiod(plan),
        *_to_api_servers(plan),
        *_to_collectors(plan),
    ]
    return tuple(sorted(found, key=lambda path: (path.source, path.destination, path.ports)))


def _inside(plan: MeshPlan) -> Iterator[OpenPath]:
    for network in plan.networks.values():
        if network.firewall:
            continue
        range_ = _range(network)
        ports, manual = _group_ports(plan, network), network.config.type != "local"
        if ports:
            yield OpenPath(range_, range_, ports, "pods and VMs call the VMs", route=False, manual=manual)
        if network.groups and network.clusters:
            yield OpenPath(range_, range_, (), "VMs call pods", route=False, manual=manual)


def _to_machines(plan: MeshPlan) -> Iterator[OpenPath]:
    for network in plan.networks.values():
        ports = _group_ports(plan, network)
        if not network.direct or not ports:
            continue
        for other in plan.networks.values():
            if other.name != network.name and (other.clusters or other.groups):
                purpose = "pods and VMs call the VMs directly"
                local = network.config.type == "local"
                yield OpenPath(_range(other), _range(network), ports, purpose, route=True, manual=not local)


def _to_gateways(plan: MeshPlan) -> Iterator[OpenPath]:
    for network in plan.networks.values():
        if not (network.clusters or network.groups):
            continue
        for other in plan.networks.values():
            if other.name == network.name:
                continue
            for name in other.gateway_clusters:
                exposure = plan.clusters[name].config.gateway
                port = exposure.node_ports.tls if exposure.service_type == "NodePort" else CROSS_NETWORK_PORT
                purpose = "traffic between networks"
                yield OpenPath(
                    _range(network),
                    _gateway(name, exposure),
                    (port,),
                    purpose,
                    route=False,
                    manual=_is_manual(plan, name),
                )
            if other.gateway_address is not None:
                destination = f"gateway {other.gateway_address}"
                yield OpenPath(
                    _range(network),
                    destination,
                    (CROSS_NETWORK_PORT,),
                    "traffic between networks",
                    route=False,
                    manual=True,
                )


def _to_istiod(plan: MeshPlan) -> Iterator[OpenPath]:
    for group in (group for group in plan.groups.values() if group.config.has_agent):
        exposure = plan.clusters[group.cluster].config.gateway
        port = exposure.node_ports.istiod if exposure.service_type == "NodePort" else ISTIOD_PORT
        source = _range(plan.networks[group.network])
        purpose = f"VMs of {group.name} register and get their configuration"
        yield OpenPath(
            source,
            _gateway(group.cluster, exposure),
            (port,),
            purpose,
            route=False,
            manual=_is_manual(plan, group.cluster),
        )


def _to_api_servers(plan: MeshPlan) -> Iterator[OpenPath]:
    """Callers of the API servers of existing clusters, and of private ones from other networks. The program
    and the lab allow the callers of others."""
    for cluster in plan.clusters.values():
        if isinstance(cluster, CloudClusterPlan) and cluster.api.endpoint == "private":
            yield from _to_private_api_server(plan, cluster)
        if not isinstance(cluster.config, KubeconfigClusterConfig):
            continue
        endpoint = cluster.config.peer_endpoint
        address = endpoint or "at its kubeconfig's address"
        port = (urlsplit(endpoint).port or HTTPS_PORT) if endpoint else API_PORT
        for network, purpose in _callers(plan, cluster):
            for source in _egress(plan.networks[network], inside=network == cluster.network):
                yield OpenPath(
                    source,
                    f"API server of {cluster.name} {address}",
                    (port,),
                    purpose,
                    route=False,
                    manual=True,
                )


def _to_private_api_server(plan: MeshPlan, cluster: CloudClusterPlan) -> Iterator[OpenPath]:
    """The cluster's firewall allows its callers; the connection between the networks is yours."""
    groups = [
        (group.network, f"VMs of {group.name} request their tokens")
        for group in plan.groups.values()
        if group.cluster == cluster.name and group.machine_set is not None
    ]
    for network, purpose in [*_callers(plan, cluster), *groups]:
        if network != cluster.network:
            yield OpenPath(
                _range(plan.networks[network]),
                f"API server of {cluster.name} at its private address",
                (HTTPS_PORT,),
                purpose,
                route=True,
                manual=True,
            )


def _callers(plan: MeshPlan, cluster: ClusterPlan) -> Iterator[tuple[str, str]]:
    """Networks whose clusters call the API server of a cluster, and why. Quarantined peers are included,
    as they may return; VMs of bundles do not call it."""
    for name, peer in plan.clusters.items():
        if name != cluster.name:
            yield peer.network, f"istiod of {name} reads the cluster"


def _egress(network: NetworkPlan, *, inside: bool) -> Iterator[str]:
    """The source addresses of the traffic of `network`, outside or inside of it."""
    if inside or not (network.egress or network.nat_addresses):
        yield _range(network)
    elif network.nat_addresses:
        yield f"{network.name} egress of its NAT ({network.nat_addresses} addresses)"
    else:
        yield from (f"{network.name} egress {cidr}" for cidr in network.egress)


def _to_collectors(plan: MeshPlan) -> Iterator[OpenPath]:
    """From each network with proxies that report to collectors outside the mesh. Networks of clouds and of
    the local site let connections out."""
    reporting = {plan.clusters[name].network for name in plan.reporting}
    reporting |= {group.network for group in plan.groups.values() if group.cluster in plan.reporting}
    ends = {(f"collector {each.host}", each.port or 0) for each in plan.outside_collectors}
    for name in sorted(reporting):
        network = plan.networks[name]
        for host, port in sorted(ends):
            manual = network.config.type == "external"
            yield OpenPath(_range(network), host, (port,), "proxies report", route=False, manual=manual)


def _is_manual(plan: MeshPlan, cluster: str) -> bool:
    """Whether you must open the path to the gateway of `cluster`."""
    return isinstance(plan.clusters[cluster].config, KubeconfigClusterConfig)


def _range(network: NetworkPlan) -> str:
    return f"{network.name} {', '.join(network.cidrs)}"


def _gateway(cluster: str, exposure: GatewayExposureConfig) -> str:
    addresses = f" {', '.join(exposure.addresses)}" if exposure.addresses else ""
    return f"gateway of {cluster}{addresses}"


def _group_ports(plan: MeshPlan, network: NetworkPlan) -> tuple[int, ...]:
    return tuple(sorted({port for name in network.groups for port in plan.groups[name].config.vm_ports}))
