"""Meshes that break the rules of `model.checks.cloud_*`."""

from tests.model.rule_cases.case import Case

GCP, AWS, DATACENTER = "networks.gcp-eu", "networks.aws-us", "networks.dc-fra"
GKE, EKS = "clusters.gke-eu", "clusters.eks-us"
RATINGS, ORDERS = "workloadGroups.ratings", "workloadGroups.orders"
SECOND = "clusters.gke-two"
TWO_IN_ONE = {"type": "gke", "network": "gcp-eu"}
NAMED = {
    **TWO_IN_ONE,
    "podCidr": "10.10.64.0/18",
    "serviceCidr": "10.10.48.0/20",
    "controlPlaneCidr": "10.10.32.16/28",
}


def prod(rule: str, changes: dict[str, object], path: str, value: str, remedy: str) -> Case:
    return Case(rule, changes, path, value, remedy, "prod")


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
        "external_networks_say_their_egress",
        {f"{DATACENTER}.egress": []},
        f"{DATACENTER}.egress",
        "",
        "198.51.100.7/32",
    ),
]

CLOUD_CLUSTERS = [
    prod(
        "clusters_are_in_their_clouds_networks",
        {f"{GKE}.network": "aws-us"},
        f"{GKE}.network",
        "aws-us",
        "type gcp",
    ),
    prod(
        "clusters_are_in_their_clouds_networks",
        {f"{EKS}.network": "gcp-eu"},
        f"{EKS}.network",
        "gcp-eu",
        "type aws",
    ),
    prod(
        "clusters_are_in_their_clouds_networks",
        {"clusters.old": {"type": "kubeconfig", "network": "gcp-eu"}},
        "clusters.old.network",
        "gcp-eu",
        "`type: external`",
    ),
    prod("pools_have_a_range", {f"{GKE}.nodePool.min": 13}, f"{GKE}.nodePool.min", "13", "at most max"),
    prod("pools_have_a_range", {f"{EKS}.nodeGroup.min": 13}, f"{EKS}.nodeGroup.min", "13", "at most max"),
    prod(
        "nodes_are_of_a_kind_that_their_cloud_has",
        {f"{GKE}.nodePool.machineType": "m6i.xlarge"},
        f"{GKE}.nodePool.machineType",
        "m6i.xlarge",
        "e2-standard-4",
    ),
    prod(
        "nodes_are_of_a_kind_that_their_cloud_has",
        {f"{EKS}.nodeGroup.machineType": "big"},
        f"{EKS}.nodeGroup.machineType",
        "big",
        "m6i.xlarge",
    ),
    prod(
        "eks_runs_a_release_that_istio_supports",
        {f"{EKS}.version": "1.28"},
        f"{EKS}.version",
        "1.28",
        '"1.35"',
    ),
    prod("api_servers_admit_the_operators", {"operators": {}}, "operators.cidrs", "", "cidrs: ["),
    prod(
        "api_servers_admit_no_more_than_their_cloud_takes",
        {f"{EKS}.authorizedNetworks": [f"203.0.113.{n}/32" for n in range(16, 54)]},
        f"{EKS}.endpoint",
        "restricted",
        "`endpoint: private`",
    ),
    prod(
        "private_clusters_can_be_reached",
        {f"{GKE}.endpoint": "private"},
        f"{GKE}.endpoint",
        "private",
        "`peerEndpoint`",
    ),
    prod(
        "cloud_gateways_have_reserved_addresses",
        {f"{GKE}.gateway": {"addresses": ["203.0.113.40"]}},
        f"{GKE}.gateway.addresses",
        "[203.0.113.40]",
        "Leave `addresses` out",
    ),
    prod(
        "cloud_gateways_have_reserved_addresses",
        {f"{EKS}.gateway": {"serviceType": "NodePort"}},
        f"{EKS}.gateway.serviceType",
        "NodePort",
        "Leave `serviceType` out",
    ),
    prod(
        "peer_endpoints_can_be_reached",
        {f"{GKE}.peerEndpoint": "http://10.10.32.2"},
        f"{GKE}.peerEndpoint",
        "http://10.10.32.2",
        "https://",
    ),
]

CLOUD_RANGES = [
    prod(
        "one_cluster_of_a_gcp_network_leaves_its_ranges_out",
        {SECOND: TWO_IN_ONE},
        f"{SECOND}.podCidr",
        "",
        "podCidr: 10.10.64.0/18",
    ),
    prod(
        "one_cluster_of_a_gcp_network_leaves_its_ranges_out",
        {SECOND: {**NAMED, "controlPlaneCidr": None}},
        f"{SECOND}.controlPlaneCidr",
        "",
        "controlPlaneCidr: 10.10.32.16/28",
    ),
    prod(
        "gke_ranges_are_inside_their_network",
        {f"{GKE}.podCidr": "10.50.0.0/17"},
        f"{GKE}.podCidr",
        "10.50.0.0/17",
        "10.10.64.0/18",
    ),
    prod(
        "gke_ranges_are_apart",
        {f"{GKE}.serviceCidr": "10.10.0.0/21"},
        f"{GKE}.serviceCidr",
        "10.10.0.0/21",
        "another one",
    ),
    prod(
        "gke_ranges_are_apart",
        {SECOND: {**NAMED, "podCidr": "10.10.192.0/18"}},
        f"{SECOND}.podCidr",
        "10.10.192.0/18",
        "another one",
    ),
    prod(
        "gke_control_planes_have_their_size",
        {f"{GKE}.controlPlaneCidr": "10.10.64.0/24"},
        f"{GKE}.controlPlaneCidr",
        "10.10.64.0/24",
        "10.10.64.0/28",
    ),
    prod(
        "gke_control_planes_have_their_size",
        {f"{GKE}.serviceCidr": "10.10.64.0/28"},
        f"{GKE}.serviceCidr",
        "10.10.64.0/28",
        "/16 to /27",
    ),
    prod(
        "eks_services_are_apart_from_every_network",
        {f"{EKS}.serviceCidr": "10.20.0.0/18"},
        f"{EKS}.serviceCidr",
        "10.20.0.0/18",
        "172.20.0.0/16",
    ),
    prod(
        "eks_services_are_apart_from_every_network",
        {f"{EKS}.serviceCidr": "100.64.0.0/16"},
        f"{EKS}.serviceCidr",
        "100.64.0.0/16",
        "172.20.0.0/16",
    ),
    prod(
        "admitted_ranges_are_narrow",
        {"operators.cidrs": ["0.0.0.0/0"]},
        "operators.cidrs.0",
        "0.0.0.0/0",
        "198.51.100.7/32",
    ),
    prod(
        "admitted_ranges_are_narrow",
        {f"{GKE}.authorizedNetworks": ["128.0.0.0/1"]},
        f"{GKE}.authorizedNetworks.0",
        "128.0.0.0/1",
        "198.51.100.7/32",
    ),
    prod(
        "admitted_ranges_are_public",
        {"operators.cidrs": ["10.1.0.0/16"]},
        "operators.cidrs.0",
        "10.1.0.0/16",
        "public addresses",
    ),
    prod(
        "admitted_ranges_are_public",
        {f"{DATACENTER}.egress": ["192.168.0.0/24"]},
        f"{DATACENTER}.egress.0",
        "192.168.0.0/24",
        "public addresses",
    ),
]

CLOUD_MACHINES = [
    prod(
        "machines_are_in_their_clouds_networks",
        {f"{RATINGS}.network": "aws-us"},
        f"{RATINGS}.network",
        "aws-us",
        "type gcp",
    ),
    prod(
        "machines_are_in_their_clouds_networks",
        {f"{ORDERS}.network": "dc-fra"},
        f"{ORDERS}.network",
        "dc-fra",
        "type: bundle",
    ),
    prod(
        "machines_can_prove_themselves_to_their_cluster",
        {f"{RATINGS}.cluster": "eks-us"},
        f"{RATINGS}.cluster",
        "eks-us",
        "`machines: {type: bundle}`",
    ),
    prod(
        "machines_can_prove_themselves_to_their_cluster",
        {f"{ORDERS}.cluster": "gke-eu"},
        f"{ORDERS}.cluster",
        "gke-eu",
        "type eks",
    ),
    prod(
        "a_set_of_machines_has_one_size",
        {f"{RATINGS}.machines.count": 4},
        f"{RATINGS}.machines.count",
        "4",
        "Keep count",
    ),
    prod(
        "a_set_of_machines_has_one_size",
        {f"{RATINGS}.machines": {"type": "gce", "min": 4}},
        f"{RATINGS}.machines.max",
        "",
        "Add `max`",
    ),
    prod(
        "autoscaling_has_a_range", {f"{ORDERS}.machines.min": 21}, f"{ORDERS}.machines.min", "21", "at most"
    ),
    prod(
        "machines_are_of_a_kind_that_their_cloud_has",
        {f"{RATINGS}.machines.machineType": "t3.small"},
        f"{RATINGS}.machines.machineType",
        "t3.small",
        "e2-standard-4",
    ),
    prod(
        "images_are_named_as_their_cloud_names_them",
        {f"{RATINGS}.machines.image": "ami-0abcdef1234567890"},
        f"{RATINGS}.machines.image",
        "ami-0abcdef1234567890",
        "debian-cloud/debian-12",
    ),
    prod(
        "images_are_named_as_their_cloud_names_them",
        {f"{ORDERS}.machines.image": "debian-12"},
        f"{ORDERS}.machines.image",
        "debian-12",
        "resolve:ssm:",
    ),
    prod(
        "images_tell_their_package",
        {f"{ORDERS}.machines.image": "ami-0abcdef1234567890"},
        f"{ORDERS}.machines.package",
        "",
        "package: rpm",
    ),
    prod(
        "images_are_for_their_processors",
        {f"{ORDERS}.machines.machineType": "t4g.small"},
        f"{ORDERS}.machines.image",
        "resolve:ssm:/aws/service/debian/release/12/latest/amd64",
        "an image for arm64",
    ),
]

CLOUD_ACCOUNTS = [
    prod(
        "whatever_is_on_google_cloud_has_a_project",
        {"project": None},
        f"{GCP}.project",
        "",
        "project: my-project",
    ),
    prod(
        "whatever_is_on_google_cloud_has_a_project",
        {"project": None, f"{GCP}.project": "example-mesh"},
        "trust.project",
        "",
        "project: my-project",
    ),
    prod("projects_are_project_ids", {"project": "My Mesh"}, "project", "My Mesh", "gcloud projects list"),
    prod(
        "projects_are_project_ids",
        {f"{GCP}.project": "123456789012"},
        f"{GCP}.project",
        "123456789012",
        "gcloud projects list",
    ),
    prod("cloud_stacks_have_an_owner", {"labels": {}}, "labels.owner", "", "owner: your-team"),
    prod("labels_suit_every_cloud", {"labels.Team": "a"}, "labels.Team", "Team", "beginning with a letter"),
    prod("labels_suit_every_cloud", {"labels.owner": "a b"}, "labels.owner", "a b", "63 at most"),
    prod("labels_suit_every_cloud", {"labels.stack": "x"}, "labels.stack", "x", "Leave it out"),
    prod(
        "labels_suit_every_cloud",
        {f"labels.k{n}": "x" for n in range(40)},
        "labels",
        "41 labels",
        "40 at most",
    ),
    prod(
        "cloud_authorities_are_in_a_region",
        {"trust.location": "us-east-1"},
        "trust.location",
        "us-east-1",
        "europe-west4",
    ),
    prod(
        "cloud_authorities_are_in_a_region",
        {"trust": {"issuer": "aws-private-ca", "region": "us-east-1", "arn": "x"}},
        "trust.arn",
        "x",
        "list-certificate-authorities",
    ),
    prod(
        "cloud_authorities_are_in_a_region",
        {
            "trust": {
                "issuer": "aws-private-ca",
                "region": "us-east-1",
                "arn": "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1a2b",
            }
        },
        "trust.region",
        "us-east-1",
        "region: eu-west-1",
    ),
    prod(
        "intermediates_end_before_the_root",
        {"trust.rootValidityDays": 365},
        "trust.intermediateValidityDays",
        "730",
        "rootValidityDays",
    ),
]
