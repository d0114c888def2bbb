"""Meshes that break the rules of `model.checks.group_ports`, `group_probes` and `group_services`."""

from tests.model.rule_cases.case import GROUP, LEGACY, PUBLIC, Case

ZOO = "workloadGroups.zoo"
STATIC = {**GROUP, "ports": {"tcp-db": 5432}, "machines": {"type": "static", "addresses": ["10.10.0.77"]}}


def _ports(**ports: object) -> dict[str, object]:
    return {ZOO: {**GROUP, "ports": ports}}


def _static(**changes: object) -> dict[str, object]:
    return {ZOO: {**STATIC, **changes}}


def _service(**service: object) -> dict[str, object]:
    return {ZOO: {**GROUP, "labels": {"app": "zoo"}, "service": service}}


GROUP_SERVICES = [
    Case(
        "group_ports_are_unique",
        _ports(a={"port": 80, "targetPort": 8080}, b={"port": 81, "targetPort": 8080}),
        "one name for each port",
        path=f"{ZOO}.ports.b.targetPort",
        value="8080",
    ),
    Case(
        "group_ports_are_unique",
        _ports(a={"port": 80, "targetPort": 8080}, b={"port": 80, "targetPort": 8081}),
        "one name for each port",
        path=f"{ZOO}.ports.b.port",
        value="80",
    ),
    Case(
        "group_ports_are_unique",
        _ports(a={"port": 80, "targetPort": 15006}),
        "another one",
        path=f"{ZOO}.ports.a.targetPort",
        value="15006",
    ),
    Case(
        "ports_are_tcp",
        _ports(syslog={"port": 514, "protocol": "UDP"}),
        "outside the mesh",
        path=f"{ZOO}.ports.syslog.protocol",
        value="udp",
    ),
    Case(
        "ports_are_tcp",
        _ports(web={"port": 80, "protocol": "htp"}),
        "Did you mean `http`",
        path=f"{ZOO}.ports.web.protocol",
        value="htp",
    ),
    Case("ports_are_tcp", _ports(sctp=2905), "outside the mesh", path=f"{ZOO}.ports.sctp", value="sctp"),
    Case(
        "excluded_ports_are_outside_the_mesh",
        {f"{LEGACY}.excludeInboundPorts": [9080]},
        "Remove it",
        path=f"{LEGACY}.excludeInboundPorts.0",
        value="9080",
    ),
    Case(
        "excluded_ports_are_outside_the_mesh",
        {f"{LEGACY}.excludeOutboundPorts": [111, 2049, 111]},
        "once",
        path=f"{LEGACY}.excludeOutboundPorts.2",
        value="111",
    ),
    Case(
        "probe_ports_belong_to_the_group",
        {f"{LEGACY}.probe": {"grpc": {"port": 9090}}},
        "Its ports are: 9080.",
        path=f"{LEGACY}.probe.grpc.port",
        value="9090",
    ),
    Case(
        "a_probe_has_one_check",
        {f"{LEGACY}.probe.grpc": {"port": 9080}},
        "Keep one",
        path=f"{LEGACY}.probe",
        value="httpGet, grpc",
    ),
    Case(
        "probe_headers_are_unique",
        {
            f"{LEGACY}.probe.httpGet.httpHeaders": [
                {"name": "Host", "value": "a"},
                {"name": "host", "value": "b"},
            ]
        },
        "one entry",
        path=f"{LEGACY}.probe.httpGet.httpHeaders.1.name",
        value="host",
    ),
    Case(
        "group_hosts_are_custom_names",
        {f"{LEGACY}.host": "a.example.com", f"{LEGACY}.hosts": ["b.example.com"]},
        "into `hosts`",
        path=f"{LEGACY}.hosts",
        value="",
    ),
    Case(
        "group_hosts_are_custom_names",
        {f"{LEGACY}.hosts": ["a.example.com", "b"]},
        "ratings.example.com",
        path=f"{LEGACY}.hosts.1",
        value="b",
    ),
    Case(
        "hosts_belong_to_one_group",
        {f"{LEGACY}.hosts": ["a.example.com", "a.example.com"]},
        "a host of its own",
        path=f"{LEGACY}.hosts.1",
        value="a.example.com",
    ),
    Case(
        "services_fit_the_group",
        {ZOO: {**GROUP, "ports": {}, "service": {"headless": True}}},
        "set `ports`",
        path=f"{ZOO}.service",
        value="",
    ),
    Case(
        "services_fit_the_group",
        {ZOO: {**GROUP, "host": "zoo.example.com", "service": {"headless": True}}},
        "custom hosts",
        path=f"{ZOO}.service",
        value="",
    ),
    Case("services_fit_the_group", _service(name="1zoo"), "x1zoo", path=f"{ZOO}.service.name", value="1zoo"),
    Case(
        "services_fit_the_group",
        _service(ownership="existing", headless=True),
        "ownership: own",
        path=f"{ZOO}.service.headless",
        value="true",
    ),
    Case(
        "selectors_match_the_group",
        _service(selector={"app": "bear"}),
        "Add `app: bear`",
        path=f"{ZOO}.service.selector.app",
        value="bear",
    ),
    Case(
        "selectors_match_the_group",
        _service(selector={}),
        "leave it out",
        path=f"{ZOO}.service.selector",
        value="{}",
    ),
    Case(
        "selectors_match_the_group",
        _service(selector={"-": "x"}),
        "app: billing",
        path=f"{ZOO}.service.selector.-",
        value="x",
    ),
    Case(
        "services_belong_to_one_group",
        {ZOO: {**GROUP, "namespace": "demo", "service": {"name": "legacy"}}},
        "ownership: existing",
        path=f"{ZOO}.service.name",
        value="legacy",
    ),
    Case(
        "servers_without_an_agent_have_no_settings_of_one",
        _static(probe={"tcpSocket": {"port": 5432}}),
        "Leave it out",
        path=f"{ZOO}.probe",
        value="",
    ),
    Case(
        "servers_without_an_agent_have_no_settings_of_one",
        _static(ports={}),
        "List the ports",
        path=f"{ZOO}.ports",
        value="",
    ),
    Case(
        "addresses_of_servers_are_in_their_network",
        _static(machines={"type": "static", "addresses": ["10.99.0.1"]}),
        "contains the address",
        path=f"{ZOO}.machines.addresses.0",
        value="10.99.0.1",
    ),
    Case(
        "addresses_of_servers_are_in_their_network",
        _static(machines={"type": "static", "addresses": ["db.example.com"]}),
        "without a port",
        path=f"{ZOO}.machines.addresses.0",
        value="db.example.com",
    ),
    Case(
        "addresses_of_servers_are_in_their_network",
        {ZOO: STATIC, "workloadGroups.zebra": STATIC},
        "in one group",
        path=f"{ZOO}.machines.addresses.0",
        value="10.10.0.77",
    ),
    Case(
        "the_demo_runs_on_vms",
        {**_static(namespace="demo"), "demo.group": "zoo"},
        "Leave `group` out",
        path="demo.group",
        value="zoo",
    ),
    Case(
        "backend_ports_exist",
        {f"{PUBLIC}.routes.0.backends": [{"group": "zoo", "port": 8080}]}
        | _ports(http={"port": 80, "targetPort": 8080}),
        "80",
        path=f"{PUBLIC}.routes.0.backends.0.port",
        value="8080",
    ),
]
