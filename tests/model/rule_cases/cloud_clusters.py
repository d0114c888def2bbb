"""Meshes that break the rules of `model.checks.cloud_clusters`."""

from tests.model.rule_cases.cloud import EKS, GKE, prod

CLOUD_CLUSTERS = [
    prod(
        "clusters_are_in_their_clouds_networks",
        {f"{GKE}.network": "aws-us"},
        f"{GKE}.network",
        "aws-us",
        "type gcp",
    ),
    prod(
        "clusters_are_in_their_clouds_networks",
        {f"{EKS}.network": "gcp-eu"},
        f"{EKS}.network",
        "gcp-eu",
        "type aws",
    ),
    prod(
        "clusters_are_in_their_clouds_networks",
        {"clusters.old": {"type": "kubeconfig", "network": "gcp-eu"}},
        "clusters.old.network",
        "gcp-eu",
        "`type: external`",
    ),
    prod("pools_have_a_range", {f"{GKE}.nodePool.min": 13}, f"{GKE}.nodePool.min", "13", "at most max"),
    prod(
        "pools_have_a_range",
        {f"{GKE}.nodePool": {"min": 1, "max": 2}},
        f"{GKE}.nodePool.max",
        "2",
        "Write 3 or more",
    ),
    prod("pools_have_a_range", {f"{EKS}.nodeGroup.min": 13}, f"{EKS}.nodeGroup.min", "13", "at most max"),
    prod(
        "nodes_are_of_a_kind_that_their_cloud_has",
        {f"{GKE}.nodePool.machineType": "m6i.xlarge"},
        f"{GKE}.nodePool.machineType",
        "m6i.xlarge",
        "e2-standard-4",
    ),
    prod(
        "nodes_are_of_a_kind_that_their_cloud_has",
        {f"{EKS}.nodeGroup.machineType": "big"},
        f"{EKS}.nodeGroup.machineType",
        "big",
        "m6i.xlarge",
    ),
    prod(
        "eks_runs_a_release_that_istio_supports",
        {f"{EKS}.version": "1.28"},
        f"{EKS}.version",
        "1.28",
        '"1.35"',
    ),
    prod("api_servers_admit_the_operators", {"operators": {}}, "operators.cidrs", "", "cidrs: ["),
    prod(
        "api_servers_admit_no_more_than_their_cloud_takes",
        {f"{EKS}.authorizedNetworks": [f"203.0.113.{n}/32" for n in range(16, 54)]},
        f"{EKS}.endpoint",
        "restricted",
        "`endpoint: private`",
    ),
    prod(
        "private_clusters_can_be_reached",
        {f"{GKE}.endpoint": "private"},
        f"{GKE}.endpoint",
        "private",
        "`peerEndpoint`",
    ),
    prod(
        "cloud_gateways_have_reserved_addresses",
        {f"{GKE}.gateway": {"addresses": ["203.0.113.40"]}},
        f"{GKE}.gateway.addresses",
        "[203.0.113.40]",
        "Leave `addresses` out",
    ),
    prod(
        "cloud_gateways_have_reserved_addresses",
        {f"{EKS}.gateway": {"serviceType": "NodePort"}},
        f"{EKS}.gateway.serviceType",
        "NodePort",
        "Leave `serviceType` out",
    ),
    prod(
        "peer_endpoints_can_be_reached",
        {f"{GKE}.peerEndpoint": "http://10.10.32.2"},
        f"{GKE}.peerEndpoint",
        "http://10.10.32.2",
        "https://",
    ),
]
