"""Which addresses must reach which, at which ports: what firewalls and routes have to allow.

Source: "Requirements" of Istio's virtual machine and multi-network guides, and its ports 15012 (istiod) and
15443 (between networks).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from model.config.clusters import GatewayExposure
from model.plan.types import MeshPlan, NetworkPlan
from model.render.istio_values import ISTIOD_PORT, TLS_PORT


@dataclass(frozen=True)
class OpenPath:
    """Traffic that must be let through: `ports` are TCP ports, () for all of them."""

    source: str
    destination: str
    ports: tuple[int, ...]
    purpose: str
    route: bool
    """Whether a route is needed too, as source and destination are in different networks."""


def open_paths(plan: MeshPlan) -> tuple[OpenPath, ...]:
    """Every path that the mesh needs, sorted, but for those inside a cloud's network, which its `firewall`
    has. The local site makes those of local networks by itself."""
    found = [*_inside(plan), *_to_machines(plan), *_to_gateways(plan), *_to_istiod(plan)]
    return tuple(sorted(found, key=lambda path: (path.source, path.destination, path.ports)))


def _inside(plan: MeshPlan) -> Iterator[OpenPath]:
    for network in plan.networks.values():
        if network.firewall:
            continue
        range_ = _range(network)
        ports = _group_ports(plan, network)
        if ports:
            yield OpenPath(range_, range_, ports, "pods and machines call the machines", route=False)
        if network.groups and network.clusters:
            yield OpenPath(range_, range_, (), "machines call pods", route=False)


def _to_machines(plan: MeshPlan) -> Iterator[OpenPath]:
    for network in plan.networks.values():
        ports = _group_ports(plan, network)
        if not network.direct or not ports:
            continue
        for other in plan.networks.values():
            if other.name != network.name and (other.clusters or other.groups):
                purpose = "pods and machines call the machines directly"
                yield OpenPath(_range(other), _range(network), ports, purpose, route=True)


def _to_gateways(plan: MeshPlan) -> Iterator[OpenPath]:
    for network in plan.networks.values():
        if not (network.clusters or network.groups):
            continue
        for other in plan.networks.values():
            if other.name == network.name:
                continue
            for name in other.gateway_clusters:
                exposure = plan.clusters[name].config.gateway
                port = exposure.node_ports.tls if exposure.service_type == "NodePort" else TLS_PORT
                purpose = "traffic between networks"
                yield OpenPath(_range(network), _gateway(name, exposure), (port,), purpose, route=False)
            if other.gateway_address is not None:
                destination = f"gateway {other.gateway_address}"
                yield OpenPath(
                    _range(network), destination, (TLS_PORT,), "traffic between networks", route=False
                )


def _to_istiod(plan: MeshPlan) -> Iterator[OpenPath]:
    for group in plan.groups.values():
        exposure = plan.clusters[group.cluster].config.gateway
        port = exposure.node_ports.istiod if exposure.service_type == "NodePort" else ISTIOD_PORT
        source = _range(plan.networks[group.network])
        purpose = f"machines of {group.name} register and get their configuration"
        yield OpenPath(source, _gateway(group.cluster, exposure), (port,), purpose, route=False)


def _range(network: NetworkPlan) -> str:
    return f"{network.name} {network.config.cidr}"


def _gateway(cluster: str, exposure: GatewayExposure) -> str:
    addresses = f" {', '.join(exposure.addresses)}" if exposure.addresses else ""
    return f"gateway of {cluster}{addresses}"


def _group_ports(plan: MeshPlan, network: NetworkPlan) -> tuple[int, ...]:
    return tuple(
        sorted({port for name in network.groups for port in plan.groups[name].config.ports.values()})
    )
