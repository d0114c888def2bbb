"""The AWS Load Balancer Controller, which creates and deletes network load balancers for Services."""

from hybrid_mesh.model.objects.planned import AT_RUN_TIME, ChartSource, PlannedRelease

CHART, REPOSITORY, VERSION = "aws-load-balancer-controller", "https://aws.github.io/eks-charts", "1.14.0"
"""Helm installs the CRDs of a chart, but never upgrades them (the chart's README, "Upgrade"). A new VERSION
therefore requires that users apply its CRDs to their clusters first: say so in UPGRADING.md."""
NAMESPACE, ACCOUNT = "kube-system", "aws-load-balancer-controller"
FILLED = ("clusterName", "vpcId", "defaultTags")


def load_balancer_controller(component: str, region: str) -> PlannedRelease:
    """Its Helm release. The names of its cluster and network are known at run time only."""
    values = {
        **dict.fromkeys(FILLED, AT_RUN_TIME),
        # Pods cannot reach IMDS, from which the controller would read the region and the VPC.
        "region": region,
        "serviceAccount": {"create": True, "name": ACCOUNT},
        "enableServiceMutatorWebhook": True,
        # Without a replica, no Service can be created, as its webhook's failure policy is Fail.
        "podDisruptionBudget": {"maxUnavailable": 1},
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
    }
    source = ChartSource(CHART, VERSION, REPOSITORY)
    return PlannedRelease(component, "release", (), FILLED, CHART, NAMESPACE, source, values)
