"""The number of nodes of an EKS node group, which an autoscaler or an operator decides within its bounds."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from hybrid_mesh.model.config.clusters import EksNodeGroupConfig


def desired_size(
    cluster: pulumi.Output[str], group: str, bounds: EksNodeGroupConfig, opts: pulumi.InvokeOutputOptions
) -> pulumi.Output[int]:
    """The present size of the node group whose name begins with `group`, moved into `bounds`; the minimum if
    there is none yet.

    An update of either bound sends the desired size too (terraform-provider-aws, eks/node_group.go:
    `expandNodegroupScalingConfig`), so it must be the one that the account has. Ignoring changes of it would
    send the one of the state: production would be scaled in, and a higher minimum refused. While a group is
    replaced, there are two; the new one begins with the size of the old one.
    """
    names = aws.eks.get_node_groups_output(cluster_name=cluster, opts=opts).names

    def of_own(found: Sequence[str]) -> pulumi.Output[list[int]]:
        own = [name for name in sorted(found) if name.startswith(f"{group}-")]
        return pulumi.Output.all(*(_size(cluster, name, opts) for name in own))

    sizes: pulumi.Output[list[int]] = names.apply(of_own)
    return sizes.apply(lambda found: clamped(max(found, default=0), bounds))


def clamped(size: int, bounds: EksNodeGroupConfig) -> int:
    return min(max(size, bounds.min), bounds.max)


def _size(cluster: pulumi.Output[str], name: str, opts: pulumi.InvokeOutputOptions) -> pulumi.Output[int]:
    group = aws.eks.get_node_group_output(cluster_name=cluster, node_group_name=name, opts=opts)
    return group.scaling_configs.apply(lambda found: max((each.desired_size for each in found), default=0))
