"""A mesh for each rule that breaks it: the rule, the stack it starts from, the changes, and what must be
said."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tests.model.meshes import DELETED

EAST, WEST = "clusters.east", "clusters.west"
LEGACY = "workloadGroups.legacy"
RATINGS = "workloadGroups.ratings"
PUBLIC = "ingress.public"
BACKENDS = f"{PUBLIC}.routes.0.backends"

GROUP = {
    "namespace": "shop",
    "cluster": "east",
    "network": "amsterdam",
    "ports": {"http": 9080},
    "machines": {"type": "local"},
}
BUNDLE = {**GROUP, "machines": {"type": "bundle"}}
LONG = "a" * 60


@dataclass(frozen=True)
class Case:
    """`changes` make the mesh of `stack` break `rule` at `path`, where `value` stands; `remedy` is part of
    the
    advice."""

    rule: str
    changes: Mapping[str, Any]
    path: str
    value: str
    remedy: str
    stack: str = "local"


def _files(*files: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{LEGACY}.application.files": list(files)}


FILE = f"{LEGACY}.application.files.0"

ADDRESSES = [
    Case(
        "networks_are_apart",
        {"networks.boston.cidr": "10.10.128.0/17"},
        "networks.boston.cidr",
        "10.10.128.0/17",
        "a range of its own",
    ),
    Case(
        "networks_have_usable_ranges",
        {"networks.machines.cidr": "169.254.0.0/24"},
        "networks.machines.cidr",
        "169.254.0.0/24",
        "private range",
        "dev",
    ),
    Case(
        "local_networks_leave_the_wan_alone",
        {"networks.boston.cidr": "172.16.0.0/12"},
        "networks.boston.cidr",
        "172.16.0.0/12",
        "another range",
    ),
    Case(
        "local_networks_are_large_enough",
        {"networks.boston.cidr": "10.20.0.0/20"},
        "networks.boston.cidr",
        "10.20.0.0/20",
        "a /19 or larger",
    ),
    Case(
        "local_networks_are_large_enough",
        {"networks.cork": {"type": "local", "cidr": "10.30.0.0/25", "reachable": "direct"}},
        "networks.cork.cidr",
        "10.30.0.0/25",
        "a /24 or larger",
    ),
    Case(
        "local_machines_fit_the_lab",
        {f"workloadGroups.g{n}": {**GROUP, "machines": {"type": "local", "count": 50}} for n in range(3)},
        f"{LEGACY}.machines.count",
        "2",
        "150 or below",
    ),
    Case(
        "one_cluster_of_a_network_leaves_its_pod_range_out",
        {f"{WEST}.network": "amsterdam"},
        f"{WEST}.podCidr",
        "",
        "podCidr: 10.10.32.0/20",
    ),
    Case(
        "pod_ranges_are_inside_their_network",
        {f"{EAST}.podCidr": "10.99.0.0/20"},
        f"{EAST}.podCidr",
        "10.99.0.0/20",
        "10.10.16.0/20",
    ),
    Case(
        "pod_ranges_are_inside_their_network",
        {f"{EAST}.podCidr": "10.10.8.0/21"},
        f"{EAST}.podCidr",
        "10.10.8.0/21",
        "10.10.16.0/20",
    ),
    Case(
        "pod_ranges_are_apart",
        {f"{WEST}.network": "amsterdam", f"{WEST}.podCidr": "10.10.16.0/21"},
        f"{WEST}.podCidr",
        "10.10.16.0/21",
        "10.10.32.0/20",
    ),
    Case(
        "service_ranges_are_apart_from_the_network",
        {f"{EAST}.serviceCidr": "10.10.64.0/20"},
        f"{EAST}.serviceCidr",
        "10.10.64.0/20",
        "10.96.0.0/16",
    ),
    Case(
        "service_ranges_are_apart_from_the_network",
        {f"{EAST}.serviceCidr": "172.30.128.0/20"},
        f"{EAST}.serviceCidr",
        "172.30.128.0/20",
        "10.96.0.0/16",
    ),
    Case(
        "service_ranges_have_a_usable_size",
        {f"{EAST}.serviceCidr": "11.0.0.0/8"},
        f"{EAST}.serviceCidr",
        "11.0.0.0/8",
        "/12 to /24",
    ),
]

REFERENCES = [
    Case(
        "clusters_are_in_known_networks",
        {f"{EAST}.network": "amsterdm"},
        f"{EAST}.network",
        "amsterdm",
        "`amsterdam`",
    ),
    Case(
        "groups_are_in_known_networks",
        {f"{LEGACY}.network": "paris"},
        f"{LEGACY}.network",
        "paris",
        "There are: amsterdam, boston.",
    ),
    Case(
        "groups_register_with_known_clusters",
        {f"{LEGACY}.cluster": "north"},
        f"{LEGACY}.cluster",
        "north",
        "There are: east, west.",
    ),
    Case(
        "ingresses_are_in_known_clusters",
        {f"{PUBLIC}.cluster": "eats"},
        f"{PUBLIC}.cluster",
        "eats",
        "`east`",
    ),
    Case(
        "routes_lead_to_known_groups",
        {f"{BACKENDS}.1.group": "legcy"},
        f"{BACKENDS}.1.group",
        "legcy",
        "`legacy`",
    ),
    Case("the_demo_runs_on_a_known_group", {"demo.group": "new"}, "demo.group", "new", "There are: legacy."),
]

GATEWAYS = [
    Case(
        "a_network_has_one_kind_of_way_in",
        {"networks.boston.gateway": "203.0.113.1"},
        "networks.boston.gateway",
        "203.0.113.1",
        "enabled: false",
    ),
    Case(
        "a_network_has_one_kind_of_way_in",
        {"networks.boston.reachable": "direct"},
        "networks.boston.reachable",
        "direct",
        "remove the gateway",
    ),
    Case(
        "clusters_can_be_reached_by_their_peers",
        {f"{WEST}.gateway": {"enabled": False}},
        f"{WEST}.network",
        "boston",
        "networks.boston.gateway",
    ),
    Case(
        "machines_can_be_reached_by_pods",
        {"networks.machines.reachable": DELETED},
        "networks.machines",
        "",
        "reachable: direct",
        "dev",
    ),
    Case(
        "machines_can_reach_their_control_plane",
        {f"{EAST}.gateway": {"enabled": False}, "networks.amsterdam.gateway": "203.0.113.1"},
        f"{LEGACY}.cluster",
        "east",
        "enable this one's",
    ),
    Case(
        "node_port_gateways_say_their_addresses",
        {"clusters.one.gateway.addresses": []},
        "clusters.one.gateway.addresses",
        "",
        "addresses: [",
        "dev",
    ),
    Case(
        "node_ports_are_for_node_port_gateways",
        {f"{EAST}.gateway": {"nodePorts": {"tls": 30443}}},
        f"{EAST}.gateway.nodePorts",
        "{tls: 30443, istiod: 31012, status: 31021}",
        "serviceType: NodePort",
    ),
    Case(
        "node_ports_are_for_node_port_gateways",
        {"clusters.one.gateway.nodePorts": {"tls": 31012}},
        "clusters.one.gateway.nodePorts",
        "{tls: 31012, istiod: 31012, status: 31021}",
        "a port of its own",
        "dev",
    ),
    Case(
        "local_gateways_are_the_labs",
        {f"{EAST}.gateway": {"serviceType": "NodePort"}},
        f"{EAST}.gateway.serviceType",
        "NodePort",
        "Leave `serviceType` out",
    ),
    Case(
        "local_gateways_are_the_labs",
        {f"{EAST}.gateway": {"addresses": ["203.0.113.1"]}},
        f"{EAST}.gateway.addresses",
        "[203.0.113.1]",
        "Leave `addresses` out",
    ),
    Case(
        "gateway_addresses_are_addresses",
        {"clusters.one.gateway.addresses": ["lb.example.com"]},
        "clusters.one.gateway.addresses.0",
        "lb.example.com",
        "203.0.113.10",
        "dev",
    ),
    Case(
        "gateway_addresses_are_addresses",
        {"networks.machines.reachable": DELETED, "networks.machines.gateway": "https://lb.example.com"},
        "networks.machines.gateway",
        "https://lb.example.com",
        "without scheme",
        "dev",
    ),
    Case(
        "gateway_addresses_lead_to_one_place",
        {"clusters.two.gateway.addresses": ["172.18.0.2"]},
        "clusters.two.gateway.addresses.0",
        "172.18.0.2",
        "an address of its own",
        "dev",
    ),
]

CLUSTERS = [
    Case(
        "a_cluster_is_active",
        {f"{EAST}.state": "quarantined", f"{WEST}.state": "quarantined"},
        f"{EAST}.state",
        "quarantined",
        "Keep one active",
    ),
    Case(
        "local_clusters_are_in_local_networks",
        {"networks.boston.type": "external"},
        f"{WEST}.network",
        "boston",
        "networks of type local",
    ),
    Case(
        "local_clusters_are_in_local_networks",
        {"networks.kind-one.type": "local"},
        "clusters.one.network",
        "kind-one",
        "networks of type local",
        "dev",
    ),
    Case(
        "local_clusters_are_among_themselves",
        {WEST: {"type": "kubeconfig", "network": "boston"}},
        f"{WEST}.type",
        "kubeconfig",
        "a stack of their own",
    ),
    Case(
        "local_kubernetes_is_one_that_is_built",
        {f"{EAST}.kubernetesVersion": "1.30.0"},
        f"{EAST}.kubernetesVersion",
        "1.30.0",
        "1.35.4",
    ),
    Case(
        "a_kubeconfig_has_one_source",
        {"clusters.one.path": "~/.kube/one", "clusters.one.secret": "one"},
        "clusters.one",
        "path: ~/.kube/one, secret: one",
        "Keep one",
        "dev",
    ),
    Case(
        "kubeconfig_secrets_have_names_of_their_own",
        {"clusters.one.secret": "mesh"},
        "clusters.one.secret",
        "mesh",
        "hybrid-mesh:one-kubeconfig",
        "dev",
    ),
    Case(
        "kubeconfig_clusters_are_named_once",
        {"clusters.two.context": "kind-one"},
        "clusters.two.context",
        "kind-one",
        "its own context",
        "dev",
    ),
    Case(
        "peer_endpoints_can_be_reached",
        {"clusters.one.peerEndpoint": "172.18.0.2:6443"},
        "clusters.one.peerEndpoint",
        "172.18.0.2:6443",
        "https://",
        "dev",
    ),
    Case(
        "peer_endpoints_can_be_reached",
        {"clusters.one.peerEndpoint": "https://127.0.0.1:38211"},
        "clusters.one.peerEndpoint",
        "https://127.0.0.1:38211",
        "the other clusters reach",
        "dev",
    ),
]

ISTIO = [
    Case("the_istio_release_is_supported", {"istio.version": "1.30.3"}, "istio.version", "1.30.3", "1.31.x"),
    Case(
        "the_istio_release_is_supported", {"istio.version": "v1.31.0"}, "istio.version", "v1.31.0", "1.31.0"
    ),
    Case("tetrate_names_its_sources", {"istio.distribution": "tetrate"}, "istio.hub", "", "Tetrate's"),
    Case(
        "the_hub_is_a_registry",
        {"istio.hub": "https://docker.io/"},
        "istio.hub",
        "https://docker.io/",
        "scheme",
    ),
    Case(
        "charts_come_from_their_kind_of_place",
        {"istio.charts": {"type": "repository", "url": "oci://ghcr.io/istio"}},
        "istio.charts.url",
        "oci://ghcr.io/istio",
        "type: oci",
    ),
    Case(
        "charts_come_from_their_kind_of_place",
        {"istio.charts": {"type": "oci", "url": "https://ghcr.io/istio"}},
        "istio.charts.url",
        "https://ghcr.io/istio",
        "oci://",
    ),
    Case(
        "charts_come_from_their_kind_of_place",
        {"istio.charts": {"type": "folder", "path": ""}},
        "istio.charts.path",
        "",
        "base, istiod and gateway",
    ),
    Case("packages_come_from_a_web_server", {"istio.packages": "/srv"}, "istio.packages", "/srv", "https://"),
    Case(
        "plain_envoys_are_local", {"istio.proxy": "envoy"}, "istio.proxy", "envoy", "Leave `proxy` out", "dev"
    ),
    Case(
        "further_values_leave_the_plans_alone",
        {"istio.values": {"meshConfig": {"trustDomain": "other"}}},
        "istio.values.meshConfig.trustDomain",
        "other",
        "Leave it out",
    ),
    Case(
        "the_trust_domain_is_one",
        {"trustDomain": "spiffe://Mesh.example.com/"},
        "trustDomain",
        "spiffe://Mesh.example.com/",
        "for example mesh.example.com",
    ),
    Case("the_trust_domain_is_one", {"trustDomain": ""}, "trustDomain", "", "domain name"),
    Case(
        "intermediates_end_before_the_root",
        {"trust": {"issuer": "self-signed", "rootValidityDays": 90}},
        "trust.intermediateValidityDays",
        "730",
        "rootValidityDays",
    ),
    Case(
        "certificate_and_key_are_two_keys",
        {"trust": {"issuer": "files", "key": "root", "certificate": "root"}},
        "trust.key",
        "root",
        "a configuration key each",
    ),
    Case(
        "certificate_and_key_are_two_keys",
        {"trust": {"issuer": "files", "key": "mesh"}},
        "trust.key",
        "mesh",
        "root-key",
    ),
]

GROUPS = [
    Case(
        "local_machines_are_in_local_networks",
        {"networks.attic": {"type": "external", "cidr": "10.40.0.0/16", "reachable": "direct"}}
        | {f"{LEGACY}.network": "attic"},
        f"{LEGACY}.network",
        "attic",
        "machines: {type: bundle}",
    ),
    Case(
        "local_machines_register_with_local_clusters",
        {f"{RATINGS}.machines": {"type": "local"}},
        f"{RATINGS}.cluster",
        "one",
        "machines: {type: bundle}",
        "dev",
    ),
    Case(
        "a_probe_has_one_check",
        {f"{LEGACY}.probe.exec": {"command": ["true"]}},
        f"{LEGACY}.probe",
        "httpGet, exec",
        "Keep one",
    ),
    Case("a_probe_has_one_check", {f"{LEGACY}.probe": {}}, f"{LEGACY}.probe", "", "Keep one"),
    Case(
        "a_probe_asks_a_port_of_the_group",
        {f"{LEGACY}.probe.httpGet.port": 9090},
        f"{LEGACY}.probe.httpGet.port",
        "9090",
        "Its ports are: 9080",
    ),
    Case(
        "ports_of_a_group_are_its_own",
        {f"{LEGACY}.ports.web": 9080},
        f"{LEGACY}.ports.web",
        "9080",
        "one name for each port",
    ),
    Case(
        "ports_of_a_group_are_its_own",
        {f"{LEGACY}.ports.admin": 15000},
        f"{LEGACY}.ports.admin",
        "15000",
        "another one",
    ),
    Case(
        "ports_of_a_group_are_its_own",
        {f"{LEGACY}.ports.ssh": 22},
        f"{LEGACY}.ports.ssh",
        "22",
        "another port",
    ),
    Case(
        "labels_are_labels",
        {f"{LEGACY}.labels": {"hybrid-mesh/group": "x"}},
        f"{LEGACY}.labels.hybrid-mesh/group",
        "x",
        "Leave it out",
    ),
    Case("labels_are_labels", {f"{LEGACY}.labels": {"-a": "x"}}, f"{LEGACY}.labels.-a", "-a", "63 at most"),
    Case("labels_are_labels", {f"{LEGACY}.labels": {"a": "x y"}}, f"{LEGACY}.labels.a", "x y", "63 at most"),
    Case(
        "a_host_is_a_name_of_the_users_own",
        {f"{LEGACY}.host": "old"},
        f"{LEGACY}.host",
        "old",
        "ratings.example.com",
    ),
    Case(
        "a_host_is_a_name_of_the_users_own",
        {f"{LEGACY}.host": "old.demo.svc.cluster.local"},
        f"{LEGACY}.host",
        "old.demo.svc.cluster.local",
        "Leave `host` out",
    ),
    Case(
        "hosts_belong_to_one_group",
        {f"{LEGACY}.host": "old.example.com", "workloadGroups.zoo": {**GROUP, "host": "old.example.com"}},
        "workloadGroups.zoo.host",
        "old.example.com",
        "a host of its own",
    ),
    Case(
        "service_accounts_belong_to_one_group",
        {"workloadGroups.zoo": {**GROUP, "namespace": "demo", "serviceAccount": "legacy"}},
        "workloadGroups.zoo.serviceAccount",
        "legacy",
        "a service account of its own",
    ),
    Case(
        "service_accounts_belong_to_one_group",
        {f"{LEGACY}.serviceAccount": "echo"},
        f"{LEGACY}.serviceAccount",
        "echo",
        "a service account of its own",
    ),
]

APPLICATIONS = [
    Case("a_file_is_given_or_fetched", _files({"path": "/etc/x"}), FILE, "/etc/x", "Keep one"),
    Case(
        "a_file_is_given_or_fetched",
        _files({"path": "/etc/x", "content": "", "url": "https://host/x"}),
        FILE,
        "/etc/x",
        "Keep one",
    ),
    Case(
        "files_are_fetched_from_a_web_server",
        _files({"path": "/etc/x", "url": "ftp://host/x"}),
        f"{FILE}.url",
        "ftp://host/x",
        "https://",
    ),
    Case(
        "a_file_is_one_file", _files({"path": "/etc/../x", "content": ""}), f"{FILE}.path", "/etc/../x", ".."
    ),
    Case(
        "a_file_is_one_file",
        _files({"path": "/etc/x", "content": "a"}, {"path": "/etc/x", "content": "b"}),
        f"{LEGACY}.application.files.1.path",
        "/etc/x",
        "Keep one",
    ),
    Case(
        "files_leave_the_agents_alone",
        _files({"path": "/etc/istio/config/mesh", "content": ""}),
        f"{FILE}.path",
        "/etc/istio/config/mesh",
        "another place",
    ),
    Case(
        "units_have_names_of_their_own",
        {f"{LEGACY}.application.units": [{"name": "istio.service", "content": ""}]},
        f"{LEGACY}.application.units.0.name",
        "istio.service",
        "after your application",
    ),
    Case(
        "units_have_names_of_their_own",
        {f"{LEGACY}.application.units": [{"name": "a.service", "content": ""}] * 2},
        f"{LEGACY}.application.units.1.name",
        "a.service",
        "its own name",
    ),
]

NAMES = [
    Case(
        "derived_names_are_short_enough",
        {f"workloadGroups.{LONG}": BUNDLE},
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

INGRESS = [
    Case(
        "https_listeners_have_a_certificate",
        {f"{PUBLIC}.listeners.0.protocol": "HTTPS"},
        f"{PUBLIC}.listeners.0.certificateSecret",
        "",
        "namespace istio-ingress",
    ),
    Case(
        "https_listeners_have_a_certificate",
        {f"{PUBLIC}.listeners.0.certificateSecret": "tls"},
        f"{PUBLIC}.listeners.0.certificateSecret",
        "tls",
        "protocol: HTTPS",
    ),
    Case(
        "listeners_are_told_apart",
        {f"{PUBLIC}.listeners": [{"name": "http", "port": 80}, {"name": "http", "port": 81}]},
        f"{PUBLIC}.listeners.1.name",
        "http",
        "Give each its own",
    ),
    Case(
        "listeners_are_told_apart",
        {f"{PUBLIC}.listeners": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]},
        f"{PUBLIC}.listeners.1.port",
        "80",
        "another port",
    ),
    Case(
        "listeners_are_told_apart",
        {
            f"{PUBLIC}.listeners": [
                {"name": "a", "port": 80},
                {
                    "name": "b",
                    "port": 80,
                    "hostname": "x.example.com",
                    "protocol": "HTTPS",
                    "certificateSecret": "tls",
                },
            ]
        },
        f"{PUBLIC}.listeners.1.protocol",
        "HTTPS",
        "another port",
    ),
    Case(
        "listeners_leave_the_proxys_ports_alone",
        {f"{PUBLIC}.listeners.0.port": 15021},
        f"{PUBLIC}.listeners.0.port",
        "15021",
        "8080",
    ),
    Case(
        "host_names_of_an_ingress_are_names",
        {f"{PUBLIC}.routes.0.hostnames": ["https://shop.example.com"]},
        f"{PUBLIC}.routes.0.hostnames.0",
        "https://shop.example.com",
        "without scheme",
    ),
    Case(
        "host_names_of_an_ingress_are_names",
        {f"{PUBLIC}.listeners.0.hostname": "Shop.example.com"},
        f"{PUBLIC}.listeners.0.hostname",
        "Shop.example.com",
        "lower case",
    ),
    Case(
        "routes_meet_a_listener",
        {
            f"{PUBLIC}.listeners.0.hostname": "*.example.com",
            f"{PUBLIC}.routes.0.hostnames": ["shop.example.org"],
        },
        f"{PUBLIC}.routes.0.hostnames.0",
        "shop.example.org",
        "*.example.com",
    ),
    Case("weights_sum_to_100", {f"{BACKENDS}.0.weight": 60}, f"{BACKENDS}", "60 + 50", "in percent"),
    Case(
        "weights_sum_to_100",
        {BACKENDS: [{"group": "legacy", "port": 9080, "weight": 0}]},
        f"{BACKENDS}.0.weight",
        "0",
        "Leave the weight out",
    ),
    Case(
        "routes_are_told_apart",
        {f"{PUBLIC}.routes.1": {"name": "again", "backends": [{"group": "legacy", "port": 9080}]}},
        f"{PUBLIC}.routes.1.pathPrefix",
        "/",
        "with weights",
    ),
    Case(
        "routes_are_told_apart",
        {BACKENDS: [{"group": "legacy", "port": 9080, "weight": 50}] * 2},
        f"{BACKENDS}.1",
        "group legacy",
        "the sum of the weights",
    ),
    Case("backends_have_their_ports", {f"{BACKENDS}.1.port": 80}, f"{BACKENDS}.1.port", "80", "It has: 9080"),
    Case("backends_have_their_ports", {f"{BACKENDS}.0.port": 80}, f"{BACKENDS}.0.port", "80", "It has: 8080"),
]

DEMO = [
    Case("demo_machines_can_fetch_the_demo", {"demo.binaries": DELETED}, "demo.binaries", "", "echo-server"),
    Case("demo_machines_can_fetch_the_demo", {"demo.binaries": "/srv"}, "demo.binaries", "/srv", "https://"),
    Case(
        "the_demo_has_a_port_to_itself",
        {"demo.port": 80, f"{BACKENDS}.0.port": 80},
        "demo.port",
        "80",
        "8080",
    ),
    Case(
        "the_demos_files_are_its_own",
        _files({"path": "/usr/local/bin/echo-server", "content": ""}),
        f"{FILE}.path",
        "/usr/local/bin/echo-server",
        "another place",
    ),
]

USER_DATA = [
    Case(
        "user_data_fits",
        _files({"path": "/etc/x", "content": "".join(sha256(bytes([n])).hexdigest() for n in range(256))}),
        f"{LEGACY}.application",
        "16384 characters",
        "by `url`",
    ),
]

CASES = [
    *USER_DATA,
    *ADDRESSES,
    *REFERENCES,
    *GATEWAYS,
    *CLUSTERS,
    *ISTIO,
    *GROUPS,
    *APPLICATIONS,
    *NAMES,
    *INGRESS,
    *DEMO,
]
