"""Meshes that break the rules of `model.checks.cloud_ranges`."""

from tests.model.rule_cases.cloud import DATACENTER, EKS, GKE, NAMED, SECOND, TWO_IN_ONE, prod

CLOUD_RANGES = [
    prod(
        "one_cluster_of_a_gcp_network_leaves_its_ranges_out",
        {SECOND: TWO_IN_ONE},
        f"{SECOND}.podCidr",
        "",
        "podCidr: 10.10.64.0/18",
    ),
    prod(
        "one_cluster_of_a_gcp_network_leaves_its_ranges_out",
        {SECOND: {**NAMED, "controlPlaneCidr": None}},
        f"{SECOND}.controlPlaneCidr",
        "",
        "controlPlaneCidr: 10.10.32.16/28",
    ),
    prod(
        "gke_ranges_are_inside_their_network",
        {f"{GKE}.podCidr": "10.50.0.0/17"},
        f"{GKE}.podCidr",
        "10.50.0.0/17",
        "10.10.64.0/18",
    ),
    prod(
        "gke_ranges_are_apart",
        {f"{GKE}.serviceCidr": "10.10.0.0/21"},
        f"{GKE}.serviceCidr",
        "10.10.0.0/21",
        "another one",
    ),
    prod(
        "gke_ranges_are_apart",
        {SECOND: {**NAMED, "podCidr": "10.10.192.0/18"}},
        f"{SECOND}.podCidr",
        "10.10.192.0/18",
        "another one",
    ),
    prod(
        "gke_control_planes_have_their_size",
        {f"{GKE}.controlPlaneCidr": "10.10.64.0/24"},
        f"{GKE}.controlPlaneCidr",
        "10.10.64.0/24",
        "10.10.64.0/28",
    ),
    prod(
        "gke_control_planes_have_their_size",
        {f"{GKE}.serviceCidr": "10.10.64.0/28"},
        f"{GKE}.serviceCidr",
        "10.10.64.0/28",
        "/16 to /27",
    ),
    prod(
        "eks_services_are_apart_from_every_network",
        {f"{EKS}.serviceCidr": "10.20.0.0/18"},
        f"{EKS}.serviceCidr",
        "10.20.0.0/18",
        "172.20.0.0/16",
    ),
    prod(
        "eks_services_are_apart_from_every_network",
        {f"{EKS}.serviceCidr": "100.64.0.0/16"},
        f"{EKS}.serviceCidr",
        "100.64.0.0/16",
        "172.20.0.0/16",
    ),
    prod(
        "admitted_ranges_are_narrow",
        {"operators.cidrs": ["0.0.0.0/0"]},
        "operators.cidrs.0",
        "0.0.0.0/0",
        "198.51.100.7/32",
    ),
    prod(
        "admitted_ranges_are_narrow",
        {f"{GKE}.authorizedNetworks": ["128.0.0.0/1"]},
        f"{GKE}.authorizedNetworks.0",
        "128.0.0.0/1",
        "198.51.100.7/32",
    ),
    prod(
        "admitted_ranges_are_public",
        {"operators.cidrs": ["10.1.0.0/16"]},
        "operators.cidrs.0",
        "10.1.0.0/16",
        "public addresses",
    ),
    prod(
        "admitted_ranges_are_public",
        {f"{DATACENTER}.egress": ["192.168.0.0/24"]},
        f"{DATACENTER}.egress.0",
        "192.168.0.0/24",
        "public addresses",
    ),
]
