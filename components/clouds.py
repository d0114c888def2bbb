"""What is declared in a cloud.

The SDK of a cloud takes long to load: only a stack that uses that cloud does so.
"""

from collections.abc import Mapping

import pulumi

from components.clusters.base import MeshCluster
from components.machines.base import MachineContext, Machines
from components.networks.base import CloudNetwork
from model.clouds.google import GceMachineSetPlan
from model.config.clusters import GkeClusterConfig
from model.config.networks import AwsNetworkConfig, GcpNetworkConfig
from model.plan.types import ClusterPlan, MeshPlan, NetworkPlan


def cloud_network(
    name: str, plan: NetworkPlan, *, protected: bool, opts: pulumi.ResourceOptions
) -> CloudNetwork | None:
    """The network, when it is one of a cloud."""
    if isinstance(plan.config, GcpNetworkConfig):
        from components.networks.gcp import GcpNetwork  # noqa: PLC0415

        return GcpNetwork(name, plan=plan, protected=protected, opts=opts)
    if isinstance(plan.config, AwsNetworkConfig):
        from components.networks.aws import AwsNetwork  # noqa: PLC0415

        return AwsNetwork(name, plan=plan, protected=protected, opts=opts)
    return None


def cloud_cluster(
    name: str,
    plan: ClusterPlan,
    *,
    mesh: MeshPlan,
    networks: Mapping[str, CloudNetwork],
    opts: pulumi.ResourceOptions,
) -> MeshCluster:
    """A GKE or EKS cluster in its network."""
    network = networks[plan.network]
    if isinstance(plan.config, GkeClusterConfig):
        from components.clusters.gke import GkeMeshCluster  # noqa: PLC0415
        from components.networks.gcp import GcpNetwork  # noqa: PLC0415

        assert isinstance(network, GcpNetwork)
        return GkeMeshCluster(
            name, plan=plan, network=network, networks=networks, protected=mesh.protected, opts=opts
        )
    from components.clusters.eks import EksMeshCluster  # noqa: PLC0415
    from components.networks.aws import AwsNetwork  # noqa: PLC0415

    assert isinstance(network, AwsNetwork)
    return EksMeshCluster(
        name,
        plan=plan,
        network=network,
        networks=networks,
        labels=mesh.labels,
        protected=mesh.protected,
        opts=opts,
    )


def cloud_machines(name: str, context: MachineContext, *, opts: pulumi.ResourceOptions) -> Machines:
    """The machines of a group on GCE or EC2."""
    machines, network, cluster = context.group.machine_set, context.cloud_network, context.cluster
    if isinstance(machines, GceMachineSetPlan):
        from components.machines.gce import GceMachines  # noqa: PLC0415
        from components.networks.gcp import GcpNetwork  # noqa: PLC0415

        assert isinstance(network, GcpNetwork)
        return GceMachines(name, context=context, network=network, opts=opts)
    from components.clusters.eks import EksMeshCluster  # noqa: PLC0415
    from components.machines.ec2 import Ec2Machines  # noqa: PLC0415
    from components.networks.aws import AwsNetwork  # noqa: PLC0415

    assert isinstance(network, AwsNetwork)
    assert isinstance(cluster, EksMeshCluster)
    return Ec2Machines(name, context=context, network=network, cluster=cluster, opts=opts)
