"""Meshes that break the rules of `model.checks.references`."""

from tests.model.rule_cases.case import BACKENDS, EAST, LEGACY, PUBLIC, Case

REFERENCES = [
    Case("clusters_are_in_known_networks", {f"{EAST}.network": "amsterdm"}, "`amsterdam`"),
    Case("groups_are_in_known_networks", {f"{LEGACY}.network": "paris"}, "Declared are: amsterdam, boston."),
    Case("groups_register_with_known_clusters", {f"{LEGACY}.cluster": "north"}, "Declared are: east, west."),
    Case("ingresses_are_in_known_clusters", {f"{PUBLIC}.cluster": "eats"}, "`east`"),
    Case("routes_lead_to_known_groups", {f"{BACKENDS}.1.group": "legcy"}, "`legacy`"),
    Case("the_demo_runs_on_a_known_group", {"demo.group": "new"}, "Declared are: legacy."),
]
