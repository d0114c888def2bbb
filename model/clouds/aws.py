"""AWS: VPCs, EKS and EC2.

A network's CIDR is divided into eighths, one for each zone letter. The first half of an eighth is the zone's
private subnet, the third quarter its public subnet, and the rest is spare. A subnet's CIDR depends only on
the network's CIDR and the zone's letter, so that adding a zone or a network never moves an existing subnet.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from hybrid_mesh.model.clouds.cidrs import part
from hybrid_mesh.model.clouds.images import refused_on_ec2
from hybrid_mesh.model.clouds.kinds import AWS as KINDS
from hybrid_mesh.model.clouds.kinds import Kinds
from hybrid_mesh.model.clouds.types import (
    ClusterCidrs,
    IdentityKind,
    MachineSetPlan,
    NameForm,
    NetworkSizes,
    Platform,
    PodRoom,
    Refusal,
    SubnetPlan,
)
from hybrid_mesh.model.config.clusters import EksClusterConfig, EksNodeGroupConfig
from hybrid_mesh.model.config.istio import Architecture
from hybrid_mesh.model.config.machines import DEBIAN_ON_EC2, Ec2MachinesConfig
from hybrid_mesh.model.config.networks import AwsNetworkConfig
from hybrid_mesh.model.istio_facts import HEALTH_PORT, WEBHOOK_PORT

ZONE_LETTERS = "abcdefgh"

DEFAULT_ZONES = {"ap-northeast-1": "acd", "ca-central-1": "abd"}
"""The first three letters of regions that do not have a, b and c for every account."""

REGIONS_OF_FEW_ZONES = ("us-west-1",)
"""Regions in which each account has two zones, and not every account the same two."""

OTHER_PARTITIONS = re.compile(r"cn-|us-gov-|[a-z]+-iso[a-z]?-")
"""Regions of other partitions, whose ARNs and services have other names (IAM User Guide, "Amazon Resource
Names"). The roles' policies are written for the partition `aws`."""

ROOT_DEVICES = {
    "resolve:ssm:/aws/service/debian/": "/dev/xvda",
    "resolve:ssm:/aws/service/ami-amazon-linux-latest/": "/dev/xvda",
    "resolve:ssm:/aws/service/canonical/ubuntu/": "/dev/sda1",
}
"""Root devices of the images that public SSM parameters name. The device name of the root differs by image
(EC2 User Guide, "Device names for volumes")."""

INTERFACES_OF_NODE = 2
"""Network interfaces of a node with pods: the first, and the one that the VPC CNI keeps warm by default. The
addresses of both come from the subnet (amazon-vpc-cni-k8s, docs/eni-and-ip-target.md: WARM_ENI_TARGET=1)."""

ADDRESSES_OF_INTERFACE = {
    "nano": 2,
    "micro": 2,
    "small": 4,
    "medium": 4,
    "large": 10,
    "xlarge": 15,
    "2xlarge": 15,
    "3xlarge": 15,
}
"""IPv4 addresses per network interface, by instance size: the smallest number among the families that EKS
nodes usually belong to (EC2 User Guide, "Maximum IP addresses per network interface")."""
ADDRESSES_OF_LARGER_INTERFACE = 30

LAUNCH_HOOK = "hybrid-mesh-in-service"
"""The lifecycle hook of a group of VMs, which each VM completes when it is in service."""

_ARM = re.compile(r"(a1|[a-z]+[0-9]+g[a-z]*|[a-z]+[0-9]+[a-z]*-gb[0-9]+)\.")
"""Instance types with Arm processors: Graviton, with a `g` after the generation or a1, the first; NVIDIA
Grace, with `gb` (EC2, "Instance types")."""
_VPC_ID = re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})")
_NLB = "service.beta.kubernetes.io/aws-load-balancer"
EIP_ALLOCATIONS = f"{_NLB}-eip-allocations"
"""Annotation of a Service on EKS: the elastic IPs of its load balancer, one for each subnet, separated by
commas."""
NLB_SUBNETS = f"{_NLB}-subnets"
"""Annotation of a Service on EKS: the public subnets of its load balancer, separated by commas."""
READINESS_GATE = "elbv2.k8s.aws/pod-readiness-gate-inject"
"""Label of namespaces whose pods are ready only if their load balancer has found them healthy, so that a
rollout keeps the old ones until then (AWS Load Balancer Controller, "Pod readiness gate")."""
NLB_TAGS = f"{_NLB}-additional-resource-tags"


@dataclass(frozen=True)
class Ec2MachineSetPlan(MachineSetPlan):
    """An EC2 Auto Scaling group."""

    root_device: str
    """Device name of the image's root disk. With another name, EC2 would add a second disk and leave the root
    disk unencrypted."""


class Aws:
    """AWS (`model.clouds.base.Cloud`)."""

    __slots__ = ()

    kinds: Kinds = KINDS
    title: str = "AWS"
    regions: NameForm = NameForm(re.compile(r"[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-[0-9]"), "us-east-1")
    machine_types: NameForm = NameForm(
        re.compile(r"[a-z][a-z0-9-]*\.([0-9]*[a-z]+|metal-[0-9]+xl)"), "m6i.xlarge"
    )
    images: NameForm = NameForm(
        re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})|resolve:ssm:[A-Za-z0-9_./:-]+"),
        f"ami-0abcdef1234567890, or {DEBIAN_ON_EC2}",
    )
    sizes: NetworkSizes = NetworkSizes(smallest=23, smallest_with_cluster=20, largest=16)
    """/24 for each private subnet; without a cluster a public /28. VPC User Guide, "VPC CIDR blocks"."""
    reserved_in_subnet: int = 5
    """VPC User Guide, "Subnet sizing"."""
    api_source_limit: int = 40
    """EKS endpoints and quotas, "Public endpoint access CIDR ranges per cluster". The quota cannot be raised.
    """
    node_pool_key: str = "nodeGroup"
    control_plane_ports: tuple[int, ...] = (443, 9443, 10250, 10251, WEBHOOK_PORT)
    """EKS, "Security group requirements"; AWS Load Balancer Controller, webhook at 9443; EKS' add-on
    metrics-server at 10251 (EKS User Guide, "View resource usage with the Kubernetes Metrics Server")."""
    control_plane_in_network: bool = True
    health_check_cidrs: tuple[str, ...] = ()
    shell_cidrs: tuple[str, ...] = ()
    identity_kind: IdentityKind = "Group"
    platform: Platform = "aws"
    istiod_values: Mapping[str, Any] = {}
    gateway_drain_seconds: int | None = 240
    """A network load balancer with pods as targets sends new connections to one that is deregistered for up
    to three minutes (Istio's issue 35964)."""
    gateway_namespace_labels: Mapping[str, str] = {READINESS_GATE: "enabled"}
    gateway_timeout_seconds: int | None = 900
    """A new pod becomes ready when the load balancer has found it healthy, minutes later."""
    load_balancers_name_subnets: bool = True
    """An existing VPC may have subnets of others with the tag by which load balancers find theirs."""

    def load_balancer_annotations(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Source: AWS Load Balancer Controller, "Service annotations"."""
        tags = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        return {
            f"{_NLB}-type": "external",
            f"{_NLB}-scheme": "internet-facing",
            f"{_NLB}-nlb-target-type": "ip",
            f"{_NLB}-attributes": "load_balancing.cross_zone.enabled=true",
            f"{_NLB}-healthcheck-protocol": "http",
            f"{_NLB}-healthcheck-port": str(HEALTH_PORT),
            f"{_NLB}-healthcheck-path": "/healthz/ready",
            **({NLB_TAGS: tags} if tags else {}),
        }

    def refused_region(self, region: str) -> str | None:
        if not OTHER_PARTITIONS.match(region):
            return None
        return "this region is in another AWS partition, for which the program creates no roles"

    def zone_form(self, region: str) -> NameForm:
        return NameForm(re.compile(rf"{re.escape(region)}[{ZONE_LETTERS}]"), f"{region}a")

    def zones(self, network: AwsNetworkConfig) -> tuple[str, ...]:
        """The configured zones, else three of the region."""
        if network.zones:
            return tuple(sorted(set(network.zones)))
        letters = DEFAULT_ZONES.get(network.region, ZONE_LETTERS[:3])
        return tuple(f"{network.region}{letter}" for letter in letters)

    def refused_zones(self, network: AwsNetworkConfig) -> Refusal | None:
        """EKS requires two zones (EKS, "Subnet requirements"), and VMs must survive the loss of one."""
        if network.region in REGIONS_OF_FEW_ZONES and not network.zones:
            return Refusal(
                f"required: the zones of {network.region} differ between accounts",
                f"List them: `aws ec2 describe-availability-zones --region {network.region}` shows them.",
            )
        if len(self.zones(network)) < 2:
            return Refusal(
                "EKS requires at least two zones",
                "List two or three zones of the region, or leave `zones` out.",
            )
        return None

    def refused_network_id(self, network: AwsNetworkConfig) -> Refusal | None:
        if network.id is None or _VPC_ID.fullmatch(network.id):
            return None
        return Refusal("not a valid VPC ID", "Write it like vpc-0a1b2c3d.")

    def project(self, network: AwsNetworkConfig, default: str | None) -> str | None:
        del network, default
        return None

    def subnets(
        self, network: AwsNetworkConfig, clusters: Mapping[str, EksClusterConfig]
    ) -> tuple[SubnetPlan, ...]:
        del clusters
        found: list[SubnetPlan] = []
        for zone in self.zones(network):
            private, public, _ = zone_cidrs(network.cidr, zone[-1])
            found.append(SubnetPlan(key=f"private-{zone[-1]}", cidr=str(private), zone=zone))
            found.append(SubnetPlan(key=f"public-{zone[-1]}", cidr=str(public), zone=zone, public=True))
        return tuple(sorted(found, key=lambda subnet: subnet.key))

    def machine_cidrs(self, network: AwsNetworkConfig) -> tuple[IPv4Network, ...]:
        """The private subnets. An invalid zone, which a rule refuses, has none."""
        letters = [zone[-1] for zone in self.zones(network) if zone and zone[-1] in ZONE_LETTERS]
        return tuple(zone_cidrs(network.cidr, letter)[0] for letter in letters)

    def nat_addresses(self, network: AwsNetworkConfig) -> int:
        """One NAT gateway a zone."""
        return len(self.zones(network))

    def gateway_addresses(self, network: AwsNetworkConfig) -> int:
        """One for each public subnet."""
        return len(self.zones(network))

    def cluster_cidrs(self, network: AwsNetworkConfig, cluster: EksClusterConfig) -> ClusterCidrs:
        """Pods get addresses from the private subnets."""
        del network
        return ClusterCidrs(services=cluster.service_cidr)

    def node_pool(self, cluster: EksClusterConfig) -> EksNodeGroupConfig:
        return cluster.node_group

    def first_nodes(self, network: AwsNetworkConfig) -> int:
        del network
        return 1

    def node_surge(self, network: AwsNetworkConfig) -> int:
        """EKS, "Understand each phase of node updates": up to twice the number of zones."""
        return 2 * len(self.zones(network))

    def vm_surge(
        self, network: AwsNetworkConfig, machines: Ec2MachinesConfig, *, minimum: int, size: int
    ) -> int:
        """A share of the size that the group has then."""
        del network
        percent = refresh_percent(machines.rollout.max_unavailable, minimum) - 100
        return math.ceil(size * percent / 100)

    def addresses_of_node(self, cluster: EksClusterConfig) -> int:
        size = cluster.node_group.machine_type.rpartition(".")[2]
        return INTERFACES_OF_NODE * ADDRESSES_OF_INTERFACE.get(size, ADDRESSES_OF_LARGER_INTERFACE)

    def pod_room(self, network: AwsNetworkConfig, cluster: EksClusterConfig, free: int) -> PodRoom:
        del network
        each = self.addresses_of_node(cluster)
        reason = (
            f"a node of type {cluster.node_group.machine_type} and its pods take {each} addresses of the "
            f"private subnets, which have {free} left"
        )
        return PodRoom(free // each, reason)

    def refused_nodes(self, machine_type: str) -> Refusal | None:
        """Nodes run Amazon Linux 2023, which needs ARMv8.2 (its user guide, "System requirements")."""
        if not machine_type.startswith("a1."):
            return None
        return Refusal(
            "nodes run Amazon Linux 2023, which does not support the first Graviton processor",
            "Choose Graviton2 or later, for example m6g.xlarge.",
        )

    def architecture(self, machine_type: str) -> Architecture:
        return "arm64" if _ARM.match(machine_type) else "amd64"

    def refused_image(self, machines: Ec2MachinesConfig) -> Refusal | None:
        return refused_on_ec2(machines.image)

    def is_vendor_image(self, image: str) -> bool:
        """`/aws/service` has the public parameters (Systems Manager, "Calling AMI public parameters")."""
        return image.startswith("resolve:ssm:/aws/service/")

    def machine_identity(self, stack: str, group: str, project: str | None) -> str:
        """The Kubernetes group of the role's access entry."""
        del stack, project
        return f"hybrid-mesh:{group}"

    def machine_set(
        self,
        planned: MachineSetPlan,
        machines: Ec2MachinesConfig,
        *,
        stack: str,
        group: str,
        project: str | None,
    ) -> Ec2MachineSetPlan:
        del stack, group, project
        device = machines.root_device or known_root_device(machines.image) or ""
        return Ec2MachineSetPlan(**vars(planned), root_device=device)

    def identity_settings(self, region: str, cluster: str | None) -> dict[str, str]:
        if cluster is None:
            raise ValueError("an EC2 VM's identity needs the name of its EKS cluster")
        return {"AWS_REGION": region, "EKS_CLUSTER": cluster, "LIFECYCLE_HOOK": LAUNCH_HOOK}


def refresh_percent(max_unavailable: int, minimum: int) -> int:
    """The size of an Auto Scaling group during an instance refresh, in percent of its size before: as many
    VMs more as are replaced at the same time in a group of `minimum` VMs (`MaxHealthyPercentage`, at most
    200)."""
    return min(200, 100 + math.ceil(100 * max_unavailable / minimum))


def zone_cidrs(cidr: IPv4Network, letter: str) -> tuple[IPv4Network, IPv4Network, IPv4Network]:
    """Private, public and spare CIDR of the zone with `letter` in the aws network `cidr`."""
    zone = part(cidr, 3, ZONE_LETTERS.index(letter))
    return part(zone, 1, 0), part(zone, 2, 2), part(zone, 2, 3)


def known_root_device(image: str) -> str | None:
    """The root device of an EC2 image, if its name shows it."""
    return next((device for start, device in ROOT_DEVICES.items() if image.startswith(start)), None)
