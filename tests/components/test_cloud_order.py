"""In which order a cluster of a cloud goes: what it owns outside before the controllers that delete that."""

import pytest

from tests.components.cloud_stacks import awaited, only
from tests.components.conftest import Declared


def test_nothing_is_skipped_on_delete(prod: Declared) -> None:
    """`deleted_with` would leave load balancers behind: what makes them is in the cluster, they are not."""
    assert not [name for (_, name), opts in prod.recording.options.items() if opts.deleted_with]


@pytest.mark.parametrize("cluster", ["gke-eu", "eks-us"])
def test_load_balancers_go_before_their_controller(prod: Declared, cluster: str) -> None:
    """Dependencies are followed backwards on a destroy."""
    drain = f"mesh-{cluster}-drain"
    assert drain in awaited(prod, f"mesh-{cluster}-gateway-release")
    behind = awaited(prod, drain)
    assert {f"mesh-{cluster}-istio", f"mesh-{cluster}-provider", f"mesh-{cluster}-nodes"} <= behind
    network = {"gke-eu": "mesh-gcp-eu-nat", "eks-us": "mesh-aws-us-public-a"}[cluster]
    addresses = {"gke-eu": "mesh-gke-eu-gateway", "eks-us": "mesh-eks-us-gateway-a"}[cluster]
    assert {network, addresses} <= behind
    assert f"mesh-{cluster}-nodes" in awaited(prod, f"mesh-{cluster}-provider")


def test_an_ingress_waits_for_the_drain_of_its_cluster(prod: Declared) -> None:
    assert "mesh-gke-eu-drain" in awaited(prod, "mesh-ingress-public-gateway")


def test_the_load_balancer_controller_outlives_everything_in_its_cluster(prod: Declared) -> None:
    release = "mesh-eks-us-load-balancers-release"
    for each in prod.recording.in_clusters():
        if "mesh-eks-us-provider" in each.provider and each.name != release:
            assert release in awaited(prod, each.name), each.name
    assert "mesh-eks-us-load-balancers" in awaited(prod, "mesh-eks-us-drain")
    association = only(prod, "aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert association["serviceAccount"] == "aws-load-balancer-controller"
