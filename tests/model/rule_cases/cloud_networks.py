"""Meshes that break the rules of `model.checks.cloud_networks`."""

from tests.model.rule_cases.cloud import AWS, DATACENTER, GCP, GKE, ORDERS, RATINGS, prod

CLOUD_NETWORKS = [
    prod("regions_are_their_clouds", {f"{GCP}.region": "us-east-1"}, f"{GCP}.region", "us-east-1", "europe"),
    prod("regions_are_their_clouds", {f"{AWS}.region": "us-east1"}, f"{AWS}.region", "us-east1", "us-east-1"),
    prod(
        "regions_are_their_clouds",
        {f"{GCP}.region": "europe-west4-a"},
        f"{GCP}.region",
        "europe-west4-a",
        "Write europe-west4.",
    ),
    prod("regions_are_their_clouds", {f"{AWS}.region": "Ohio"}, f"{AWS}.region", "Ohio", "us-east-1"),
    prod(
        "regions_are_their_clouds",
        {f"{AWS}.region": "cn-north-1"},
        f"{AWS}.region",
        "cn-north-1",
        "us-east-1",
    ),
    prod(
        "zones_are_in_their_region",
        {f"{GCP}.zones": ["europe-west1-b"]},
        f"{GCP}.zones.0",
        "europe-west1-b",
        "europe-west4-a",
    ),
    prod(
        "zones_are_in_their_region",
        {f"{AWS}.zones": ["us-east-1a", "us-east-1-b"]},
        f"{AWS}.zones.1",
        "us-east-1-b",
        "us-east-1a",
    ),
    prod(
        "zones_are_in_their_region",
        {f"{AWS}.zones": ["us-east-1a", "us-east-1b", "us-east-1a"]},
        f"{AWS}.zones.2",
        "us-east-1a",
        "once",
    ),
    prod(
        "aws_networks_have_zones_enough",
        {f"{AWS}.zones": ["us-east-1a"]},
        f"{AWS}.zones",
        "[us-east-1a]",
        "two or three",
    ),
    prod("cloud_networks_have_room", {f"{GCP}.cidr": "10.10.0.0/21"}, f"{GCP}.cidr", "10.10.0.0/21", "a /20"),
    prod("cloud_networks_have_room", {f"{AWS}.cidr": "10.20.0.0/24"}, f"{AWS}.cidr", "10.20.0.0/24", "a /20"),
    prod(
        "cloud_networks_have_room",
        {"networks.more": {"type": "gcp", "region": "us-east1", "cidr": "10.60.0.0/25"}},
        "networks.more.cidr",
        "10.60.0.0/25",
        "a /24",
    ),
    prod(
        "cloud_networks_have_room",
        {f"{AWS}.cidr": "10.20.0.0/15"},
        f"{AWS}.cidr",
        "10.20.0.0/15",
        "10.20.0.0/16",
    ),
    prod(
        "nodes_and_machines_have_addresses",
        {f"{GCP}.cidr": "10.10.0.0/20", f"{RATINGS}.machines.max": 250},
        f"{GCP}.cidr",
        "10.10.0.0/20",
        "a larger range",
    ),
    prod(
        "nodes_and_machines_have_addresses",
        {f"{AWS}.cidr": "10.20.0.0/20", f"{ORDERS}.machines.max": 742},
        f"{AWS}.cidr",
        "10.20.0.0/20",
        "lower the largest numbers",
    ),
    prod(
        "pods_have_addresses",
        {f"{GKE}.nodePool.max": 129},
        f"{GKE}.nodePool.max",
        "129",
        "Lower it to 128",
    ),
    prod(
        "only_adopted_networks_say_their_egress",
        {f"{GCP}.egress": ["203.0.113.64/28"]},
        f"{GCP}.egress",
        "[203.0.113.64/28]",
        "by `id`",
    ),
    prod(
        "adopted_networks_have_their_clouds_names", {f"{AWS}.id": "main"}, f"{AWS}.id", "main", "vpc-0a1b2c3d"
    ),
    prod(
        "adopted_networks_have_their_clouds_names",
        {f"{GCP}.id": "vpc 1"},
        f"{GCP}.id",
        "vpc 1",
        "projects/<project>",
    ),
    prod(
        "adopted_networks_are_in_their_project",
        {f"{GCP}.id": "projects/shared-networks/global/networks/main"},
        f"{GCP}.project",
        "example-mesh-prod",
        "project: shared-networks",
    ),
    prod(
        "external_networks_say_their_egress",
        {f"{DATACENTER}.egress": []},
        f"{DATACENTER}.egress",
        "",
        "198.51.100.7/32",
    ),
]
