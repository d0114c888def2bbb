"""Meshes that break the rules of `model.checks.groups`."""

from tests.model.rule_cases.case import GROUP, LEGACY, RATINGS, Case

NETWORK_LABELS = "networks.amsterdam.labels"

GROUPS = [
    Case(
        "network_labels_are_valid",
        {NETWORK_LABELS: {"hybrid-mesh/group": "x"}},
        "Leave it out",
        f"{NETWORK_LABELS}.hybrid-mesh/group",
        "x",
    ),
    Case(
        "network_labels_are_valid",
        {NETWORK_LABELS: {"istio-locality": "a"}},
        "Leave it out",
        f"{NETWORK_LABELS}.istio-locality",
        "a",
    ),
    Case("network_labels_are_valid", {NETWORK_LABELS: {"a": "b c"}}, "letters", f"{NETWORK_LABELS}.a", "b c"),
    Case("ports_are_tcp", {f"{LEGACY}.ports.udp-syslog": 5514}, "outside the mesh", value="udp-syslog"),
    Case(
        "local_machines_are_in_local_networks",
        {"networks.attic": {"type": "external", "cidr": "10.40.0.0/16", "reachable": "direct"}}
        | {f"{LEGACY}.network": "attic"},
        "machines: {type: bundle}",
        path=f"{LEGACY}.network",
        value="attic",
    ),
    Case(
        "local_machines_register_with_local_clusters",
        {f"{RATINGS}.machines": {"type": "local"}},
        "machines: {type: bundle}",
        path=f"{RATINGS}.cluster",
        value="one",
        stack="dev",
        also=(f"{RATINGS}.network",),
    ),
    Case(
        "rollouts_fit_the_group",
        {f"{LEGACY}.machines.rollout": {"maxUnavailable": 3}},
        "from 1 to 2",
        path=f"{LEGACY}.machines.rollout.maxUnavailable",
        value="3",
    ),
    Case(
        "a_probe_has_one_check",
        {f"{LEGACY}.probe.exec": {"command": ["true"]}},
        "Keep one",
        path=f"{LEGACY}.probe",
        value="httpGet, exec",
    ),
    Case("a_probe_has_one_check", {f"{LEGACY}.probe": {}}, "Keep one", value=""),
    Case("probe_ports_belong_to_the_group", {f"{LEGACY}.probe.httpGet.port": 9090}, "Its ports are: 9080"),
    Case("group_ports_are_unique", {f"{LEGACY}.ports.web": 9080}, "one name for each port"),
    Case("group_ports_are_unique", {f"{LEGACY}.ports.admin": 15000}, "another one"),
    Case("group_ports_are_unique", {f"{LEGACY}.ports.status": 15029}, "another one"),
    Case("group_ports_are_unique", {f"{LEGACY}.ports.ssh": 22}, "another port"),
    Case(
        "group_labels_are_valid",
        {f"{LEGACY}.labels": {"hybrid-mesh/group": "x"}},
        "Leave it out",
        path=f"{LEGACY}.labels.hybrid-mesh/group",
        value="x",
    ),
    Case(
        "group_labels_are_valid",
        {f"{LEGACY}.labels": {"-a": "x"}},
        "63 at most",
        path=f"{LEGACY}.labels.-a",
        value="-a",
    ),
    Case(
        "group_labels_are_valid",
        {f"{LEGACY}.labels": {"a": "x y"}},
        "63 at most",
        path=f"{LEGACY}.labels.a",
        value="x y",
    ),
    Case("group_hosts_are_custom_names", {f"{LEGACY}.host": "old"}, "ratings.example.com"),
    Case(
        "group_hosts_are_custom_names",
        {f"{LEGACY}.host": "old.demo.svc.cluster.local"},
        "Leave it out",
    ),
    Case(
        "hosts_belong_to_one_group",
        {f"{LEGACY}.host": "old.example.com", "workloadGroups.zoo": {**GROUP, "host": "old.example.com"}},
        "a host of its own",
        path="workloadGroups.zoo.host",
    ),
    Case(
        "service_accounts_belong_to_one_group",
        {"workloadGroups.zoo": {**GROUP, "namespace": "demo", "serviceAccount": "legacy"}},
        "a service account of its own",
        path="workloadGroups.zoo.serviceAccount",
        value="legacy",
    ),
    Case(
        "service_accounts_belong_to_one_group",
        {f"{LEGACY}.serviceAccount": "echo"},
        "a service account of its own",
    ),
    Case(
        "service_accounts_belong_to_one_group",
        {"workloadGroups.echo": {**GROUP, "namespace": "demo", "host": "echo.example.com"}},
        "a service account of its own",
        path="workloadGroups.echo.serviceAccount",
        value="echo",
    ),
    Case("probe_ports_belong_to_the_group", {f"{LEGACY}.probe.httpGet.host": "not a host"}, "127.0.0.1"),
]
