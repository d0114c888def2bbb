"""A network on AWS: a VPC across several zones, public and private subnets, NAT with Elastic IPs."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.networks.aws_adopted import adopted_vpc
from hybrid_mesh.components.networks.aws_firewall import SecurityGroups
from hybrid_mesh.components.networks.base import CloudNetwork
from hybrid_mesh.model.clouds.types import SubnetPlan
from hybrid_mesh.model.config.networks import AwsNetworkConfig
from hybrid_mesh.model.plan.kinds import AwsNetworkPlan

EVERYWHERE = "0.0.0.0/0"
_ROLE_TAGS = {True: "kubernetes.io/role/elb", False: "kubernetes.io/role/internal-elb"}
"""Tags by which the AWS Load Balancer Controller finds subnets (its page "Subnet discovery")."""


class AwsNetwork(CloudNetwork):
    """Subnets, NAT gateways and security groups in one region, in a new VPC or an existing one.

    Nodes and VMs are in the private subnets; load balancers and NAT gateways are in the public ones.
    """

    TYPE = "hybridmesh:index:AwsNetwork"
    plan: AwsNetworkPlan
    vpc: pulumi.Output[str]
    subnets: Mapping[str, aws.ec2.Subnet]
    security_groups: SecurityGroups

    def __init__(
        self,
        name: str,
        *,
        plan: AwsNetworkPlan,
        protected: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, plan=plan, protected=protected, opts=opts)
        config = plan.config
        self._name = name
        self.provider = aws.Provider(
            f"{name}-provider", region=config.region, opts=pulumi.ResourceOptions(parent=self)
        )
        self.vpc = self._vpc(config, protected)
        self.subnets = {subnet.key: self._subnet(subnet) for subnet in plan.subnets}
        out = self._public_routes(self._internet_gateway(config))
        self.egress, routes = self._nat(out)
        self.security_groups = SecurityGroups(name, self, plan, self.vpc)
        self.ready = [*self.subnets.values(), *out, *routes, *self.security_groups.rules]
        self.register_outputs({"vpc": self.vpc})

    @property
    def private_subnets(self) -> list[pulumi.Output[str]]:
        return [self.subnets[subnet.key].id for subnet in self.plan.subnets if not subnet.public]

    @property
    def public_subnets(self) -> list[pulumi.Output[str]]:
        return [self.subnets[subnet.key].id for subnet in self.plan.subnets if subnet.public]

    def _vpc(self, config: AwsNetworkConfig, protected: bool) -> pulumi.Output[str]:
        if config.id is not None:
            looked_up = pulumi.InvokeOutputOptions(parent=self, provider=self.provider)
            return adopted_vpc(self.plan, looked_up)
        made = aws.ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=str(config.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": self._name},
            opts=pulumi.ResourceOptions(parent=self, provider=self.provider, protect=protected),
        )
        # Members of the default group could reach each other, so it allows no traffic.
        aws.ec2.DefaultSecurityGroup(
            f"{self._name}-default", vpc_id=made.id, ingress=[], egress=[], opts=self.options(self)
        )
        return made.id

    def _subnet(self, plan: SubnetPlan) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            f"{self._name}-{plan.key}",
            vpc_id=self.vpc,
            cidr_block=plan.cidr,
            availability_zone=plan.zone,
            map_public_ip_on_launch=False,
            tags={"Name": f"{self._name}-{plan.key}", _ROLE_TAGS[plan.public]: "1"},
            opts=self.options(self),
        )

    def _internet_gateway(self, config: AwsNetworkConfig) -> pulumi.Output[str]:
        """The VPC's internet gateway. The engine looks up that of an existing VPC."""
        if config.id is not None:
            found = aws.ec2.get_internet_gateway_output(
                filters=[{"name": "attachment.vpc-id", "values": [config.id]}],
                opts=pulumi.InvokeOutputOptions(parent=self, provider=self.provider),
            )
            return found.internet_gateway_id
        made = aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self.vpc, tags={"Name": self._name}, opts=self.options(self)
        )
        return made.id

    def _public_routes(self, gateway: pulumi.Output[str]) -> list[pulumi.Resource]:
        public = [subnet for subnet in self.plan.subnets if subnet.public]
        return self._routes("public", public, gateway_id=gateway) if public else []

    def _nat(
        self, out: list[pulumi.Resource]
    ) -> tuple[tuple[pulumi.Output[str], ...], list[pulumi.Resource]]:
        """One NAT gateway per zone, so that no zone depends on another. Without NAT, the private subnets
        use the VPC's main route table."""
        if not self.plan.nat_addresses:
            return (), []
        egress: list[pulumi.Output[str]] = []
        routes: list[pulumi.Resource] = []
        for subnet in self.plan.subnets:
            if subnet.public:
                continue
            letter = subnet.key.removeprefix("private-")
            address = aws.ec2.Eip(
                f"{self._name}-nat-{letter}",
                domain="vpc",
                tags={"Name": f"{self._name}-nat-{letter}"},
                opts=self.address_options(self, out),
            )
            gateway = aws.ec2.NatGateway(
                f"{self._name}-nat-{letter}",
                allocation_id=address.id,
                subnet_id=self.subnets[f"public-{letter}"].id,
                tags={"Name": f"{self._name}-{letter}"},
                opts=self.options(self, out),
            )
            egress.append(address.public_ip.apply(lambda text: f"{text}/32"))
            routes.extend(self._routes(f"private-{letter}", [subnet], nat_gateway_id=gateway.id))
        return tuple(egress), routes

    def _routes(
        self, key: str, subnets: list[SubnetPlan], **target: pulumi.Output[str]
    ) -> list[pulumi.Resource]:
        """A route table for `subnets` with one default route."""
        table = aws.ec2.RouteTable(
            f"{self._name}-{key}",
            vpc_id=self.vpc,
            tags={"Name": f"{self._name}-{key}"},
            opts=self.options(self),
        )
        route = aws.ec2.Route(
            f"{self._name}-{key}",
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            opts=self.options(self),
            gateway_id=target.get("gateway_id"),
            nat_gateway_id=target.get("nat_gateway_id"),
        )
        associations = [
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{subnet.key}",
                route_table_id=table.id,
                subnet_id=self.subnets[subnet.key].id,
                opts=self.options(self),
            )
            for subnet in subnets
        ]
        return [route, *associations]
