"""Rules on the ways between networks."""

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address

from model.checks.formats import is_host_name
from model.checks.registry import rule
from model.config.clusters import ClusterConfigBase, LocalClusterConfig
from model.config.mesh import MeshConfig
from model.reading.problems import Problem, format_value


@rule
def a_network_has_one_kind_of_way_in(mesh: MeshConfig) -> Iterator[Problem]:
    """Of a configured gateway, its clusters' gateways and `reachable: direct`, a network has one."""
    for name, network in mesh.networks.items():
        clusters = _gateway_clusters(mesh, name)
        if network.gateway is not None and clusters:
            yield Problem(
                f"networks.{name}.gateway",
                network.gateway,
                f"the east-west gateway of {', '.join(clusters)} leads into this network already",
                "Leave `gateway` out, or turn the clusters' own off by `gateway: {enabled: false}`.",
            )
        if network.reachable == "direct" and (network.gateway is not None or clusters):
            way = f"gateway {network.gateway}" if network.gateway else f"the gateway of {', '.join(clusters)}"
            yield Problem(
                f"networks.{name}.reachable",
                "direct",
                f"istiod sends others through {way}, never directly",
                "Leave `reachable` out, or remove the gateway.",
            )


@rule
def clusters_can_be_reached_by_their_peers(mesh: MeshConfig) -> Iterator[Problem]:
    """A cluster whose network has no gateway has no peer in another network."""
    active = {name: cluster for name, cluster in mesh.clusters.items() if cluster.state == "active"}
    for name, cluster in active.items():
        network = mesh.networks.get(cluster.network)
        elsewhere = sorted(peer for peer, other in active.items() if other.network != cluster.network)
        if network is None or not elsewhere or network.gateway or _gateway_clusters(mesh, cluster.network):
            continue
        yield Problem(
            f"clusters.{name}.network",
            cluster.network,
            f"this network has no gateway, and peers are in other networks: {', '.join(elsewhere)}",
            f"Enable the gateway of a cluster in it, or set networks.{cluster.network}.gateway.",
        )


@rule
def machines_can_be_reached_by_pods(mesh: MeshConfig) -> Iterator[Problem]:
    """A network with machines and no way in says how pods of other networks reach them.

    Without it istiod hands out the machines' raw addresses (Istio: pilot/pkg/xds/endpoints/ep_filters.go).
    """
    for name, network in mesh.networks.items():
        groups = sorted(key for key, group in mesh.workload_groups.items() if group.network == name)
        elsewhere = any(cluster.network != name for cluster in mesh.clusters.values())
        if not groups or not elsewhere or network.gateway or network.reachable:
            continue
        if _gateway_clusters(mesh, name):
            continue
        yield Problem(
            f"networks.{name}",
            "",
            f"machines of {', '.join(groups)} are here, and nothing says how pods elsewhere reach them",
            "Set `gateway: <address>`, or `reachable: direct` if you provide routes to the machines.",
        )


@rule
def machines_can_reach_their_control_plane(mesh: MeshConfig) -> Iterator[Problem]:
    """The cluster that machines register with has an east-west gateway, which is their way to istiod."""
    for name, group in mesh.workload_groups.items():
        cluster = mesh.clusters.get(group.cluster)
        if cluster is not None and not cluster.gateway.enabled:
            yield Problem(
                f"workloadGroups.{name}.cluster",
                group.cluster,
                "this cluster has no gateway, so that the machines cannot reach its istiod",
                "Choose a cluster with a gateway, or enable this one's.",
            )


@rule
def node_port_gateways_say_their_addresses(mesh: MeshConfig) -> Iterator[Problem]:
    """A gateway on NodePorts names the addresses at which others find the nodes."""
    for name, cluster in mesh.clusters.items():
        gateway = cluster.gateway
        if gateway.enabled and gateway.service_type == "NodePort" and not gateway.addresses:
            yield Problem(
                f"clusters.{name}.gateway.addresses",
                "",
                "no status tells at which addresses a NodePort Service is reached",
                "List the nodes' addresses: `addresses: [203.0.113.10]`.",
            )


@rule
def node_ports_are_for_node_port_gateways(mesh: MeshConfig) -> Iterator[Problem]:
    """`nodePorts` goes with a NodePort Service, and no two of them are the same."""
    for name, cluster in mesh.clusters.items():
        gateway = cluster.gateway
        path = f"clusters.{name}.gateway.nodePorts"
        if "node_ports" in gateway.model_fields_set and gateway.service_type != "NodePort":
            yield Problem(
                path,
                format_value(gateway.node_ports.model_dump()),
                f"the gateway's Service is a {gateway.service_type}, which has no fixed node ports",
                "Leave `nodePorts` out, or set `serviceType: NodePort`.",
            )
        ports = gateway.node_ports.model_dump()
        if len(set(ports.values())) < len(ports):
            yield Problem(
                path,
                format_value(ports),
                "two of the ports are the same",
                "Give each purpose a port of its own.",
            )


@rule
def local_gateways_are_the_labs(mesh: MeshConfig) -> Iterator[Problem]:
    """A local cluster's gateway gets its address from the lab."""
    for name, cluster in mesh.clusters.items():
        if not isinstance(cluster, LocalClusterConfig):
            continue
        yield from address_is_given(
            name, cluster, "the local site gives the gateway of a local cluster its address by itself"
        )


@rule
def gateway_addresses_are_addresses(mesh: MeshConfig) -> Iterator[Problem]:
    """Clusters' gateways have IP addresses (machines keep them in a hosts file); networks' may have host
    names."""
    for name, cluster in mesh.clusters.items():
        for index, address in enumerate(cluster.gateway.addresses):
            if not _is_address(address):
                yield Problem(
                    f"clusters.{name}.gateway.addresses.{index}",
                    address,
                    "this is no IPv4 address, and machines keep it in a hosts file",
                    "Write an address such as 203.0.113.10.",
                )
    for name, network in mesh.networks.items():
        if network.gateway is not None and not (
            _is_address(network.gateway) or is_host_name(network.gateway)
        ):
            yield Problem(
                f"networks.{name}.gateway",
                network.gateway,
                "this is neither an IPv4 address nor a host name",
                "Write it without scheme and port, for example 203.0.113.10.",
            )


@rule
def gateway_addresses_lead_to_one_place(mesh: MeshConfig) -> Iterator[Problem]:
    """No address is that of two gateways."""
    places: dict[str, str] = {}
    configured = [
        *(
            (f"clusters.{name}.gateway.addresses.{index}", address)
            for name, cluster in sorted(mesh.clusters.items())
            for index, address in enumerate(cluster.gateway.addresses)
        ),
        *(
            (f"networks.{name}.gateway", network.gateway)
            for name, network in sorted(mesh.networks.items())
            if network.gateway is not None
        ),
    ]
    for path, address in configured:
        first = places.setdefault(address, path)
        if first != path:
            yield Problem(
                path, address, f"this address is at {first} too", "Give each gateway an address of its own."
            )


def _gateway_clusters(mesh: MeshConfig, network: str) -> list[str]:
    """Clusters with a gateway in `network`, sorted; quarantined ones too, as quarantine must never be
    refused."""
    return sorted(
        name
        for name, cluster in mesh.clusters.items()
        if cluster.network == network and cluster.gateway.enabled
    )


def address_is_given(name: str, cluster: ClusterConfigBase, reason: str) -> Iterator[Problem]:
    """A problem where `cluster` says how its gateway is reached, though it need not, for `reason`."""
    gateway = cluster.gateway
    given = {"addresses": format_value(gateway.addresses)} if gateway.addresses else {}
    if not given and gateway.service_type != "LoadBalancer":
        given = {"serviceType": gateway.service_type}
    for key, value in given.items():
        yield Problem(f"clusters.{name}.gateway.{key}", value, reason, f"Leave `{key}` out.")


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
