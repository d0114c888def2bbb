"""Meshes that break the rules of `model.checks.clusters`, `node_pools` and `api_servers`."""

from tests.model.rule_cases.case import EAST, WEST, Case
from tests.model.rule_cases.cloud import EKS, GKE, prod

EXCLUSION = {"name": "end-of-year", "start": "2026-12-18", "end": "2027-01-04"}

CLUSTERS = [
    Case(
        "a_cluster_is_active",
        {f"{EAST}.state": "quarantined", f"{WEST}.state": "quarantined"},
        "Keep one active",
    ),
    Case(
        "local_clusters_are_in_local_networks",
        {"networks.boston.type": "external"},
        "networks of type local",
        path=f"{WEST}.network",
        value="boston",
    ),
    Case(
        "local_clusters_are_in_local_networks",
        {"networks.kind-one.type": "local"},
        "networks of type local",
        path="clusters.one.network",
        value="kind-one",
        stack="dev",
    ),
    Case(
        "local_clusters_have_local_peers",
        {WEST: {"type": "kubeconfig", "network": "boston"}},
        "a stack of their own",
        path=f"{WEST}.type",
        value="kubeconfig",
        also=(f"{WEST}.network", "demo.image", "istio.proxy"),
    ),
    Case("local_kubernetes_versions_are_built", {f"{EAST}.kubernetesVersion": "1.30.0"}, "1.35.4"),
    Case(
        "a_kubeconfig_has_one_source",
        {"clusters.one.path": "~/.kube/one", "clusters.one.secret": "one"},
        "Keep one",
        path="clusters.one",
        value="path: ~/.kube/one, secret: one",
        stack="dev",
    ),
    Case(
        "kubeconfig_clusters_are_unique",
        {"clusters.two.context": "kind-one"},
        "its own context",
        stack="dev",
    ),
    Case(
        "peer_certificate_authorities_are_certificates",
        {"clusters.one.peerCertificateAuthority": "/etc/ssl/ca.pem"},
        "peerCertificateAuthority: |",
        stack="dev",
    ),
    Case(
        "peer_certificate_authorities_are_certificates",
        {
            "clusters.one.peerCertificateAuthority": (
                "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
                "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"
            )
        },
        "without a private key",
        value="(text)",
        stack="dev",
    ),
    Case(
        "peer_endpoints_can_be_reached",
        {"clusters.one.peerEndpoint": "172.18.0.2:6443"},
        "https://",
        stack="dev",
    ),
    Case(
        "peer_endpoints_can_be_reached",
        {"clusters.one.peerEndpoint": "https://127.0.0.1:38211"},
        "the other clusters reach",
        stack="dev",
    ),
]

CLOUD_CLUSTERS = [
    prod("clusters_are_in_their_clouds_networks", {f"{GKE}.network": "aws-us"}, "type gcp"),
    prod("clusters_are_in_their_clouds_networks", {f"{EKS}.network": "gcp-eu"}, "type aws"),
    prod(
        "clusters_are_in_their_clouds_networks",
        {"clusters.old": {"type": "kubeconfig", "network": "gcp-eu"}},
        "`type: external`",
        path="clusters.old.network",
        value="gcp-eu",
    ),
    prod("node_pool_sizes_are_valid", {f"{GKE}.nodePool.min": 13}, "Lower `min`"),
    prod(
        "node_pool_sizes_are_valid",
        {f"{GKE}.nodePool": {"min": 1, "max": 2}},
        "Write 3 or more",
        path=f"{GKE}.nodePool.max",
        value="2",
    ),
    prod("node_pool_sizes_are_valid", {f"{EKS}.nodeGroup.min": 13}, "Lower `min`"),
    prod(
        "node_machine_types_exist",
        {f"{GKE}.nodePool.machineType": "m6i.xlarge"},
        "e2-standard-4",
    ),
    prod("node_machine_types_exist", {f"{EKS}.nodeGroup.machineType": "big"}, "m6i.xlarge"),
    prod(
        "node_machine_types_exist",
        {f"{EKS}.nodeGroup.machineType": "a1.xlarge"},
        "m6g.xlarge",
    ),
    prod("istio_supports_the_version", {f"{EKS}.version": "1.28"}, 'Choose "1.32"'),
    prod("istio_supports_the_version", {f"{EKS}.version": "1.99"}, 'Choose "1.36"'),
    prod("istio_supports_the_version", {f"{EKS}.version": "v1.35.2"}, "without a patch"),
    prod("istio_supports_the_version", {f"{GKE}.version": "1.31"}, 'Choose "1.32"'),
    prod("istio_supports_the_version", {f"{GKE}.version": "1.37"}, 'Choose "1.36"'),
    prod("istio_supports_the_version", {f"{GKE}.version": "1.35.3-gke.1200"}, "without a patch"),
    prod(
        "gke_has_time_for_maintenance",
        {f"{GKE}.maintenance": {"window": {"days": ["saturday"], "start": "02:00", "hours": 4}}},
        "`hours: 12`",
        path=f"{GKE}.maintenance.window.hours",
        value="4",
    ),
    prod(
        "gke_has_time_for_maintenance",
        {f"{GKE}.maintenance": {"window": {"days": ["monday"] * 3, "start": "02:00", "hours": 4}}},
        "each day once",
        path=f"{GKE}.maintenance.window.days",
        value="[monday, monday, monday]",
    ),
    prod(
        "maintenance_exclusions_are_valid",
        {f"{GKE}.maintenance": {"exclusions": [EXCLUSION, EXCLUSION]}},
        "its own name",
        path=f"{GKE}.maintenance.exclusions.1.name",
        value="end-of-year",
    ),
    prod(
        "maintenance_exclusions_are_valid",
        {f"{GKE}.maintenance": {"exclusions": [{**EXCLUSION, "name": "minor-upgrades"}]}},
        "its own name",
        path=f"{GKE}.maintenance.exclusions.0.name",
        value="minor-upgrades",
    ),
    prod(
        "maintenance_exclusions_are_valid",
        {f"{GKE}.maintenance": {"exclusions": [{**EXCLUSION, "end": "2026-12-18"}]}},
        "first day",
        path=f"{GKE}.maintenance.exclusions.0.end",
        value="2026-12-18",
    ),
    prod(
        "maintenance_exclusions_are_valid",
        {f"{GKE}.maintenance": {"exclusions": [{**EXCLUSION, "end": "2027-02-30"}]}},
        "Correct the day",
        path=f"{GKE}.maintenance.exclusions.0.end",
        value="2027-02-30",
    ),
    prod(
        "maintenance_exclusions_are_valid",
        {f"{GKE}.maintenance": {"exclusions": [{**EXCLUSION, "name": f"time-{n}"} for n in range(20)]}},
        "Remove those",
        path=f"{GKE}.maintenance.exclusions",
        value="20 exclusions",
    ),
    prod(
        "image_repositories_are_unique",
        {f"{GKE}.nodePool.imageRepositories": ["my-project/europe-west4/images"] * 2},
        "once",
        path=f"{GKE}.nodePool.imageRepositories.1",
        value="my-project/europe-west4/images",
    ),
    prod(
        "lists_of_clusters_name_each_value_once",
        {f"{GKE}.controlPlanePorts": [8443, 9443, 8443]},
        "once",
        path=f"{GKE}.controlPlanePorts.2",
        value="8443",
    ),
    prod(
        "lists_of_clusters_name_each_value_once",
        {f"{EKS}.addons": ["metrics-server"] * 2},
        "once",
        path=f"{EKS}.addons.1",
        value="metrics-server",
    ),
    prod(
        "encryption_keys_are_in_their_region",
        {f"{GKE}.databaseEncryptionKey": "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k"},
        "in europe-west4",
    ),
    prod("api_servers_allow_the_operators", {"operators": {}}, "cidrs: [", path="operators.cidrs", value=""),
    prod(
        "api_servers_allow_a_supported_number_of_cidrs",
        {f"{EKS}.authorizedNetworks": [f"203.0.113.{n}/32" for n in range(16, 54)]},
        "`endpoint: private`",
        path=f"{EKS}.endpoint",
        value="restricted",
    ),
    prod(
        "private_clusters_can_be_reached",
        {f"{GKE}.endpoint": "private"},
        "`endpoint: dns`, or `endpoint: restricted`",
        path=f"{GKE}.authorizedNetworks",
        value="",
    ),
    prod(
        "private_clusters_can_be_reached",
        {f"{EKS}.endpoint": "private"},
        "[10.99.0.0/24], or `endpoint: restricted`",
        path=f"{EKS}.authorizedNetworks",
        value="",
    ),
    prod(
        "cloud_gateways_have_reserved_addresses",
        {f"{GKE}.gateway": {"addresses": ["203.0.113.40"]}},
        "Leave `addresses` out",
        path=f"{GKE}.gateway.addresses",
        value="[203.0.113.40]",
    ),
    prod(
        "cloud_gateways_have_reserved_addresses",
        {f"{EKS}.gateway": {"serviceType": "NodePort"}},
        "Leave `serviceType` out",
        path=f"{EKS}.gateway.serviceType",
        value="NodePort",
    ),
    prod("peer_endpoints_can_be_reached", {f"{GKE}.peerEndpoint": "http://10.10.32.2"}, "https://"),
]
