"""A cluster on Amazon's Elastic Kubernetes Service."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.clusters.cloud import CloudMeshCluster
from hybrid_mesh.components.clusters.eks_access import grant_access
from hybrid_mesh.components.clusters.eks_addons import EksAddons
from hybrid_mesh.components.clusters.eks_node_size import desired_size
from hybrid_mesh.components.clusters.eks_roles import CLUSTER_POLICIES, NODE_POLICIES, service_role
from hybrid_mesh.components.clusters.exec_kubeconfig import certificate_authority, exec_kubeconfig
from hybrid_mesh.components.clusters.load_balancer_controller import LoadBalancerController
from hybrid_mesh.components.expect import expect
from hybrid_mesh.components.names import child
from hybrid_mesh.components.networks.aws import AwsNetwork
from hybrid_mesh.components.networks.base import CloudNetwork, CloudSite, allowed_cidrs
from hybrid_mesh.model.clouds.aws import EIP_ALLOCATIONS, NLB_SUBNETS
from hybrid_mesh.model.clouds.registry import AWS
from hybrid_mesh.model.objects.helm_values import SOURCE_RANGES
from hybrid_mesh.model.plan.kinds import EksClusterPlan

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
ROOT_DEVICE = "/dev/xvda"
"""AMI types of Amazon Linux, which the nodes run."""


class EksMeshCluster(CloudMeshCluster):
    """A cluster with access entries, encrypted Secrets, managed nodes in private subnets, and the AWS Load
    Balancer Controller.

    EKS creates the control plane's log group, which remains when the cluster is deleted, so that its audit
    logs are kept.
    """

    TYPE = "hybridmesh:index:EksMeshCluster"
    plan: EksClusterPlan
    real_name: pulumi.Output[str]
    """The cluster's name in AWS, which is part of VMs' tokens."""

    def __init__(
        self,
        name: str,
        *,
        plan: EksClusterPlan,
        site: CloudSite,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, plan=plan, opts=opts)
        network = expect(site.networks[plan.network], AwsNetwork)
        self._name, self._config, self._network = name, plan.config, network
        self._region = network.plan.config.region
        self.cluster = self._cluster(site)
        self.real_name = self.cluster.name
        nodes = self._nodes()
        addresses = self._gateway_addresses(site.networks)
        authority = self.cluster.certificate_authority.data.apply(lambda text: text or "")
        self.endpoint = self.cluster.endpoint
        peer_endpoint = plan.config.peer_endpoint
        # Inside the VPC, and everywhere if it is private, the endpoint's name resolves to private addresses.
        self.peer_endpoint = pulumi.Output.from_input(peer_endpoint) if peer_endpoint else self.endpoint
        self.incarnation = self.cluster.arn
        self.certificate_authority = certificate_authority(authority)
        self.kubeconfig = _kubeconfig(self.cluster.name, self.endpoint, authority, self._region)
        # An operator keeps its access until the cluster's objects are deleted.
        access = grant_access(name, self.cluster.name, plan.roles, network.options(self))
        self.connect_after(name, [*nodes, *access, *network.ready])
        self._controller = LoadBalancerController(
            f"{name}-load-balancers",
            planned=plan.load_balancer_controller,
            cluster=self.cluster.name,
            region=self._region,
            vpc=network.vpc,
            tags=site.labels,
            options=network.options(self),
            release_options=self.options(self),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.load_balancer_annotations = {
            NLB_SUBNETS: pulumi.Output.all(*network.public_subnets).apply(",".join)
        }
        self.prerequisites = [self._controller.release]
        self.load_balancers = [*addresses, self._controller, *nodes, *network.ready]
        self.register_outputs(
            {"endpoint": self.endpoint, "gatewayAddresses": self.reserved_gateway_addresses}
        )

    def _cluster(self, site: CloudSite) -> aws.eks.Cluster:
        plan, network, protected = self.plan, self._network, site.protected
        public = plan.api.endpoint == "restricted"
        key = aws.kms.Key(
            f"{self._name}-secrets",
            description=f"Secrets of the Kubernetes cluster {plan.name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=network.options(self),
        )
        role, attachments = service_role(
            f"{self._name}-control-plane", "eks.amazonaws.com", CLUSTER_POLICIES, network.options(self)
        )
        vpc: aws.eks.ClusterVpcConfigArgsDict = {
            "subnet_ids": network.private_subnets,
            "endpoint_private_access": True,
            "endpoint_public_access": public,
        }
        if public:
            vpc["public_access_cidrs"] = allowed_cidrs(plan.api.sources, site.networks)
        return aws.eks.Cluster(
            f"{self._name}-cluster",
            role_arn=role.arn,
            version=self._config.version,
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": True,
            },
            bootstrap_self_managed_addons=False,
            enabled_cluster_log_types=list(LOGS),
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
            kubernetes_network_config={"service_ipv4_cidr": str(self._config.service_cidr)},
            upgrade_policy={"support_type": self._config.support.upper()},
            vpc_config=vpc,
            deletion_protection=protected,
            opts=pulumi.ResourceOptions.merge(
                network.options(self, [*attachments, *network.ready]),
                pulumi.ResourceOptions(
                    protect=protected,
                    # The control plane keeps the subnets that it began with: EKS refuses those of another
                    # zone (EKS User Guide, "Subnet requirements for clusters"). Nodes may be in any.
                    ignore_changes=["vpcConfig.subnetIds"],
                    # Two clusters' gateways cannot have the same addresses.
                    delete_before_replace=True,
                    custom_timeouts=pulumi.CustomTimeouts(create="45m", update="60m", delete="30m"),
                ),
            ),
        )

    def _nodes(self) -> list[pulumi.Resource]:
        """The managed node group and the add-ons of its nodes, in order of their dependencies."""
        plan, network, pool = self.plan, self._network, self._config.node_group
        assert self.cluster.vpc_config is not None
        control_plane = self.cluster.vpc_config.cluster_security_group_id.apply(lambda text: text or "")
        rules = network.security_groups.declare_control_plane_rules(plan.name, control_plane, self)
        addons = EksAddons(self._name, self.cluster.name, network.options(self))
        role, attachments = service_role(
            f"{self._name}-nodes", "ec2.amazonaws.com", NODE_POLICIES, network.options(self)
        )
        template, name = self._node_template(), child(self._name, "nodes")
        looked_up = pulumi.InvokeOutputOptions(parent=self, provider=network.provider)
        nodes = aws.eks.NodeGroup(
            name,
            cluster_name=self.cluster.name,
            version=self.cluster.version,
            node_role_arn=role.arn,
            subnet_ids=network.private_subnets,
            ami_type=ami_type(pool.machine_type),
            instance_types=[pool.machine_type],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={
                "min_size": pool.min,
                "max_size": pool.max,
                "desired_size": desired_size(self.cluster.name, name, pool, looked_up),
            },
            update_config={"max_unavailable": 1},
            opts=pulumi.ResourceOptions.merge(
                network.options(self, [*attachments, *addons.first(), *rules, *network.ready]),
                pulumi.ResourceOptions(
                    custom_timeouts=pulumi.CustomTimeouts(create="45m", update="60m", delete="45m"),
                ),
            ),
        )
        return [nodes, *rules, *addons.after(nodes, self._config.addons)]

    def _node_template(self) -> aws.ec2.LaunchTemplate:
        return aws.ec2.LaunchTemplate(
            f"{self._name}-nodes",
            update_default_version=True,
            block_device_mappings=[encrypted_disk(ROOT_DEVICE, self._config.node_group.disk_gigabytes)],
            metadata_options=metadata_options(),
            vpc_security_group_ids=[self._network.security_groups.id("nodes", self.plan.name)],
            opts=self._network.options(self),
        )

    def _gateway_addresses(self, networks: Mapping[str, CloudNetwork]) -> Sequence[pulumi.Resource]:
        """The Elastic IPs of the east-west gateway, one per public subnet, and the CIDRs that its load
        balancer allows."""
        exposure = self.plan.exposure
        if exposure is None or not exposure.reserved_addresses:
            return ()
        network = self._network
        keys = [subnet.key for subnet in network.plan.subnets if subnet.public][: exposure.reserved_addresses]
        addresses = [
            aws.ec2.Eip(
                f"{self._name}-gateway-{key.removeprefix('public-')}",
                domain="vpc",
                tags={"Name": f"{self._name}-gateway-{key.removeprefix('public-')}"},
                opts=network.address_options(self),
            )
            for key in keys
        ]
        self.reserved_gateway_addresses = pulumi.Output.all(
            *(address.public_ip for address in addresses)
        ).apply(tuple)
        allocations = pulumi.Output.all(*(address.allocation_id for address in addresses))
        subnets = pulumi.Output.all(*(network.subnets[key].id for key in keys))
        self.gateway_service = {
            "annotations": {
                EIP_ALLOCATIONS: allocations.apply(",".join),
                NLB_SUBNETS: subnets.apply(",".join),
            },
            SOURCE_RANGES: allowed_cidrs(exposure.sources, networks),
        }
        return addresses


def ami_type(machine_type: str) -> str:
    """Amazon Linux 2023 for the processors of `machine_type`."""
    arm = AWS.architecture(machine_type) == "arm64"
    return "AL2023_ARM_64_STANDARD" if arm else "AL2023_x86_64_STANDARD"


def metadata_options() -> aws.ec2.LaunchTemplateMetadataOptionsArgsDict:
    """IMDSv2 only, and not for pods, which are one hop further away."""
    return {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}


def encrypted_disk(device: str, gigabytes: int) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgsDict:
    ebs: aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "encrypted": "true",
        "volume_type": "gp3",
        "volume_size": gigabytes,
        "delete_on_termination": "true",
    }
    return {"device_name": device, "ebs": ebs}


def _kubeconfig(
    cluster: pulumi.Input[str], endpoint: pulumi.Input[str], authority: pulumi.Input[str], region: str
) -> pulumi.Output[str]:
    """A kubeconfig that runs `aws eks get-token` with the caller's credentials. It names no profile and no
    role, so that it works on a laptop and in a pipeline. `authority` is base64. Secret, like every
    kubeconfig."""
    command = ["aws", "--region", region, "eks", "get-token", "--output", "json", "--cluster-name", cluster]
    hint = "Install the AWS CLI, version 2: https://docs.aws.amazon.com/cli/"
    return exec_kubeconfig(cluster, endpoint, authority, command, hint)
