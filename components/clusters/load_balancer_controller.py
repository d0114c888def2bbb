"""The AWS Load Balancer Controller: makes network load balancers of Services, and takes them away."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.helm.v3 import Release

from components.clusters.eks_roles import load_balancer_policy, service_role

CHART, REPOSITORY, VERSION = "aws-load-balancer-controller", "https://aws.github.io/eks-charts", "1.14.0"
NAMESPACE, ACCOUNT = "kube-system", "aws-load-balancer-controller"


class LoadBalancerController(pulumi.ComponentResource):
    """Installed before everything else in the cluster: its webhook makes it the one that serves every Service
    of type LoadBalancer, that of an ingress included."""

    release: Release

    def __init__(
        self,
        name: str,
        *,
        cluster: pulumi.Input[str],
        region: str,
        vpc: pulumi.Output[str],
        tags: Mapping[str, str],
        options: pulumi.ResourceOptions,
        release_options: pulumi.ResourceOptions,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`options` are those of resources in AWS, `release_options` those of what is in the cluster."""
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
            namespace=NAMESPACE,
            service_account=ACCOUNT,
            role_arn=role.arn,
            opts=in_cloud,
        )
        values = {
            "clusterName": cluster,
            # Pods cannot ask IMDS, which would tell these two.
            "region": region,
            "vpcId": vpc,
            "serviceAccount": {"create": True, "name": ACCOUNT},
            "defaultTags": dict(tags),
            "enableServiceMutatorWebhook": True,
            "createIngressClassResource": False,
            "ingressClassParams": {"create": False},
            "enableShield": False,
            "enableWaf": False,
            "enableWafv2": False,
        }
        self.release = Release(
            f"{name}-release",
            name=CHART,
            namespace=NAMESPACE,
            chart=CHART,
            version=VERSION,
            repository_opts={"repo": REPOSITORY},
            values=values,
            opts=pulumi.ResourceOptions.merge(
                release_options,
                pulumi.ResourceOptions(parent=self, depends_on=[policy, association]),
            ),
        )
        self.register_outputs({})
