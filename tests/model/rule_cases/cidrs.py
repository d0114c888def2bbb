"""Meshes that break the rules of `model.checks.cidrs`."""

from tests.model.rule_cases.cloud import DATACENTER, EKS, GCP, GKE, NAMED, SECOND, prod

CLOUD_RANGES = [
    prod(
        "one_gke_cluster_has_the_default_cidrs",
        {SECOND: {**NAMED, "podCidr": None}},
        "podCidr: 10.10.64.0/18",
        path=f"{SECOND}.podCidr",
        value="",
    ),
    prod(
        "one_gke_cluster_has_the_default_cidrs",
        {SECOND: {**NAMED, "controlPlaneCidr": None}},
        "controlPlaneCidr: 10.10.32.16/28",
        path=f"{SECOND}.controlPlaneCidr",
        value="",
    ),
    prod("gke_cidrs_are_inside_their_network", {f"{GKE}.podCidr": "10.50.0.0/17"}, "10.10.64.0/18"),
    prod("gke_cidrs_are_inside_their_network", {f"{GKE}.podCidr": "240.0.0.0/4"}, "10.10."),
    prod("gke_cidrs_are_inside_their_network", {f"{GKE}.serviceCidr": "240.0.0.0/20"}, "10.10."),
    prod(
        "gke_cidrs_do_not_overlap",
        {SECOND: {**NAMED, "podCidr": "240.16.0.0/14"}, f"{GKE}.podCidr": "240.16.0.0/15"},
        "another one",
        path=f"{SECOND}.podCidr",
        value="240.16.0.0/14",
    ),
    prod("gke_cidrs_do_not_overlap", {f"{GKE}.serviceCidr": "10.10.0.0/21"}, "another one"),
    prod(
        "gke_cidrs_do_not_overlap",
        {SECOND: {**NAMED, "podCidr": "10.10.192.0/18"}},
        "another one",
        path=f"{SECOND}.podCidr",
        value="10.10.192.0/18",
    ),
    prod("gke_cidrs_have_a_valid_size", {f"{GKE}.controlPlaneCidr": "10.10.64.0/24"}, "10.10.64.0/28"),
    prod("gke_cidrs_have_a_valid_size", {f"{GKE}.serviceCidr": "10.10.64.0/28"}, "/16 to /27"),
    prod("gke_cidrs_avoid_the_bridge_of_nodes", {f"{GCP}.cidr": "172.17.0.0/16"}, "10.10.0.0/16"),
    prod(
        "gke_cidrs_avoid_the_bridge_of_nodes",
        {f"{GCP}.cidr": "172.16.0.0/12", f"{EKS}.serviceCidr": "10.100.0.0/16"},
        "10.10.0.0/16",
    ),
    prod(
        "gke_cidrs_avoid_the_bridge_of_nodes",
        {f"{GCP}.cidr": "172.16.0.0/14", f"{GKE}.podCidr": "172.17.0.0/17"},
        "10.10.0.0/16",
        path=f"{GKE}.podCidr",
        value="172.17.0.0/17",
    ),
    prod(
        "eks_service_cidrs_do_not_overlap_networks", {f"{EKS}.serviceCidr": "10.20.0.0/18"}, "172.20.0.0/16"
    ),
    prod(
        "eks_service_cidrs_do_not_overlap_networks", {f"{EKS}.serviceCidr": "100.64.0.0/16"}, "172.20.0.0/16"
    ),
    prod(
        "allowed_cidrs_are_narrow",
        {"operators.cidrs": ["0.0.0.0/0"]},
        "198.51.100.7/32",
        path="operators.cidrs.0",
        value="0.0.0.0/0",
    ),
    prod(
        "allowed_cidrs_are_narrow",
        {f"{GKE}.authorizedNetworks": ["128.0.0.0/1"]},
        "198.51.100.7/32",
        path=f"{GKE}.authorizedNetworks.0",
        value="128.0.0.0/1",
    ),
    prod(
        "allowed_cidrs_are_narrow",
        {f"{EKS}.authorizedNetworks": ["0.0.0.0/0"]},
        "198.51.100.7/32",
        path=f"{EKS}.authorizedNetworks.0",
        value="0.0.0.0/0",
    ),
    prod(
        "allowed_cidrs_are_narrow",
        {f"{DATACENTER}.egress": ["0.0.0.0/0"]},
        "198.51.100.7/32",
        path=f"{DATACENTER}.egress.0",
        value="0.0.0.0/0",
    ),
    prod(
        "allowed_cidrs_are_public",
        {f"{DATACENTER}.egress": ["127.0.0.1/32"]},
        "198.51.100.7/32",
        path=f"{DATACENTER}.egress.0",
        value="127.0.0.1/32",
    ),
    prod(
        "private_endpoints_allow_private_cidrs",
        {
            f"{GKE}.endpoint": "private",
            f"{GKE}.authorizedNetworks": ["203.0.113.64/28"],
        },
        "`endpoint: restricted`",
        path=f"{GKE}.authorizedNetworks.0",
        value="203.0.113.64/28",
    ),
    prod(
        "allowed_cidrs_are_public",
        {"operators.cidrs": ["10.1.0.0/16"]},
        "public addresses",
        path="operators.cidrs.0",
        value="10.1.0.0/16",
    ),
    prod(
        "allowed_cidrs_are_public",
        {f"{DATACENTER}.egress": ["192.168.0.0/24"]},
        "public addresses",
        path=f"{DATACENTER}.egress.0",
        value="192.168.0.0/24",
    ),
]
