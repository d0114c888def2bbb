"""Rules on how networks reach each other."""

from hybrid_mesh.model.checks.formats import is_host_name, is_ipv4_address
from hybrid_mesh.model.checks.registry import cluster_rule, group_rule, network_rule, readable, rule
from hybrid_mesh.model.config.clusters import (
    ClusterConfig,
    ClusterConfigBase,
    KubeconfigClusterConfig,
    LocalClusterConfig,
)
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import NetworkConfig
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value


@network_rule
def a_network_has_one_kind_of_gateway(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """Other networks must reach the network in one way only: `gateway`, the gateways of its clusters, or
    `reachable: direct`."""
    clusters = _gateway_clusters(mesh, name)
    if network.gateway is not None and clusters:
        yield Problem(
            f"networks.{name}.gateway",
            network.gateway,
            f"the network already has the east-west gateway of {', '.join(clusters)}",
            "Leave `gateway` out, or disable the clusters' own with `gateway: {enabled: false}`.",
        )
    if network.reachable == "direct" and (network.gateway is not None or clusters):
        via = f"gateway {network.gateway}" if network.gateway else f"the gateway of {', '.join(clusters)}"
        yield Problem(
            f"networks.{name}.reachable",
            "direct",
            f"istiod sends traffic of other networks through {via}, never directly",
            "Leave `reachable` out, or remove the gateway.",
        )


@cluster_rule
def clusters_can_be_reached_by_their_peers(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """A cluster with peers in other networks requires a gateway in its network."""
    if cluster.state != "active":
        return
    elsewhere = sorted(
        peer
        for peer, other in mesh.clusters.items()
        if other.state == "active" and other.network != cluster.network
    )
    if not elsewhere or mesh.networks[cluster.network].gateway:
        return
    if not _gateway_clusters(mesh, cluster.network):
        yield Problem(
            f"clusters.{name}.network",
            cluster.network,
            f"this network has no gateway, so peers cannot reach it: {', '.join(elsewhere)}",
            f"Enable the gateway of a cluster in it, or set networks.{cluster.network}.gateway.",
        )


@network_rule
def vms_are_reachable_from_pods(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """A network with VMs requires a gateway, or `reachable: direct`, if there are clusters in other
    networks.

    Otherwise istiod distributes the VMs' own addresses (Istio: pilot/pkg/xds/endpoints/ep_filters.go).
    """
    if network.gateway or network.reachable or _gateway_clusters(mesh, name):
        return
    groups = sorted(
        key
        for key, group in mesh.workload_groups.items()
        if group.network == name and group.ports and group.has_agent
    )
    if groups and any(cluster.network != name for cluster in mesh.clusters.values()):
        yield Problem(
            f"networks.{name}",
            "",
            f"this network has VMs (group {', '.join(groups)}) but no gateway, so pods in other networks "
            "cannot reach them",
            "Set `gateway: <address>`, or `reachable: direct` if you provide routes to the VMs.",
        )


@group_rule
def vms_can_reach_istiod(mesh: MeshConfig, name: str, group: WorkloadGroupConfig) -> Problems:
    """`cluster` must have an east-west gateway, through which the VMs reach istiod."""
    if group.has_agent and not mesh.clusters[group.cluster].gateway.enabled:
        yield Problem(
            f"workloadGroups.{name}.cluster",
            group.cluster,
            "this cluster has no gateway, so the VMs cannot reach its istiod",
            "Choose a cluster with a gateway, or enable this one's.",
        )


@cluster_rule
def node_port_gateways_have_addresses(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`addresses` is required for a `NodePort` Service."""
    gateway = cluster.gateway
    if not isinstance(cluster, KubeconfigClusterConfig):
        return  # other clusters' gateways get their addresses automatically
    if gateway.enabled and gateway.service_type == "NodePort" and not gateway.addresses:
        yield Problem(
            f"clusters.{name}.gateway.addresses",
            "",
            "a NodePort Service has no address in its status, so `addresses` is required",
            "List the nodes' addresses: `addresses: [203.0.113.10]`.",
        )


@cluster_rule
def node_ports_are_for_node_port_gateways(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`nodePorts` requires `serviceType: NodePort`, and its ports must differ."""
    gateway, path = cluster.gateway, f"clusters.{name}.gateway.nodePorts"
    ports = {key: getattr(gateway.node_ports, key) for key in type(gateway.node_ports).model_fields}
    if "node_ports" in gateway.model_fields_set and gateway.service_type != "NodePort":
        yield Problem(
            path,
            format_value(ports),
            f"a Service of type {gateway.service_type} has no fixed node ports",
            "Leave `nodePorts` out, or set `serviceType: NodePort`.",
        )
    if len(set(ports.values())) < len(ports):
        yield Problem(
            path, format_value(ports), "two of the ports are the same", "Give each purpose a port of its own."
        )


@cluster_rule
def local_gateways_have_assigned_addresses(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """A local cluster cannot set `addresses` or `serviceType: NodePort`: its load balancer assigns the
    address."""
    if isinstance(cluster, LocalClusterConfig):
        yield from address_is_given(
            name, cluster, "the local site assigns the address of a local cluster's gateway"
        )


@cluster_rule
def cluster_gateways_have_ip_addresses(mesh: MeshConfig, name: str, cluster: ClusterConfig) -> Problems:
    """`addresses` must be IPv4 addresses, as VMs keep them in a hosts file."""
    for index, address in enumerate(cluster.gateway.addresses):
        if not is_ipv4_address(address):
            yield Problem(
                f"clusters.{name}.gateway.addresses.{index}",
                address,
                "not a valid IPv4 address, which the hosts file of a VM requires",
                "Write an address such as 203.0.113.10.",
            )


@network_rule
def network_gateways_have_addresses(mesh: MeshConfig, name: str, network: NetworkConfig) -> Problems:
    """`gateway` must be an IPv4 address or a host name."""
    gateway = network.gateway
    if gateway is not None and not is_ipv4_address(gateway) and not is_host_name(gateway):
        yield Problem(
            f"networks.{name}.gateway",
            gateway,
            "not a valid IPv4 address or host name",
            "Write it without scheme and port, for example 203.0.113.10.",
        )


@rule
def gateway_addresses_are_unique(mesh: MeshConfig) -> Problems:
    """`addresses` must not be those of another gateway."""
    places: dict[str, str] = {}
    clusters = readable(mesh.clusters, lambda cluster: cluster.gateway.addresses)
    networks = readable(mesh.networks, lambda network: network.gateway)
    configured = [
        *(
            (f"clusters.{name}.gateway.addresses.{index}", address)
            for name, addresses in clusters.items()
            for index, address in enumerate(addresses)
        ),
        *((f"networks.{name}.gateway", gateway) for name, gateway in networks.items() if gateway is not None),
    ]
    for path, address in configured:
        first = places.setdefault(address, path)
        if first != path:
            yield Problem(
                path, address, f"{first} has the same address", "Give each gateway an address of its own."
            )


def _gateway_clusters(mesh: MeshConfig, network: str) -> list[str]:
    """Clusters with a gateway in `network`, sorted. Quarantined ones are included, so that quarantine is
    never refused."""
    return sorted(
        name
        for name, cluster in mesh.clusters.items()
        if cluster.network == network and cluster.gateway.enabled
    )


def address_is_given(name: str, cluster: ClusterConfigBase, reason: str) -> Problems:
    """A problem if the addresses or the type of `cluster`'s gateway are set, which `reason` forbids."""
    gateway = cluster.gateway
    given = {"addresses": format_value(gateway.addresses)} if gateway.addresses else {}
    if not given and gateway.service_type != "LoadBalancer":
        given = {"serviceType": gateway.service_type}
    for key, value in given.items():
        yield Problem(f"clusters.{name}.gateway.{key}", value, reason, f"Leave `{key}` out.")
