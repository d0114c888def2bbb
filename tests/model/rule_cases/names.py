"""Meshes that break the rules of `model.checks.names`."""

from tests.model.rule_cases.case import BUNDLE, GROUP, LEGACY, LONG, PUBLIC, Case

NAMES = [
    Case(
        "derived_names_are_short_enough",
        {f"workloadGroups.{LONG}": BUNDLE, "istio.packages": "https://packages.example.com"},
        "9 characters shorter",
        value=LONG,
    ),
    Case("derived_names_are_short_enough", {"demo.namespace": LONG}, "5 characters shorter"),
    Case(
        "derived_names_are_short_enough",
        {f"clusters.{LONG}": {"type": "gke", "network": "gcp-eu"}},
        "6 characters shorter",
        value=LONG,
        stack="staging",
        also=tuple(f"clusters.gke-eu.{part}Cidr" for part in ("pod", "service", "controlPlane")),
    ),
    Case("names_of_services_begin_with_a_letter", {"workloadGroups.9x": GROUP}, "x9x", value="9x"),
    Case("namespaces_are_not_reserved", {f"{LEGACY}.namespace": "istio-system"}, "of your own"),
    Case("namespaces_are_not_reserved", {f"{PUBLIC}.namespace": "kube-system"}, "of your own"),
    Case("namespaces_are_not_reserved", {f"{PUBLIC}.namespace": "default"}, "of your own"),
    Case("the_demo_and_groups_have_different_names", {"demo.service": "legacy"}, "differently"),
    Case(
        "the_outside_namespace_is_unused",
        {"workloadGroups.zoo": {**GROUP, "namespace": "demo-outside"}},
        "another namespace",
        path="workloadGroups.zoo.namespace",
        value="demo-outside",
    ),
    Case(
        "local_clusters_and_vms_have_different_names",
        {"clusters.legacy-1": {"type": "local", "network": "boston", "podCidr": "10.20.32.0/20"}},
        "differently",
        value="legacy-1",
    ),
    Case(
        "route_names_are_unique",
        {
            f"{PUBLIC}.routes": [
                {"name": "a", "pathPrefix": p, "backends": [{"group": "legacy", "port": 9080}]}
                for p in ("/a", "/b")
            ]
        },
        "a name of its own",
        path=f"{PUBLIC}.routes.1.name",
        value="a",
    ),
]
