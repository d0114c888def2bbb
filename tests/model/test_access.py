"""Who may reach API servers and gateways of clouds."""

from typing import Any

from hybrid_mesh.model.clouds.aws import EIP_ALLOCATIONS, NLB_TAGS
from hybrid_mesh.model.derive.types import Source
from hybrid_mesh.model.objects.helm_values import GATEWAY_NAME
from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.kinds import CloudClusterPlan
from hybrid_mesh.model.plan.types import MeshPlan
from tests.model.meshes import DELETED, DEV, LOCAL, PROD, STAGING, changed, release_values


def _admitted(raw: Any, cluster: str) -> dict[str, str]:
    """Purposes by range or, with a star, by the network whose egress it is."""
    return _by_place(_clusters(plan_from(raw, "test"))[cluster].api.sources)


def _clusters(plan: MeshPlan) -> dict[str, CloudClusterPlan]:
    """The clusters in a cloud."""
    return {key: each for key, each in plan.clusters.items() if isinstance(each, CloudClusterPlan)}


def _exposed(raw: Any, cluster: str) -> dict[str, str]:
    exposure = _clusters(plan_from(raw, "test"))[cluster].exposure
    assert exposure is not None
    return _by_place(exposure.sources)


def _by_place(sources: tuple[Source, ...]) -> dict[str, str]:
    assert all((source.cidr is None) != (source.egress_of is None) for source in sources)
    return {source.cidr or f"*{source.egress_of}": source.purpose for source in sources}


def test_an_api_server_allows_operators_peers_and_the_machines_that_mint() -> None:
    assert _admitted(PROD, "gke-eu") == {
        "198.51.100.0/28": "operators",
        "*aws-us": "istiod of eks-us",
        "10.10.0.0/20": "VMs of ratings",
    }


def test_members_of_a_gke_clusters_own_network_do_not_need_its_nat() -> None:
    """They use the private address, which sees their own addresses."""
    two = {
        "type": "gke",
        "network": "gcp-eu",
        "podCidr": "10.10.64.0/18",
        "serviceCidr": "10.10.48.0/20",
        "controlPlaneCidr": "10.10.32.16/28",
    }
    admitted = _admitted(changed(PROD, {"clusters.gke-two": two}), "gke-eu")
    assert admitted["10.10.64.0/18"] == "istiod of gke-two"
    assert "*gcp-eu" not in admitted


def test_an_eks_cluster_is_reached_by_its_private_address_from_its_own_network() -> None:
    assert _admitted(PROD, "eks-us") == {"198.51.100.0/28": "operators", "*gcp-eu": "istiod of gke-eu"}
    rules = {rule.key: rule for rule in plan_from(PROD, "test").networks["aws-us"].firewall}
    callers = {(party.role, party.name) for party in rules["api-eks-us"].sources}
    assert callers == {("nodes", "eks-us"), ("machines", "orders")}
    assert rules["api-eks-us"].target.role == "control-plane"
    assert rules["api-eks-us"].ports == (443,)


def test_machines_that_bring_a_token_are_not_allowed() -> None:
    assert "203.0.113.0/28" not in _admitted(PROD, "gke-eu")


def test_a_quarantined_peer_is_still_allowed() -> None:
    quarantined = changed(PROD, {"clusters.eks-us.state": "quarantined"})
    assert _admitted(quarantined, "gke-eu") == _admitted(PROD, "gke-eu")


def test_a_group_in_another_network_adds_that_networks_egress() -> None:
    changes = {
        "networks.gcp-us": {
            "type": "gcp",
            "region": "us-east1",
            "cidr": "10.30.0.0/16",
            "reachable": "direct",
        },
        "workloadGroups.ratings.network": "gcp-us",
    }
    assert _admitted(changed(PROD, changes), "gke-eu")["*gcp-us"] == "VMs of ratings"


def test_the_egress_of_an_adopted_network_is_known() -> None:
    changes = {"networks.aws-us.id": "vpc-0a1b2c3d", "networks.aws-us.egress": ["203.0.113.64/32"]}
    plan = plan_from(changed(PROD, changes), "test")
    assert _admitted(changed(PROD, changes), "gke-eu")["203.0.113.64/32"] == "istiod of eks-us"
    assert plan.networks["aws-us"].nat_addresses == 0
    assert plan.networks["aws-us"].egress == ("203.0.113.64/32",)


def test_a_range_with_two_purposes_is_allowed_once() -> None:
    twice = changed(PROD, {"clusters.gke-eu.authorizedNetworks": ["198.51.100.0/28"]})
    assert _admitted(twice, "gke-eu")["198.51.100.0/28"] == "operators, configured"


def _private(cluster: str, **more: Any) -> Any:
    keys = {"endpoint": "private", "peerEndpoint": "https://api.example.com", **more}
    return changed(PROD, {f"clusters.{cluster}.{key}": value for key, value in keys.items()})


def test_a_private_api_server_allows_private_addresses_only() -> None:
    """GKE refuses a public range at a private endpoint; who is not admitted does not get through at all."""
    raw = _private("gke-eu", authorizedNetworks=["10.99.0.0/24"])
    admitted = {
        "10.99.0.0/24": "configured",
        "10.20.0.0/16": "peers and VMs elsewhere",
        "10.10.0.0/20": "VMs of ratings",
    }
    assert _admitted(raw, "gke-eu") == admitted
    assert _admitted(changed(raw, {"clusters.gke-eu.endpoint": "dns"}), "gke-eu") == admitted


def test_the_security_group_of_a_private_eks_cluster_allows_the_callers_too() -> None:
    raw = _private("eks-us", authorizedNetworks=["10.99.0.0/24"])
    rules = {rule.key: rule for rule in plan_from(raw, "test").networks["aws-us"].firewall}
    (elsewhere,) = [party for party in rules["api-eks-us"].sources if party.role == "addresses"]
    assert set(elsewhere.ranges) == {"10.99.0.0/24", "10.10.0.0/16"}


def test_a_gateway_allows_members_of_the_mesh_only() -> None:
    assert set(_exposed(PROD, "gke-eu")) == {"203.0.113.0/28", "*aws-us", "*gcp-eu"}
    assert "*aws-us" not in _exposed(
        changed(PROD, {"workloadGroups.orders": DELETED, **_ONE_ROUTE}), "eks-us"
    )


_ONE_ROUTE = {"ingress.public.routes.1": {"name": "orders", "backends": [{"group": "ratings", "port": 9080}]}}


def test_a_gateway_that_nobody_needs_allows_its_own_network_only() -> None:
    alone = changed(STAGING, {"workloadGroups": {}, "ingress": {}})
    assert _exposed(alone, "gke-eu") == {"10.10.0.0/16": "its own network"}


def test_a_gateway_has_one_reserved_address_on_gke_and_one_for_each_public_subnet_on_eks() -> None:
    clusters = _clusters(plan_from(PROD, "test"))
    assert {
        name: cluster.exposure.reserved_addresses for name, cluster in clusters.items() if cluster.exposure
    } == {
        "gke-eu": 1,
        "eks-us": 3,
    }


def test_no_gateway_publishes_the_webhooks_port() -> None:
    for cluster in plan_from(PROD, "test").clusters.values():
        ports = [port["port"] for port in release_values(cluster, GATEWAY_NAME)["service"]["ports"]]
        assert sorted(ports) == [15012, 15021, 15443]


def test_load_balancers_on_eks_are_of_the_controller_and_carry_the_stacks_tags() -> None:
    annotations = release_values(plan_from(PROD, "prod").clusters["eks-us"], GATEWAY_NAME)["service"][
        "annotations"
    ]
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    assert annotations[f"{prefix}-type"] == "external"
    assert annotations[f"{prefix}-attributes"] == "load_balancing.cross_zone.enabled=true"
    assert annotations[NLB_TAGS] == "component=mesh-eks-us-gateway,mesh=mesh-prod,owner=platform,stack=prod"
    assert EIP_ALLOCATIONS not in annotations


def test_only_gke_is_a_platform_of_istios_own() -> None:
    clusters = plan_from(PROD, "prod").clusters
    assert release_values(clusters["gke-eu"], "istiod")["global"]["platform"] == "gke"
    assert "platform" not in release_values(clusters["eks-us"], "istiod")["global"]


def test_an_ingress_in_a_cloud_has_the_clouds_annotations() -> None:
    gateway = (
        plan_from(changed(PROD, {"ingress.public.cluster": "eks-us"}), "prod").ingresses["public"].gateway
    )
    annotations = gateway["spec"]["infrastructure"]["annotations"]
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internet-facing"
    local = plan_from(LOCAL, "local").ingresses["public"].gateway
    assert "infrastructure" not in local["spec"]


def test_other_clusters_have_no_such_plan() -> None:
    for raw in (LOCAL, DEV):
        plan = plan_from(raw, "test")
        assert not _clusters(plan)
        assert all(network.subnets == () == network.firewall for network in plan.networks.values())


def test_quarantine_changes_nothing_outside_the_cluster() -> None:
    before = plan_from(PROD, "prod")
    for name in PROD["clusters"]:
        after = plan_from(changed(PROD, {f"clusters.{name}.state": "quarantined"}), "prod")
        for key, network in before.networks.items():
            assert after.networks[key].firewall == network.firewall
            assert after.networks[key].subnets == network.subnets
        for key, cluster in _clusters(before).items():
            assert _clusters(after)[key].api == cluster.api
            assert _clusters(after)[key].exposure == cluster.exposure
        assert after.groups == before.groups
