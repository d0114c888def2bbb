"""Meshes that break the rules of `model.checks.gateways`."""

from tests.model.meshes import DELETED
from tests.model.rule_cases.case import EAST, LEGACY, WEST, Case

GATEWAYS = [
    Case("a_network_has_one_kind_of_gateway", {"networks.boston.gateway": "203.0.113.1"}, "enabled: false"),
    Case("a_network_has_one_kind_of_gateway", {"networks.boston.reachable": "direct"}, "remove the gateway"),
    Case(
        "clusters_can_be_reached_by_their_peers",
        {f"{WEST}.gateway": {"enabled": False}},
        "networks.boston.gateway",
        path=f"{WEST}.network",
        value="boston",
    ),
    Case(
        "vms_are_reachable_from_pods",
        {"networks.machines.reachable": DELETED},
        "reachable: direct",
        path="networks.machines",
        value="",
        stack="dev",
    ),
    Case(
        "vms_can_reach_istiod",
        {f"{EAST}.gateway": {"enabled": False}, "networks.amsterdam.gateway": "203.0.113.1"},
        "enable this one's",
        path=f"{LEGACY}.cluster",
        value="east",
    ),
    Case(
        "node_port_gateways_have_addresses",
        {"clusters.one.gateway.addresses": []},
        "addresses: [",
        value="",
        stack="dev",
    ),
    Case(
        "node_ports_are_for_node_port_gateways",
        {f"{EAST}.gateway": {"nodePorts": {"tls": 30443}}},
        "serviceType: NodePort",
        path=f"{EAST}.gateway.nodePorts",
        value="{tls: 30443, istiod: 31012, status: 31021}",
    ),
    Case(
        "node_ports_are_for_node_port_gateways",
        {"clusters.one.gateway.nodePorts": {"tls": 31012}},
        "a port of its own",
        value="{tls: 31012, istiod: 31012, status: 31021}",
        stack="dev",
    ),
    Case(
        "local_gateways_have_assigned_addresses",
        {f"{EAST}.gateway": {"serviceType": "NodePort"}},
        "Leave `serviceType` out",
        path=f"{EAST}.gateway.serviceType",
        value="NodePort",
    ),
    Case(
        "local_gateways_have_assigned_addresses",
        {f"{EAST}.gateway": {"addresses": ["203.0.113.1"]}},
        "Leave `addresses` out",
        path=f"{EAST}.gateway.addresses",
        value="[203.0.113.1]",
    ),
    Case(
        "cluster_gateways_have_ip_addresses",
        {"clusters.one.gateway.addresses": ["lb.example.com"]},
        "203.0.113.10",
        path="clusters.one.gateway.addresses.0",
        value="lb.example.com",
        stack="dev",
    ),
    Case(
        "network_gateways_have_addresses",
        {"networks.machines.reachable": DELETED, "networks.machines.gateway": "https://lb.example.com"},
        "without scheme",
        path="networks.machines.gateway",
        value="https://lb.example.com",
        stack="dev",
    ),
    Case(
        "gateway_addresses_are_unique",
        {"clusters.two.gateway.addresses": ["172.18.0.2"]},
        "an address of its own",
        path="clusters.two.gateway.addresses.0",
        value="172.18.0.2",
        stack="dev",
    ),
]
