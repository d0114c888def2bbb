"""Meshes that break the rules of `model.checks.ingress`."""

from tests.model.rule_cases.case import BACKENDS, PUBLIC, Case

ROUTE = {"name": "first", "backends": [{"group": "legacy", "port": 9080}]}

INGRESS = [
    Case(
        "listeners_that_end_tls_have_a_certificate",
        {f"{PUBLIC}.listeners.0.protocol": "HTTPS"},
        "namespace istio-ingress",
        path=f"{PUBLIC}.listeners.0.certificateSecret",
        value="",
    ),
    Case(
        "listeners_that_end_tls_have_a_certificate",
        {f"{PUBLIC}.listeners.0.certificateSecret": "tls"},
        "protocol: HTTPS",
    ),
    Case(
        "listeners_are_unique",
        {f"{PUBLIC}.listeners": [{"name": "http", "port": 80}, {"name": "http", "port": 81}]},
        "Give each its own",
        path=f"{PUBLIC}.listeners.1.name",
        value="http",
    ),
    Case(
        "listeners_are_unique",
        {f"{PUBLIC}.listeners": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]},
        "another port",
        path=f"{PUBLIC}.listeners.1.port",
        value="80",
    ),
    Case(
        "listeners_are_unique",
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
        "another port",
        path=f"{PUBLIC}.listeners.1.protocol",
        value="HTTPS",
    ),
    Case("listeners_do_not_use_proxy_ports", {f"{PUBLIC}.listeners.0.port": 15021}, "8080"),
    Case(
        "ingress_host_names_are_valid",
        {f"{PUBLIC}.routes.0.hostnames": ["https://shop.example.com"]},
        "without scheme",
        path=f"{PUBLIC}.routes.0.hostnames.0",
        value="https://shop.example.com",
    ),
    Case(
        "ingress_host_names_are_valid",
        {f"{PUBLIC}.listeners.0.hostname": "Shop.example.com"},
        "lower case",
    ),
    Case(
        "routes_match_a_listener",
        {
            f"{PUBLIC}.listeners.0.hostname": "*.example.com",
            f"{PUBLIC}.routes.0.hostnames": ["shop.example.org"],
        },
        "*.example.com",
        path=f"{PUBLIC}.routes.0.hostnames.0",
        value="shop.example.org",
    ),
    Case(
        "weights_sum_to_100", {f"{BACKENDS}.0.weight": 60}, "in percent", path=f"{BACKENDS}", value="60 + 50"
    ),
    Case(
        "weights_sum_to_100",
        {BACKENDS: [{"group": "legacy", "port": 9080, "weight": 0}]},
        "Leave the weight out",
        path=f"{BACKENDS}.0.weight",
        value="0",
    ),
    Case(
        "routes_are_unique",
        {f"{PUBLIC}.routes.1": {"name": "again", "backends": [{"group": "legacy", "port": 9080}]}},
        "with weights",
        path=f"{PUBLIC}.routes.1.pathPrefix",
        value="/",
    ),
    Case(
        "backends_are_unique",
        {BACKENDS: [{"group": "legacy", "port": 9080, "weight": 50}] * 2},
        "the sum of the weights",
        path=f"{BACKENDS}.1",
        value="group legacy",
    ),
    Case(
        "routes_are_unique",
        {
            f"{PUBLIC}.routes": [
                {**ROUTE, "hostnames": ["a.example.com", "b.example.com"]},
                {**ROUTE, "name": "again", "hostnames": ["b.example.com"]},
            ]
        },
        "with weights",
        path=f"{PUBLIC}.routes.1.pathPrefix",
        value="/",
    ),
    Case(
        "routes_are_unique",
        {
            f"{PUBLIC}.routes": [
                {**ROUTE, "pathPrefix": "/x"},
                {**ROUTE, "name": "again", "pathPrefix": "/x/"},
            ]
        },
        "with weights",
        path=f"{PUBLIC}.routes.1.pathPrefix",
        value="/x/",
    ),
    Case(
        "vms_are_backends_of_istios_gateways",
        {f"{PUBLIC}.gatewayClass": "nginx"},
        "gatewayClass: istio",
        path=f"{BACKENDS}.1.group",
        value="legacy",
    ),
    Case("backend_ports_exist", {f"{BACKENDS}.1.port": 80}, "It has: 9080"),
    Case("backend_ports_exist", {f"{BACKENDS}.0.port": 80}, "It has: 8080"),
]
