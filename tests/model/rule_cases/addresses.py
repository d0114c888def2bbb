"""Meshes that break the rules of `model.checks.addresses`."""

from tests.model.rule_cases.case import EAST, GROUP, LEGACY, WEST, Case

ADDRESSES = [
    Case("networks_do_not_overlap", {"networks.boston.cidr": "10.10.128.0/17"}, "a CIDR of its own"),
    Case(
        "networks_have_usable_cidrs",
        {"networks.machines.cidr": "169.254.0.0/24"},
        "private CIDR",
        stack="dev",
    ),
    Case("local_networks_do_not_overlap_the_wan", {"networks.boston.cidr": "172.16.0.0/12"}, "another CIDR"),
    Case("local_networks_are_large_enough", {"networks.boston.cidr": "10.20.0.0/20"}, "a /19 or larger"),
    Case(
        "local_networks_are_large_enough",
        {"networks.cork": {"type": "local", "cidr": "10.30.0.0/25", "reachable": "direct"}},
        "a /24 or larger",
        path="networks.cork.cidr",
        value="10.30.0.0/25",
    ),
    Case(
        "local_machines_fit_the_lab",
        {f"workloadGroups.g{n}": {**GROUP, "machines": {"type": "local", "count": 50}} for n in range(3)},
        "150 or below",
        path=f"{LEGACY}.machines.count",
        value="2",
    ),
    Case(
        "one_local_cluster_has_the_default_pod_cidr",
        {f"{WEST}.network": "amsterdam"},
        "podCidr: 10.10.32.0/20",
        path=f"{WEST}.podCidr",
        value="",
    ),
    Case("pod_cidrs_are_inside_their_network", {f"{EAST}.podCidr": "10.99.0.0/20"}, "10.10.16.0/20"),
    Case("pod_cidrs_are_inside_their_network", {f"{EAST}.podCidr": "10.10.8.0/21"}, "10.10.16.0/20"),
    Case(
        "pod_cidrs_do_not_overlap",
        {f"{WEST}.network": "amsterdam", f"{WEST}.podCidr": "10.10.16.0/21"},
        "10.10.32.0/20",
        path=f"{WEST}.podCidr",
        value="10.10.16.0/21",
    ),
    Case(
        "service_cidrs_do_not_overlap_the_network", {f"{EAST}.serviceCidr": "10.10.64.0/20"}, "10.96.0.0/16"
    ),
    Case(
        "service_cidrs_do_not_overlap_the_network",
        {f"{EAST}.serviceCidr": "172.30.128.0/20"},
        "10.96.0.0/16",
    ),
    Case("service_cidrs_have_a_valid_size", {f"{EAST}.serviceCidr": "11.0.0.0/8"}, "/12 to /24"),
]
