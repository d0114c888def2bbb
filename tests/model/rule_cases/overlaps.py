"""Meshes that break the rules of `model.checks.overlaps`."""

from typing import Any

from tests.model.meshes import DELETED
from tests.model.rule_cases.case import Case
from tests.model.rule_cases.cloud import GCP, GKE

ONE, TWO = "networks.kind-one", "networks.kind-two"
APART = {"networks.machines": DELETED, "workloadGroups.ratings.network": "kind-one"}
"""The mesh of the stack `dev`, whose networks meet at gateways only."""
SAME = "10.244.0.0/16"


def _dev(changes: dict[str, Any], path: str = f"{TWO}.cidr", value: str = SAME, **base: Any) -> Case:
    rule = "networks_with_the_same_addresses_meet_at_gateways"
    return Case(rule, {**changes, **base}, "a CIDR of its own", path, value, "dev")


def _prod(changes: dict[str, Any], path: str, value: str) -> Case:
    rule = "networks_with_the_same_addresses_meet_at_gateways"
    return Case(rule, changes, "a CIDR of its own", path, value, "prod")


OVERLAPS = [
    Case(
        "networks_with_the_same_addresses_meet_at_gateways",
        {"networks.boston.cidr": "10.10.128.0/17"},
        "a CIDR of its own",
    ),
    _dev({f"{TWO}.cidr": SAME}),
    _dev({f"{TWO}.cidr": ["10.250.0.0/16", SAME]}, f"{TWO}.cidr.1"),
    _dev({**APART, f"{TWO}.cidr": SAME, "clusters.two.gateway.addresses": ["10.244.0.9"]}),
    _dev({**APART, f"{TWO}.cidr": SAME, "clusters.one.peerEndpoint": "https://10.244.0.9:6443"}),
    _dev({**APART, f"{TWO}.cidr": SAME, "workloadGroups.ratings.cluster": "two"}),
    _dev({**APART, f"{TWO}.cidr": SAME, "workloadGroups.ratings.host": "ratings.example.com"}),
    _dev({**APART, f"{TWO}.cidr": SAME, "workloadGroups.ratings.hosts": ["ratings.example.com"]}),
    _dev(
        {
            **APART,
            "networks.hall": {"type": "external", "cidr": "192.168.56.0/24", "gateway": "203.0.113.9"},
            "networks.yard": {"type": "external", "cidr": "192.168.0.0/16", "gateway": "203.0.113.8"},
            "workloadGroups.ratings.network": "hall",
            "workloadGroups.orders": {
                "namespace": "shop",
                "cluster": "one",
                "network": "yard",
                "ports": {"http": 8080},
                "machines": {"type": "bundle"},
            },
        },
        "networks.yard.cidr",
        "192.168.0.0/16",
    ),
    _prod(
        {
            f"{GCP}.cidr": "10.20.0.0/16",
            f"{GKE}.endpoint": "private",
            f"{GKE}.authorizedNetworks": ["10.99.0.0/24"],
        },
        f"{GCP}.cidr",
        "10.20.0.0/16",
    ),
    _prod(
        {
            "networks.gcp-us": {"type": "gcp", "region": "us-east1", "cidr": "10.10.0.0/17", "id": "shared"},
            f"{GCP}.id": "shared",
            f"{GCP}.egress": ["198.51.100.128/28"],
        },
        "networks.gcp-us.cidr",
        "10.10.0.0/17",
    ),
]
