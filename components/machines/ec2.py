"""VMs on EC2."""

import base64
import json

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.clusters.eks import EksMeshCluster, encrypted_disk, metadata_options
from hybrid_mesh.components.clusters.eks_roles import service_role
from hybrid_mesh.components.expect import expect
from hybrid_mesh.components.machines.base import MachineContext, Machines, user_data
from hybrid_mesh.components.networks.aws import AwsNetwork
from hybrid_mesh.model.clouds.aws import LAUNCH_HOOK, Ec2MachineSetPlan, refresh_percent
from hybrid_mesh.model.config.machines import Ec2MachinesConfig
from hybrid_mesh.model.texts.gzipped import gzipped

SHELL_POLICIES = ("AmazonSSMManagedInstanceCore",)
"""Systems Manager User Guide, "Configure instance permissions required for Systems Manager"."""
WARM_UP_SECONDS = 60
"""Time for which the load of a new VM, which is in service already, does not count: one period of the
metrics."""


class Ec2Machines(Machines):
    """An Auto Scaling group of identical VMs in the private subnets.

    A VM authenticates to its cluster with its role, which an access entry maps to the Kubernetes group of the
    VMs and nothing else. In AWS, the role may report that a VM is in service, and nothing else unless the
    operators have shells. Until a VM reports it, a lifecycle hook keeps it from counting as new capacity, so
    that an update whose VMs never serve removes no old one (EC2 Auto Scaling User Guide, "Amazon EC2 Auto
    Scaling lifecycle hooks"). A VM that is scaled in terminates without further steps: istiod removes its
    WorkloadEntry a grace period after the connection is lost.
    """

    def __init__(
        self,
        name: str,
        *,
        context: MachineContext,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("hybridmesh:index:Ec2Machines", name, None, opts)
        self._name, self._group = name, context.group
        self._network = expect(context.cloud_network, AwsNetwork)
        self._set = expect(context.group.machine_set, Ec2MachineSetPlan)
        self._rollout = expect(context.group.config.machines, Ec2MachinesConfig).rollout
        cluster = expect(context.cluster, EksMeshCluster)
        data = user_data(context, real_name=cluster.real_name)
        role, profile, entry = self._identity(cluster)
        template = self._template(data.text.apply(_packed), profile)
        machines = self._machines(template, entry)
        self._launch_hook(machines, role)
        if self._set.autoscaled:
            self._policy(machines)
        self.incarnations = {
            "template": pulumi.Output.format("{0}/{1}", template.id, template.latest_version)
        }
        self.template = data.template
        self.inspection = pulumi.Output.format(
            "aws autoscaling describe-scaling-activities --auto-scaling-group-name {0} --region {1}",
            machines.name,
            self._set.region,
        )
        self.register_outputs({"group": machines.arn})

    def _identity(
        self, cluster: EksMeshCluster
    ) -> tuple[aws.iam.Role, aws.iam.InstanceProfile, pulumi.Resource]:
        policies = SHELL_POLICIES if self._set.shell else ()
        role, _ = service_role(
            f"{self._name}-role", "ec2.amazonaws.com", policies, self._network.options(self)
        )
        profile = aws.iam.InstanceProfile(
            f"{self._name}-profile", role=role.name, opts=self._network.options(self)
        )
        assert self._group.machine_identity is not None
        entry = aws.eks.AccessEntry(
            f"{self._name}-access",
            cluster_name=cluster.real_name,
            principal_arn=role.arn,
            # EC2_LINUX would make the VMs nodes of the cluster.
            type="STANDARD",
            kubernetes_groups=[self._group.machine_identity],
            opts=self._network.options(self),
        )
        return role, profile, entry

    def _template(
        self, packed: pulumi.Output[str], profile: aws.iam.InstanceProfile
    ) -> aws.ec2.LaunchTemplate:
        return aws.ec2.LaunchTemplate(
            f"{self._name}-template",
            update_default_version=True,
            image_id=self._set.image,
            instance_type=self._set.machine_type,
            iam_instance_profile={"arn": profile.arn},
            block_device_mappings=[encrypted_disk(self._set.root_device, self._set.disk_gigabytes)],
            # A VM reads the name of its group from its tags.
            metadata_options={**metadata_options(), "instance_metadata_tags": "enabled"},
            # Metrics of each minute, for the autoscaling.
            monitoring={"enabled": True},
            network_interfaces=[
                {
                    "device_index": 0,
                    "associate_public_ip_address": "false",
                    "delete_on_termination": "true",
                    "security_groups": [self._network.security_groups.id("machines", self._group.name)],
                }
            ],
            user_data=packed,
            opts=self._network.options(self),
        )

    def _machines(self, template: aws.ec2.LaunchTemplate, entry: pulumi.Resource) -> aws.autoscaling.Group:
        """The Auto Scaling group. A changed template replaces the VMs step by step, new ones first. A
        checkpoint of one percent is one VM, without which the next step does not begin."""
        canary = self._rollout.canary
        return aws.autoscaling.Group(
            f"{self._name}-group",
            min_size=self._set.minimum,
            max_size=self._set.maximum,
            vpc_zone_identifiers=self._network.private_subnets,
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            health_check_type="EC2",
            health_check_grace_period=self._set.ready_seconds,
            default_instance_warmup=WARM_UP_SECONDS,
            instance_refresh={
                "strategy": "Rolling",
                "preferences": {
                    "min_healthy_percentage": 100,
                    "max_healthy_percentage": refresh_percent(
                        self._rollout.max_unavailable, self._set.minimum
                    ),
                    **({"checkpoint_percentages": [1, 100], "checkpoint_delay": "0"} if canary else {}),
                    # AWS cannot roll back to an image that is named by an SSM parameter.
                    "auto_rollback": not self._set.image.startswith("resolve:"),
                },
            },
            tags=[{"key": "Name", "value": self._name, "propagate_at_launch": True}],
            # The registration waits for the VMs to join the mesh.
            wait_for_capacity_timeout="0",
            opts=self._network.options(self, [entry, *self._network.ready]),
        )

    def _launch_hook(self, machines: aws.autoscaling.Group, role: aws.iam.Role) -> None:
        aws.autoscaling.LifecycleHook(
            f"{self._name}-launch",
            name=LAUNCH_HOOK,
            autoscaling_group_name=machines.name,
            lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING",
            default_result="ABANDON",
            heartbeat_timeout=self._set.ready_seconds,
            opts=self._network.options(self),
        )
        aws.iam.RolePolicy(
            f"{self._name}-launch",
            role=role.name,
            policy=machines.arn.apply(_launch_policy),
            opts=self._network.options(self),
        )

    def _policy(self, machines: aws.autoscaling.Group) -> None:
        aws.autoscaling.Policy(
            f"{self._name}-load",
            autoscaling_group_name=machines.name,
            policy_type="TargetTrackingScaling",
            estimated_instance_warmup=WARM_UP_SECONDS,
            target_tracking_configuration={
                "predefined_metric_specification": {"predefined_metric_type": "ASGAverageCPUUtilization"},
                "target_value": self._set.target_cpu_percent,
            },
            opts=self._network.options(self),
        )


def _launch_policy(group: str) -> str:
    statement = {"Effect": "Allow", "Action": "autoscaling:CompleteLifecycleAction", "Resource": group}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _packed(text: str) -> str:
    """The user-data for EC2: gzipped, which cloud-init unpacks, then base64."""
    return base64.b64encode(gzipped(text)).decode()
