"""The AWS Load Balancer Controller, which creates and deletes network load balancers for Services."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from hybrid_mesh.components.clusters.eks_roles import load_balancer_policy, service_role
from hybrid_mesh.components.declare import KubernetesObject, release
from hybrid_mesh.model.objects.load_balancers import ACCOUNT
from hybrid_mesh.model.objects.planned import PlannedRelease


class LoadBalancerController(pulumi.ComponentResource):
    """Installed before everything else in the cluster: its webhook assigns every new Service of type
    LoadBalancer to it, including those of ingress gateways."""

    release: KubernetesObject

    def __init__(
        self,
        name: str,
        *,
        planned: PlannedRelease,
        cluster: pulumi.Input[str],
        region: str,
        vpc: pulumi.Output[str],
        tags: Mapping[str, str],
        options: pulumi.ResourceOptions,
        release_options: pulumi.ResourceOptions,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`options` are for resources in AWS, `release_options` for objects in the cluster. `tags` are those
        of everything that the controller creates: a Service cannot override them, so they name no
        component."""
        super().__init__("hybridmesh:index:LoadBalancerController", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        in_cloud = pulumi.ResourceOptions.merge(options, own)
        role, _ = service_role(f"{name}-role", "pods.eks.amazonaws.com", (), in_cloud)
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=vpc.apply(lambda identity: load_balancer_policy(region, identity)),
            opts=in_cloud,
        )
        association = aws.eks.PodIdentityAssociation(
            f"{name}-identity",
            cluster_name=cluster,
            namespace=planned.namespace,
            service_account=ACCOUNT,
            role_arn=role.arn,
            opts=in_cloud,
        )
        fields = {"clusterName": cluster, "vpcId": vpc, "defaultTags": dict(tags)}
        self.release = release(
            f"{name}-{planned.key}",
            planned,
            fields,
            pulumi.ResourceOptions.merge(
                release_options,
                pulumi.ResourceOptions(parent=self, depends_on=[policy, association]),
            ),
        )
        self.register_outputs({})
