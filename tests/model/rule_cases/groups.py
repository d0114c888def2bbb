"""Meshes that break the rules of `model.checks.groups`."""

from tests.model.rule_cases.case import GROUP, LEGACY, RATINGS, Case

GROUPS = [
    Case(
        "ports_are_tcp",
        {f"{LEGACY}.ports.udp-syslog": 5514},
        f"{LEGACY}.ports.udp-syslog",
        "udp-syslog",
        "outside the mesh",
    ),
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
