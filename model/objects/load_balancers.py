"""The AWS Load Balancer Controller: makes network load balancers of Services, and takes them away."""

from hybrid_mesh.model.objects.planned import AT_RUN_TIME, ChartSource, PlannedRelease

CHART, REPOSITORY, VERSION = "aws-load-balancer-controller", "https://aws.github.io/eks-charts", "1.14.0"
NAMESPACE, ACCOUNT = "kube-system", "aws-load-balancer-controller"
FILLED = ("clusterName", "vpcId", "defaultTags")


def load_balancer_controller(component: str, region: str) -> PlannedRelease:
    """Its release. What it makes load balancers for, and in which network, is known when the cluster is."""
    values = {
        **dict.fromkeys(FILLED, AT_RUN_TIME),
        # Pods cannot ask IMDS, which would tell the region and the VPC.
        "region": region,
        "serviceAccount": {"create": True, "name": ACCOUNT},
        "enableServiceMutatorWebhook": True,
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
    }
    source = ChartSource(CHART, VERSION, REPOSITORY)
    return PlannedRelease(component, "release", (), FILLED, CHART, NAMESPACE, source, values)
