"""Meshes that break the rules of `model.checks.names`."""

from tests.model.rule_cases.case import BUNDLE, GROUP, LEGACY, LONG, PUBLIC, Case

NAMES = [
    Case(
        "derived_names_are_short_enough",
        {f"workloadGroups.{LONG}": BUNDLE, "istio.packages": "https://packages.example.com"},
        f"workloadGroups.{LONG}",
        LONG,
        "9 characters shorter",
    ),
    Case(
        "derived_names_are_short_enough",
        {"demo.namespace": LONG},
        "demo.namespace",
        LONG,
        "5 characters shorter",
    ),
    Case(
        "derived_names_are_short_enough",
        {f"clusters.{LONG}": {"type": "gke", "network": "gcp-eu"}},
        f"clusters.{LONG}",
        LONG,
        "6 characters shorter",
        "staging",
        also=tuple(f"clusters.gke-eu.{part}Cidr" for part in ("pod", "service", "controlPlane")),
    ),
    Case(
        "names_of_services_begin_with_a_letter",
        {"workloadGroups.9x": GROUP},
        "workloadGroups.9x",
        "9x",
        "x9x",
    ),
    Case(
        "namespaces_are_the_users_own",
        {f"{LEGACY}.namespace": "istio-system"},
        f"{LEGACY}.namespace",
        "istio-system",
        "of your own",
    ),
    Case(
        "namespaces_are_the_users_own",
        {f"{PUBLIC}.namespace": "kube-system"},
        f"{PUBLIC}.namespace",
        "kube-system",
        "of your own",
    ),
    Case(
        "the_demo_and_the_groups_are_called_differently",
        {"demo.service": "legacy"},
        "demo.service",
        "legacy",
        "differently",
    ),
    Case(
        "the_pod_outside_has_a_namespace_of_its_own",
        {"workloadGroups.zoo": {**GROUP, "namespace": "demo-outside"}},
        "workloadGroups.zoo.namespace",
        "demo-outside",
        "another namespace",
    ),
    Case(
        "local_clusters_and_machines_are_called_differently",
        {"clusters.legacy-1": {"type": "local", "network": "boston", "podCidr": "10.20.32.0/20"}},
        "clusters.legacy-1",
        "legacy-1",
        "differently",
    ),
    Case(
        "routes_have_names_of_their_own",
        {
            f"{PUBLIC}.routes": [
                {"name": "a", "pathPrefix": p, "backends": [{"group": "legacy", "port": 9080}]}
                for p in ("/a", "/b")
            ]
        },
        f"{PUBLIC}.routes.1.name",
        "a",
        "a name of its own",
    ),
]
