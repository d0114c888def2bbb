"""Rules on the mesh as a whole. One rule is one function; the registry runs them all."""

from model.checks import (
    addresses,
    applications,
    cloud_accounts,
    cloud_clusters,
    cloud_limits,
    cloud_machines,
    cloud_networks,
    cloud_ranges,
    clusters,
    demo,
    gateways,
    groups,
    ingress,
    istio,
    istio_values,
    names,
    references,
)
from model.checks.registry import RULES, run

__all__ = [
    "RULES",
    "addresses",
    "applications",
    "cloud_accounts",
    "cloud_clusters",
    "cloud_limits",
    "cloud_machines",
    "cloud_networks",
    "cloud_ranges",
    "clusters",
    "demo",
    "gateways",
    "groups",
    "ingress",
    "istio",
    "istio_values",
    "names",
    "references",
    "run",
]
