"""Places and sections that the cases of clouds share: changes to the stack `prod`."""

from typing import Any

from tests.model.rule_cases.case import Case

GCP, AWS, DATACENTER = "networks.gcp-eu", "networks.aws-us", "networks.dc-fra"
GKE, EKS = "clusters.gke-eu", "clusters.eks-us"
RATINGS, ORDERS = "workloadGroups.ratings", "workloadGroups.orders"
SECOND = "clusters.gke-two"
TWO_IN_ONE = {"type": "gke", "network": "gcp-eu"}
NAMED = {
    **TWO_IN_ONE,
    "podCidr": "10.10.64.0/18",
    "serviceCidr": "10.10.48.0/20",
    "controlPlaneCidr": "10.10.32.16/28",
}


def prod(rule: str, changes: dict[str, Any], remedy: str, path: str = "", value: str | None = None) -> Case:
    return Case(rule, changes, remedy, path, value, "prod")
