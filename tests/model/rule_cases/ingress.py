"""Meshes that break the rules of `model.checks.ingress`."""

from tests.model.rule_cases.case import BACKENDS, PUBLIC, Case

ROUTE = {"name": "first", "backends": [{"group": "legacy", "port": 9080}]}

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
        "backends_are_told_apart",
        {BACKENDS: [{"group": "legacy", "port": 9080, "weight": 50}] * 2},
        f"{BACKENDS}.1",
        "group legacy",
        "the sum of the weights",
    ),
    Case(
        "routes_are_told_apart",
        {
            f"{PUBLIC}.routes": [
                {**ROUTE, "hostnames": ["a.example.com", "b.example.com"]},
                {**ROUTE, "name": "again", "hostnames": ["b.example.com"]},
            ]
        },
        f"{PUBLIC}.routes.1.pathPrefix",
        "/",
        "with weights",
    ),
    Case(
        "routes_are_told_apart",
        {
            f"{PUBLIC}.routes": [
                {**ROUTE, "pathPrefix": "/x"},
                {**ROUTE, "name": "again", "pathPrefix": "/x/"},
            ]
        },
        f"{PUBLIC}.routes.1.pathPrefix",
        "/x/",
        "with weights",
    ),
    Case(
        "vms_are_backends_of_istios_gateways",
        {f"{PUBLIC}.gatewayClass": "nginx"},
        f"{BACKENDS}.1.group",
        "legacy",
        "gatewayClass: istio",
    ),
    Case("backends_have_their_ports", {f"{BACKENDS}.1.port": 80}, f"{BACKENDS}.1.port", "80", "It has: 9080"),
    Case("backends_have_their_ports", {f"{BACKENDS}.0.port": 80}, f"{BACKENDS}.0.port", "80", "It has: 8080"),
]
