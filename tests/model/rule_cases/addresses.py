"""Meshes that break the rules of `model.checks.addresses`."""

from tests.model.rule_cases.case import EAST, GROUP, LEGACY, WEST, Case

ADDRESSES = [
    Case(
        "networks_have_usable_cidrs",
        {"networks.machines.cidr": "169.254.0.0/24"},
        "private CIDR",
        stack="dev",
    ),
    Case("networks_have_usable_cidrs", {"networks.boston.cidr": "240.0.0.0/16"}, "private CIDR"),
    Case(
        "networks_have_usable_cidrs",
        {"networks.machines.cidr": ["10.9.0.0/24", "224.1.0.0/16"]},
        "private CIDR",
        path="networks.machines.cidr.1",
        value="224.1.0.0/16",
        stack="dev",
    ),
    Case(
        "cidrs_of_a_network_do_not_overlap",
        {"networks.machines.cidr": ["10.9.0.0/24", "10.9.0.0/16"]},
        "once",
        path="networks.machines.cidr.1",
        value="10.9.0.0/16",
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
        "local_networks_have_room_for_pods",
        {"networks.amsterdam.cidr": "10.10.0.0/19", f"{WEST}.network": "amsterdam"},
        "a larger CIDR",
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
