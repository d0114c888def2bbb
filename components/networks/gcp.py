"""A network on Google Cloud: a custom VPC, one subnet, NAT with reserved addresses, firewall rules."""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from hybrid_mesh.components.names import child
from hybrid_mesh.components.networks.base import CloudNetwork
from hybrid_mesh.model.clouds.names import cloud_name, google_name
from hybrid_mesh.model.config.networks import GcpNetworkConfig
from hybrid_mesh.model.derive.types import FirewallRulePlan, Role
from hybrid_mesh.model.plan.kinds import GcpNetworkPlan


class GcpNetwork(CloudNetwork):
    """The subnet, NAT and firewall in one region, in a new VPC or an existing one."""

    TYPE = "hybridmesh:index:GcpNetwork"
    plan: GcpNetworkPlan
    network: pulumi.Output[str]
    subnets: Mapping[str, gcp.compute.Subnetwork]

    def __init__(
        self,
        name: str,
        *,
        plan: GcpNetworkPlan,
        protected: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, plan=plan, protected=protected, opts=opts)
        config = plan.config
        self._name, self._region = name, config.region
        self.provider = gcp.Provider(
            f"{name}-provider",
            project=plan.project,
            region=config.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.network = self._network(config, protected)
        self.subnets = {subnet.key: self._subnet(subnet.key) for subnet in plan.subnets}
        self.egress, nat = self._nat()
        rules = [self._rule(rule) for rule in plan.firewall]
        self.ready = [*self.subnets.values(), *nat, *rules]
        self.register_outputs({"network": self.network})

    def _network(self, config: GcpNetworkConfig, protected: bool) -> pulumi.Output[str]:
        if config.id is not None:
            return pulumi.Output.from_input(config.id)
        made = gcp.compute.Network(
            child(self._name, "vpc"),
            auto_create_subnetworks=False,
            routing_mode="REGIONAL",
            opts=pulumi.ResourceOptions(parent=self, provider=self.provider, protect=protected),
        )
        return made.self_link

    def _subnet(self, key: str) -> gcp.compute.Subnetwork:
        plan = next(subnet for subnet in self.plan.subnets if subnet.key == key)
        return gcp.compute.Subnetwork(
            child(self._name, key),
            network=self.network,
            region=self._region,
            ip_cidr_range=plan.cidr,
            private_ip_google_access=True,
            opts=self.options(self),
        )

    def _nat(self) -> tuple[tuple[pulumi.Output[str], ...], list[pulumi.Resource]]:
        """The egress addresses and the NAT. The addresses are reserved, as API servers elsewhere allow
        them."""
        if not self.plan.nat_addresses:
            return (), []
        addresses = [
            gcp.compute.Address(
                child(self._name, "nat", str(index)),
                region=self._region,
                address_type="EXTERNAL",
                opts=self.address_options(self),
            )
            for index in range(self.plan.nat_addresses)
        ]
        router = gcp.compute.Router(
            child(self._name, "router"), network=self.network, region=self._region, opts=self.options(self)
        )
        nat = gcp.compute.RouterNat(
            child(self._name, "nat"),
            router=router.name,
            region=self._region,
            nat_ip_allocate_option="MANUAL_ONLY",
            nat_ips=[address.self_link for address in addresses],
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[
                {"name": subnet.self_link, "source_ip_ranges_to_nats": ["ALL_IP_RANGES"]}
                for subnet in self.subnets.values()
            ],
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            log_config={"enable": True, "filter": "ERRORS_ONLY"},
            opts=self.options(self),
        )
        return tuple(address.address.apply(lambda text: f"{text}/32") for address in addresses), [nat]

    def _rule(self, rule: FirewallRulePlan) -> gcp.compute.Firewall:
        return gcp.compute.Firewall(
            child(self._name, rule.key),
            network=self.network,
            direction="INGRESS",
            description=rule.purpose,
            allows=[{"protocol": rule.protocol, "ports": [str(port) for port in rule.ports] or None}],
            source_ranges=sorted({cidr for source in rule.sources for cidr in source.ranges}),
            destination_ranges=list(rule.destinations) or None,
            target_tags=[self.tag(rule.target.role, rule.target.name)],
            opts=self.options(self),
        )

    def tag(self, role: Role, name: str) -> str:
        """The network tag by which firewall rules select the nodes of a cluster or the VMs of a group.

        In an existing VPC, it contains the stack's name, as other stacks may use the same VPC and names.
        """
        if self.plan.config.id is None:
            return cloud_name(role, name)
        return google_name(role, pulumi.get_stack(), name, limit=63)
