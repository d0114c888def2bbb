"""Security groups of a network on AWS, and the rules between them."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.networks.base import CloudNetwork
from hybrid_mesh.model.derive.types import FirewallRulePlan, Party
from hybrid_mesh.model.plan.types import NetworkPlan

CONTROL_PLANE = "control-plane"


class SecurityGroups:
    """One security group for the nodes of each cluster and for the VMs of each group.

    EKS creates the security group of a control plane. Rules that refer to it are declared by its cluster
    (`declare_control_plane_rules`).
    """

    rules: Sequence[pulumi.Resource]

    def __init__(self, name: str, network: CloudNetwork, plan: NetworkPlan, vpc: pulumi.Output[str]) -> None:
        self._name, self._network, self._plan, self._vpc = name, network, plan, vpc
        parties = [("nodes", cluster) for cluster in plan.clusters]
        parties += [("machines", group) for group in plan.groups]
        self._groups = {party: self._group(*party) for party in parties}
        out = [self._allow_egress(*party) for party in parties]
        inner = [rule for rule in plan.firewall if not _names_control_plane(rule)]
        known = {party: group.id for party, group in self._groups.items()}
        self.rules = [*out, *(made for rule in inner for made in self._declare(rule, known, network))]

    def id(self, role: str, name: str) -> pulumi.Output[str]:
        return self._groups[role, name].id

    def declare_control_plane_rules(
        self, cluster: str, security_group: pulumi.Output[str], parent: pulumi.Resource
    ) -> list[pulumi.Resource]:
        """The rules from and to the control plane of `cluster`."""
        known = {party: group.id for party, group in self._groups.items()}
        known[CONTROL_PLANE, cluster] = security_group
        return [
            made
            for rule in self._plan.firewall
            if (CONTROL_PLANE, cluster)
            in {(party.role, party.name) for party in (rule.target, *rule.sources)}
            for made in self._declare(rule, known, parent)
        ]

    def _group(self, role: str, name: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            f"{self._name}-{role}-{name}",
            vpc_id=self._vpc,
            description=f"{role} of {name}",
            tags={"Name": f"{self._name}-{role}-{name}"},
            opts=self._network.options(self._network),
        )

    def _allow_egress(self, role: str, name: str) -> pulumi.Resource:
        return aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{role}-{name}-out",
            security_group_id=self._groups[role, name].id,
            ip_protocol="-1",
            cidr_ipv4="0.0.0.0/0",
            description="everywhere",
            opts=self._network.options(self._network),
        )

    def _declare(
        self,
        rule: FirewallRulePlan,
        known: Mapping[tuple[str, str], pulumi.Output[str]],
        parent: pulumi.Resource,
    ) -> list[pulumi.Resource]:
        """One resource for each source and port, as AWS supports no lists of either."""
        target = known[rule.target.role, rule.target.name]
        return [
            self._ingress(
                rule,
                suffix=f"{label}-{port or 'all'}",
                address=address,
                port=port,
                target=target,
                parent=parent,
            )
            for source in rule.sources
            for label, address in _rule_sources(source, known)
            for port in rule.ports or (None,)
        ]

    def _ingress(
        self,
        rule: FirewallRulePlan,
        *,
        suffix: str,
        address: Mapping[str, pulumi.Input[str]],
        port: int | None,
        target: pulumi.Output[str],
        parent: pulumi.Resource,
    ) -> pulumi.Resource:
        every_port = rule.protocol == "tcp" and port is None
        return aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{rule.key}-{suffix}",
            security_group_id=target,
            ip_protocol="tcp" if rule.protocol == "tcp" else "-1",
            from_port=0 if every_port else port,
            to_port=65535 if every_port else port,
            description=rule.purpose[:255],
            referenced_security_group_id=address.get("group"),
            cidr_ipv4=address.get("cidr"),
            opts=pulumi.ResourceOptions.merge(
                self._network.options(parent),
                # The security group of a replaced cluster is deleted, so no rule may refer to it then.
                pulumi.ResourceOptions(replace_on_changes=["referencedSecurityGroupId"]),
            ),
        )


def _rule_sources(
    source: Party, known: Mapping[tuple[str, str], pulumi.Output[str]]
) -> list[tuple[str, dict[str, pulumi.Input[str]]]]:
    """The inputs of a rule for `source`, with a stable name."""
    if source.role == "addresses":
        return [(cidr.replace("/", "-"), {"cidr": cidr}) for cidr in source.ranges]
    return [(f"{source.role}-{source.name}", {"group": known[source.role, source.name]})]


def _names_control_plane(rule: FirewallRulePlan) -> bool:
    return CONTROL_PLANE in {party.role for party in (rule.target, *rule.sources)}
