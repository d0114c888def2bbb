"""What an existing VPC must have before anything is created in it."""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from hybrid_mesh.model.plan.kinds import AwsNetworkPlan


def adopted_vpc(plan: AwsNetworkPlan, opts: pulumi.InvokeOutputOptions) -> pulumi.Output[str]:
    """The ID of the VPC that the network's `id` names, once the account has shown that it suits the plan.

    Its failure is a RunError, also in a preview, before anything depends on the VPC.
    """
    identity = plan.config.id
    assert identity is not None

    def checked(found: aws.ec2.GetVpcResult) -> str:
        cidrs = [each.cidr_block for each in found.cidr_block_associations if each.state == "associated"]
        wrong = list(_problems(plan, cidrs, (found.enable_dns_support, found.enable_dns_hostnames)))
        if wrong:
            raise pulumi.RunError("\n".join(wrong))
        return identity

    return aws.ec2.get_vpc_output(id=identity, opts=opts).apply(checked)


def _problems(plan: AwsNetworkPlan, cidrs: Sequence[str], dns: tuple[bool, bool]) -> Iterator[str]:
    identity, path = plan.config.id, f"networks.{plan.name}"
    if not _contains(cidrs, plan.config.cidr):
        yield (
            f"{path}.cidr ({plan.config.cidr}) is not part of {identity}, which has {', '.join(cidrs)}. "
            f"Choose a part of these, or run `aws ec2 associate-vpc-cidr-block --vpc-id {identity} "
            f"--cidr-block {plan.config.cidr}`"
        )
    # EKS User Guide, "VPC requirements": nodes cannot register otherwise. VMs look up names there too.
    needed = {"enable-dns-support": dns[0], "enable-dns-hostnames": dns[1] or not plan.clusters}
    for option in (option for option, on in needed.items() if not on):
        yield (
            f"{path}.id ({identity}) has DNS turned off, so that nodes and VMs cannot find the API server. "
            f"Run `aws ec2 modify-vpc-attribute --vpc-id {identity} --{option}`"
        )


def _contains(cidrs: Iterable[str], wanted: IPv4Network) -> bool:
    return any(wanted.subnet_of(IPv4Network(cidr)) for cidr in cidrs)
