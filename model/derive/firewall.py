"""What a cloud's network lets in. Everything that is not planned here is refused.

Source of the ports: "Ports used by Istio" and "Requirements" of its virtual machine guide; GKE, "Adding
firewall rules for specific use cases" (private nodes admit their control plane at 443 and 10250 only); EKS,
"Security group requirements"; AWS Load Balancer Controller, webhook at 9443.
"""

from collections.abc import Iterator

from model.config.clusters import EksClusterConfig, GkeClusterConfig
from model.config.groups import WorkloadGroupConfig
from model.config.machines import CloudMachinesConfig, GceMachinesConfig
from model.config.mesh import MeshConfig
from model.config.networks import AwsNetworkConfig, CloudNetworkConfig, GcpNetworkConfig
from model.derive.api_access import api_groups, plan_api_access
from model.derive.names import cloud_name
from model.derive.subnets import gke_ranges, nodes_range, zone_ranges, zones_of
from model.derive.types import FirewallRulePlan, Party
from model.istio_facts import AGENT_PORT, WEBHOOK_PORT

GKE_CONTROL_PLANE_PORTS = (WEBHOOK_PORT,)
EKS_CONTROL_PLANE_PORTS = (443, 9443, 10250, WEBHOOK_PORT)

HEALTH_CHECKS = ("130.211.0.0/22", "35.191.0.0/16")
"""From where Google checks the health of machines (Cloud Load Balancing, "Probe IP ranges")."""

KEY_LIMIT = 40


def plan_firewall(mesh: MeshConfig, name: str) -> tuple[FirewallRulePlan, ...]:
    """The rules of network `name`, sorted by key; () where it is none of a cloud's."""
    if not isinstance(mesh.networks[name], CloudNetworkConfig):
        return ()
    network = _Network(mesh, name)
    rules = [*network.of_clusters(), *network.of_groups()]
    return tuple(sorted(rules, key=lambda rule: rule.key))


class _Network:
    """Who is in one network, as parties to its rules."""

    def __init__(self, mesh: MeshConfig, name: str) -> None:
        self._mesh, self._name, self._config = mesh, name, mesh.networks[name]
        groups = {key: group for key, group in mesh.workload_groups.items() if group.network == name}
        self._groups = {
            k: g for k, g in sorted(groups.items()) if isinstance(g.machines, CloudMachinesConfig)
        }
        self._bundles = sorted(set(groups) - set(self._groups))
        self._clusters = {
            key: cluster
            for key, cluster in sorted(mesh.clusters.items())
            if cluster.network == name and isinstance(cluster, GkeClusterConfig | EksClusterConfig)
        }
        self._nodes = [self._party_of_nodes(key, cluster) for key, cluster in self._clusters.items()]
        self._machines = [Party("machines", key, self._machine_ranges()) for key in self._groups]
        if self._bundles:
            self._machines.append(Party("addresses", "bundles", (str(self._config.cidr),)))

    def of_clusters(self) -> Iterator[FirewallRulePlan]:
        for (name, cluster), nodes in zip(self._clusters.items(), self._nodes, strict=True):
            gke = isinstance(cluster, GkeClusterConfig)
            control_plane = Party("control-plane", name, self._control_plane_ranges(cluster))
            yield FirewallRulePlan(
                _key("nodes", name),
                nodes,
                tuple(self._nodes),
                (),
                "nodes and pods, istiod at 15012 too",
                "all",
            )
            yield FirewallRulePlan(
                _key("control-plane", name),
                nodes,
                (control_plane,),
                GKE_CONTROL_PLANE_PORTS if gke else EKS_CONTROL_PLANE_PORTS,
                "the API server calls the webhooks of istiod",
            )
            if self._machines:
                yield FirewallRulePlan(
                    _key("pods", name), nodes, tuple(self._machines), (), "machines call pods"
                )
            if not gke:
                here = [key for key, group in api_groups(self._mesh, name) if group.network == self._name]
                callers = [*self._nodes, *(party for party in self._machines if party.name in here)]
                callers += self._callers_elsewhere(name)
                yield FirewallRulePlan(
                    _key("api", name),
                    control_plane,
                    tuple(callers),
                    (443,),
                    "nodes, peers and machines call it",
                )

    def of_groups(self) -> Iterator[FirewallRulePlan]:
        for name, group in self._groups.items():
            target = Party("machines", name, self._machine_ranges())
            ports = tuple(sorted(set(group.ports.values())))
            callers = (*self._nodes, *self._machines)
            yield FirewallRulePlan(
                _key("machines", name), target, callers, ports, "pods and machines call the machines"
            )
            if isinstance(group.machines, GceMachinesConfig):
                checks = Party("addresses", "health-checks", HEALTH_CHECKS)
                yield FirewallRulePlan(
                    _key("health", name),
                    target,
                    (checks,),
                    (AGENT_PORT,),
                    "Google checks the health of the agents",
                )
            yield from self._from_outside(name, group, target, ports)

    def _from_outside(
        self, name: str, group: WorkloadGroupConfig, target: Party, ports: tuple[int, ...]
    ) -> Iterator[FirewallRulePlan]:
        """Where no cluster's gateway leads in: other networks by their routes, or a gateway of the user's."""
        if self._config.reachable == "direct":
            others = Party("addresses", "other-networks", _members_elsewhere(self._mesh, group.network))
            yield FirewallRulePlan(
                _key("direct", name), target, (others,), ports, "other networks call the machines directly"
            )
        if self._config.gateway is not None:
            inside = Party("addresses", "gateway", (str(self._config.cidr),))
            yield FirewallRulePlan(
                _key("gateway", name), target, (inside,), ports, "a gateway of the network calls them"
            )

    def _callers_elsewhere(self, cluster: str) -> list[Party]:
        """Who comes to the private endpoint of an EKS cluster over private connections."""
        access = plan_api_access(self._mesh, cluster)
        if access is None or access.endpoint != "private":
            return []
        ranges = tuple(source.cidr for source in access.sources if source.cidr is not None)
        return [Party("addresses", "callers-elsewhere", ranges)] if ranges else []

    def _party_of_nodes(self, name: str, cluster: GkeClusterConfig | EksClusterConfig) -> Party:
        if isinstance(cluster, GkeClusterConfig):
            ranges = gke_ranges(self._config.cidr, cluster)
            pods = (str(ranges.pods),) if ranges else ()
            return Party("nodes", name, (str(nodes_range(self._config.cidr)), *pods))
        return Party("nodes", name, self._private_ranges())

    def _control_plane_ranges(self, cluster: GkeClusterConfig | EksClusterConfig) -> tuple[str, ...]:
        ranges = gke_ranges(self._config.cidr, cluster) if isinstance(cluster, GkeClusterConfig) else None
        return (str(ranges.control_plane),) if ranges else ()

    def _machine_ranges(self) -> tuple[str, ...]:
        if isinstance(self._config, GcpNetworkConfig):
            return (str(nodes_range(self._config.cidr)),)
        return self._private_ranges()

    def _private_ranges(self) -> tuple[str, ...]:
        config = self._config
        zones = zones_of(config) if isinstance(config, AwsNetworkConfig) else ()
        return tuple(str(zone_ranges(config.cidr, zone[-1])[0]) for zone in zones)


def _members_elsewhere(mesh: MeshConfig, name: str) -> tuple[str, ...]:
    members = [*mesh.clusters.values(), *mesh.workload_groups.values()]
    return tuple(
        str(network.cidr)
        for key, network in sorted(mesh.networks.items())
        if key != name and any(member.network == key for member in members)
    )


def _key(purpose: str, name: str) -> str:
    return cloud_name(purpose, name, limit=KEY_LIMIT)
