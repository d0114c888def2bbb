"""Meshes that break the rules of `model.checks.clusters`."""

from tests.model.rule_cases.case import EAST, WEST, Case

CLUSTERS = [
    Case(
        "a_cluster_is_active",
        {f"{EAST}.state": "quarantined", f"{WEST}.state": "quarantined"},
        f"{EAST}.state",
        "quarantined",
        "Keep one active",
    ),
    Case(
        "local_clusters_are_in_local_networks",
        {"networks.boston.type": "external"},
        f"{WEST}.network",
        "boston",
        "networks of type local",
    ),
    Case(
        "local_clusters_are_in_local_networks",
        {"networks.kind-one.type": "local"},
        "clusters.one.network",
        "kind-one",
        "networks of type local",
        "dev",
    ),
    Case(
        "local_clusters_are_among_themselves",
        {WEST: {"type": "kubeconfig", "network": "boston"}},
        f"{WEST}.type",
        "kubeconfig",
        "a stack of their own",
        also=(f"{WEST}.network", "demo.image", "istio.proxy"),
    ),
    Case(
        "local_kubernetes_is_one_that_is_built",
        {f"{EAST}.kubernetesVersion": "1.30.0"},
        f"{EAST}.kubernetesVersion",
        "1.30.0",
        "1.35.4",
    ),
    Case(
        "a_kubeconfig_has_one_source",
        {"clusters.one.path": "~/.kube/one", "clusters.one.secret": "one"},
        "clusters.one",
        "path: ~/.kube/one, secret: one",
        "Keep one",
        "dev",
    ),
    Case(
        "kubeconfig_clusters_are_named_once",
        {"clusters.two.context": "kind-one"},
        "clusters.two.context",
        "kind-one",
        "its own context",
        "dev",
    ),
    Case(
        "peer_endpoints_can_be_reached",
        {"clusters.one.peerEndpoint": "172.18.0.2:6443"},
        "clusters.one.peerEndpoint",
        "172.18.0.2:6443",
        "https://",
        "dev",
    ),
    Case(
        "peer_endpoints_can_be_reached",
        {"clusters.one.peerEndpoint": "https://127.0.0.1:38211"},
        "clusters.one.peerEndpoint",
        "https://127.0.0.1:38211",
        "the other clusters reach",
        "dev",
    ),
]
