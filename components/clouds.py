"""The components that declare plans in a cloud.

A cloud's SDK is slow to load, so only a stack that uses the cloud imports it.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pulumi

from hybrid_mesh.components.clusters.base import MeshCluster
from hybrid_mesh.components.issuers.base import CloudIssuer
from hybrid_mesh.components.machines.base import MachineContext, Machines
from hybrid_mesh.components.networks.base import CloudNetwork, CloudSite
from hybrid_mesh.model.clouds.aws import Ec2MachineSetPlan
from hybrid_mesh.model.clouds.google import GceMachineSetPlan
from hybrid_mesh.model.config.trust import AwsPrivateCaTrustConfig, GoogleCasTrustConfig
from hybrid_mesh.model.plan.kinds import AwsNetworkPlan, EksClusterPlan, GcpNetworkPlan, GkeClusterPlan
from hybrid_mesh.model.plan.types import ClusterPlan, NetworkPlan

DECLARERS: Mapping[type, str] = {
    GcpNetworkPlan: "hybrid_mesh.components.networks.gcp:GcpNetwork",
    AwsNetworkPlan: "hybrid_mesh.components.networks.aws:AwsNetwork",
    GkeClusterPlan: "hybrid_mesh.components.clusters.gke:GkeMeshCluster",
    EksClusterPlan: "hybrid_mesh.components.clusters.eks:EksMeshCluster",
    GceMachineSetPlan: "hybrid_mesh.components.machines.gce:GceMachines",
    Ec2MachineSetPlan: "hybrid_mesh.components.machines.ec2:Ec2Machines",
    GoogleCasTrustConfig: "hybrid_mesh.components.issuers.google_cas:GoogleCasIssuer",
    AwsPrivateCaTrustConfig: "hybrid_mesh.components.issuers.aws_private_ca:AwsPrivateCaIssuer",
}
"""The component of each kind of plan in a cloud, `module:class`, imported when it is needed."""


def in_cloud(plan: object) -> bool:
    """Whether a plan's resources are in a cloud."""
    return type(plan) in DECLARERS


def cloud_network(
    name: str, plan: NetworkPlan, *, protected: bool, opts: pulumi.ResourceOptions
) -> CloudNetwork:
    """The network of a plan in a cloud."""
    made: CloudNetwork = _declarer(plan)(name, plan=plan, protected=protected, opts=opts)
    return made


def cloud_cluster(
    name: str, plan: ClusterPlan, site: CloudSite, *, opts: pulumi.ResourceOptions
) -> MeshCluster:
    """The cluster of a plan in a cloud."""
    made: MeshCluster = _declarer(plan)(name, plan=plan, site=site, opts=opts)
    return made


def cloud_machines(name: str, context: MachineContext, *, opts: pulumi.ResourceOptions) -> Machines:
    """The VMs of a group in a cloud."""
    made: Machines = _declarer(context.group.machine_set)(name, context=context, opts=opts)
    return made


def cloud_issuer(name: str, trust: object, **settings: Any) -> CloudIssuer:
    """The issuer of a trust in a cloud; `settings` are those of every `CloudIssuer`."""
    made: CloudIssuer = _declarer(trust)(name, trust=trust, **settings)
    return made


def _declarer(plan: object) -> Any:
    module, _, component = DECLARERS[type(plan)].partition(":")
    return getattr(import_module(module), component)
