"""The traffic that a network in a cloud allows. Everything else is refused.

Source of the ports: "Ports used by Istio" and "Requirements" of its virtual machine guide. Each cloud adds
its own ports.
"""

from collections.abc import Iterator

from hybrid_mesh.model.clouds.names import cloud_name
from hybrid_mesh.model.clouds.registry import cloud_of
from hybrid_mesh.model.config.clusters import CloudClusterConfig
from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.networks import CloudNetworkConfig
from hybrid_mesh.model.derive.api_access import api_groups, plan_api_access
from hybrid_mesh.model.derive.clouds import cloud_groups, clusters_of, network_cidrs
from hybrid_mesh.model.derive.types import FirewallRulePlan, Party
from hybrid_mesh.model.istio_facts import SSH_PORT, VM_HEALTH_PORT

KEY_LIMIT = 40


def plan_firewall(mesh: MeshConfig, name: str) -> tuple[FirewallRulePlan, ...]:
    """The rules of network `name`, sorted by key; () outside a cloud."""
    config = mesh.networks[name]
    if not isinstance(config, CloudNetworkConfig):
        return ()
    network = _Network(mesh, name, config)
    rules = [*network.of_clusters(), *network.of_groups()]
    return tuple(sorted(rules, key=lambda rule: rule.key))


class _Network:
    """The members of one network, as sources and targets of its rules."""

    def __init__(self, mesh: MeshConfig, name: str, config: CloudNetworkConfig) -> None:
        self._mesh, self._name, self._config = mesh, name, config
        self._cloud = cloud_of(config)
        self._groups = {
            key: (group, owner) for key, group, _, owner in cloud_groups(mesh) if group.network == name
        }
        bundles = any(
            key not in self._groups and group.network == name and group.has_agent
            for key, group in mesh.workload_groups.items()
        )
        self._clusters = clusters_of(mesh, name)
        self._machine_cidrs = tuple(map(str, self._cloud.machine_cidrs(config)))
        self._nodes = [self._party_of_nodes(key, cluster) for key, cluster in self._clusters.items()]
        self._machines = [Party("machines", key, self._machine_cidrs) for key in self._groups]
        if bundles:
            self._machines.append(Party("addresses", "bundles", (str(self._config.cidr),)))

    def of_clusters(self) -> Iterator[FirewallRulePlan]:
        for (name, cluster), nodes in zip(self._clusters.items(), self._nodes, strict=True):
            control_plane = Party("control-plane", name, self._control_plane_cidrs(cluster))
            yield FirewallRulePlan(
                _key("nodes", name),
                nodes,
                tuple(self._nodes),
                (),
                "nodes and pods, and istiod at 15012",
                "all",
            )
            yield FirewallRulePlan(
                _key("control-plane", name),
                nodes,
                (control_plane,),
                tuple(dict.fromkeys((*self._cloud.control_plane_ports, *cluster.control_plane_ports))),
                "the API server calls webhooks and aggregated APIs",
            )
            if self._machines:
                pods = self._cloud.cluster_cidrs(self._config, cluster).pods
                yield FirewallRulePlan(
                    _key("pods", name),
                    nodes,
                    tuple(self._machines),
                    (),
                    "VMs call pods",
                    # Where pods have a CIDR of their own, the nodes themselves accept nothing from VMs.
                    destinations=(str(pods),) if pods else (),
                )
            if self._cloud.control_plane_in_network:
                here = [key for key, group in api_groups(self._mesh, name) if group.network == self._name]
                callers = [*self._nodes, *(party for party in self._machines if party.name in here)]
                callers += self._callers_elsewhere(name, cluster)
                yield FirewallRulePlan(
                    _key("api", name),
                    control_plane,
                    tuple(callers),
                    (443,),
                    "nodes, peers and VMs call the API server",
                )

    def of_groups(self) -> Iterator[FirewallRulePlan]:
        for name, (group, cloud) in self._groups.items():
            target = Party("machines", name, self._machine_cidrs)
            callers = (*self._nodes, *self._machines)
            if group.vm_ports:
                yield FirewallRulePlan(
                    _key("machines", name), target, callers, group.vm_ports, "pods and VMs call the VMs"
                )
            if cloud.health_check_cidrs:
                checks = Party("addresses", "health-checks", cloud.health_check_cidrs)
                yield FirewallRulePlan(
                    _key("health", name),
                    target,
                    (checks,),
                    (VM_HEALTH_PORT,),
                    f"{cloud.title} checks the health of the VMs",
                )
            if self._mesh.operators.vm_access and cloud.shell_cidrs:
                yield FirewallRulePlan(
                    _key("shell", name),
                    target,
                    (Party("addresses", "shells", cloud.shell_cidrs),),
                    (SSH_PORT,),
                    "people open a shell on the VMs through Identity-Aware Proxy",
                )
            yield from self._from_outside(name, group, target, group.vm_ports)

    def _from_outside(
        self, name: str, group: WorkloadGroupConfig, target: Party, ports: tuple[int, ...]
    ) -> Iterator[FirewallRulePlan]:
        """For a network without a cluster's gateway: other networks call VMs directly or through your
        gateway."""
        if self._config.reachable == "direct":
            others = Party("addresses", "other-networks", _members_elsewhere(self._mesh, group.network))
            yield FirewallRulePlan(
                _key("direct", name), target, (others,), ports, "other networks call the VMs directly"
            )
        if self._config.gateway is not None:
            inside = Party("addresses", "gateway", (str(self._config.cidr),))
            yield FirewallRulePlan(
                _key("gateway", name), target, (inside,), ports, "the gateway of the network calls the VMs"
            )

    def _callers_elsewhere(self, name: str, cluster: CloudClusterConfig) -> list[Party]:
        """The sources that reach a cluster's private endpoint over private connections."""
        access = plan_api_access(self._mesh, name, cluster)
        if access.endpoint != "private":
            return []
        ranges = tuple(source.cidr for source in access.sources if source.cidr is not None)
        return [Party("addresses", "callers-elsewhere", ranges)] if ranges else []

    def _party_of_nodes(self, name: str, cluster: CloudClusterConfig) -> Party:
        pods = self._cloud.cluster_cidrs(self._config, cluster).pods
        return Party("nodes", name, (*self._machine_cidrs, *([str(pods)] if pods else [])))

    def _control_plane_cidrs(self, cluster: CloudClusterConfig) -> tuple[str, ...]:
        cidr = self._cloud.cluster_cidrs(self._config, cluster).control_plane
        return (str(cidr),) if cidr else ()


def _members_elsewhere(mesh: MeshConfig, name: str) -> tuple[str, ...]:
    members = [*mesh.clusters.values(), *mesh.workload_groups.values()]
    return tuple(
        str(cidr)
        for key in sorted(mesh.networks)
        if key != name and any(member.network == key for member in members)
        for cidr in network_cidrs(mesh, key)
    )


def _key(purpose: str, name: str) -> str:
    return cloud_name(purpose, name, limit=KEY_LIMIT)
