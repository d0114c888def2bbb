"""Meshes that break the rules of `model.checks.routes` and `model.checks.ingress_gateways`."""

from typing import Any

from tests.model.rule_cases.case import PUBLIC, Case

BACKEND = {"group": "legacy", "port": 9080}
LISTENERS = [
    {"name": "http", "port": 80},
    {
        "name": "https",
        "port": 443,
        "protocol": "HTTPS",
        "hostname": "a.example.com",
        "certificateSecret": "tls",
    },
    {"name": "tls", "port": 8443, "protocol": "TLS", "hostname": "db.example.com"},
    {"name": "tcp", "port": 5432, "protocol": "TCP"},
]


def _route(**route: Any) -> dict[str, Any]:
    """The change to an ingress with a listener of each protocol and this route."""
    made = {"name": "one", "backends": [BACKEND], **route}
    return {f"{PUBLIC}.routes": [made], f"{PUBLIC}.listeners": LISTENERS}


def _listener(**listener: Any) -> dict[str, Any]:
    """The change to an ingress with one more listener."""
    return {f"{PUBLIC}.listeners": [LISTENERS[0], {"name": "more", "port": 444, **listener}]}


def _case(rule: str, changes: dict[str, Any], key: str, remedy: str, value: str = "", **more: Any) -> Case:
    return Case(rule, changes, remedy, path=f"{PUBLIC}.{key}", value=value, **more)


def _match(**match: Any) -> dict[str, Any]:
    return _route(matches=[match])


ROUTES = [
    _case(
        "routes_have_their_kinds_keys",
        _route(kind="TCP", pathPrefix="/x"),
        "routes.0.pathPrefix",
        "kind: TCP",
    ),
    _case(
        "routes_have_their_kinds_keys",
        _route(kind="GRPC", timeouts={"request": "1s"}),
        "routes.0.timeouts",
        "kind: GRPC",
    ),
    _case(
        "routes_have_their_kinds_keys",
        _route(kind="TLS", hostnames=["db.example.com"], matches=[{"method": "GET"}]),
        "routes.0.matches",
        "Leave it out",
    ),
    _case("routes_have_their_kinds_keys", _route(kind="TLS"), "routes.0.hostnames", "List the host names"),
    _case(
        "routes_have_their_kinds_keys",
        _route(kind="TCP", hostnames=["db.example.com"]),
        "routes.0.hostnames",
        "kind: TLS",
        "db.example.com",
    ),
    _case(
        "routes_are_for_fitting_listeners",
        _route(listeners=["htp"]),
        "routes.0.listeners.0",
        "Did you mean `http`",
        "htp",
    ),
    _case(
        "routes_are_for_fitting_listeners",
        _route(listeners=["tcp"]),
        "routes.0.listeners.0",
        "kind TCP",
        "tcp",
    ),
    _case(
        "routes_are_for_fitting_listeners",
        _route(listeners=["http", "http"]),
        "routes.0.listeners.1",
        "once",
        "http",
    ),
    _case(
        "routes_are_for_fitting_listeners",
        {f"{PUBLIC}.routes": [{"name": "db", "kind": "TCP", "backends": [BACKEND]}]},
        "routes.0.kind",
        "Add a listener",
        "TCP",
    ),
    _case("routes_lead_somewhere", _route(backends=[]), "routes.0.backends", "List them"),
    _case(
        "routes_lead_somewhere",
        _route(listeners=["http"], redirect={"scheme": "https"}),
        "routes.0.backends",
        "Leave this out",
    ),
    _case("routes_lead_somewhere", _route(backends=[], redirect={}), "routes.0.redirect", "Set what changes"),
    _case(
        "routes_lead_somewhere",
        _route(backends=[], redirect={"scheme": "https"}),
        "routes.0.redirect.scheme",
        "Name the other listeners",
        "https",
    ),
    _case(
        "one_path_is_replaced",
        _route(replacePath="/a", replacePrefix="/b"),
        "routes.0.replacePath",
        "Keep one",
        "/a",
    ),
    _case(
        "one_path_is_replaced",
        _route(replacePrefix="/b", matches=[{"path": {"exact": "/a"}}]),
        "routes.0.matches.0.path",
        "Use `prefix`",
    ),
    _case(
        "matches_are_complete",
        _route(pathPrefix="/a", matches=[{"path": {"prefix": "/b"}}]),
        "routes.0.pathPrefix",
        "Move it",
        "/a",
    ),
    _case("matches_are_complete", _match(), "routes.0.matches.0", "Add one"),
    _case(
        "matches_are_complete",
        _match(path={"prefix": "/a", "exact": "/b"}),
        "routes.0.matches.0.path",
        "Keep one",
        "exact, prefix",
    ),
    _case(
        "matches_are_complete",
        _match(headers=[{"name": "x"}]),
        "routes.0.matches.0.headers.0",
        "Keep one of exact, regularExpression",
    ),
    _case(
        "matches_are_complete",
        _match(path={"regularExpression": "("}),
        "routes.0.matches.0.path.regularExpression",
        "RE2",
        "(",
    ),
    _case(
        "matches_are_complete",
        _match(headers=[{"name": "X", "exact": "1"}, {"name": "x", "exact": "2"}]),
        "routes.0.matches.0.headers.1.name",
        "one entry",
        "x",
    ),
    _case("matches_are_complete", _match(method="get"), "routes.0.matches.0.method", "GET", "get"),
    _case("matches_are_complete", _match(service="a.B"), "routes.0.matches.0.service", "kind: GRPC", "a.B"),
    _case(
        "matches_are_complete",
        _route(kind="GRPC", matches=[{"path": {"prefix": "/"}}]),
        "routes.0.matches.0.path",
        "Leave it out",
    ),
    _case(
        "header_changes_do_not_conflict",
        _route(requestHeaders={"set": {"X-A": "1"}, "remove": ["x-a"]}),
        "routes.0.requestHeaders.remove",
        "Keep one",
        "x-a",
    ),
    _case(
        "time_limits_fit",
        _route(timeouts={"request": "1s", "backendRequest": "1m"}),
        "routes.0.timeouts.backendRequest",
        "Lower it",
        "1m",
    ),
    _case(
        "routes_are_unique",
        {
            f"{PUBLIC}.routes": [
                {"name": "a", "hostnames": ["a.example.com", "b.example.com"], "backends": [BACKEND]},
                {"name": "b", "hostnames": ["b.example.com"], "backends": [BACKEND]},
            ]
        },
        "routes.1.pathPrefix",
        "different paths",
        "/",
    ),
    _case(
        "routes_are_unique",
        {
            f"{PUBLIC}.routes": [
                {"name": "a", "pathPrefix": "/x", "backends": [BACKEND]},
                {"name": "b", "matches": [{"path": {"prefix": "/x/"}}], "backends": [BACKEND]},
            ]
        },
        "routes.1.matches.0",
        "different paths",
    ),
    _case(
        "routes_are_unique",
        {
            f"{PUBLIC}.listeners": [LISTENERS[0], LISTENERS[3]],
            f"{PUBLIC}.routes": [
                {"name": "a", "kind": "TCP", "backends": [BACKEND]},
                {"name": "b", "kind": "TCP", "backends": [BACKEND]},
            ],
        },
        "routes.1.kind",
        "different paths",
    ),
    _case(
        "routes_lead_to_known_groups",
        _route(mirror={"group": "legcy", "port": 9080}),
        "routes.0.mirror.group",
        "Did you mean `legacy`",
        "legcy",
    ),
    _case(
        "listeners_that_end_tls_have_a_certificate",
        _listener(mode="Passthrough"),
        "listeners.1.mode",
        "protocol: TLS",
        "Passthrough",
    ),
    _case(
        "listeners_that_end_tls_have_a_certificate",
        _listener(protocol="HTTPS", mode="Passthrough", certificate="shop"),
        "listeners.1.mode",
        "protocol: TLS",
        "Passthrough",
    ),
    _case(
        "listeners_that_end_tls_have_a_certificate",
        _listener(protocol="TLS", mode="Terminate"),
        "listeners.1.certificateSecret",
        "`certificate` or `issuer`",
    ),
    _case(
        "listeners_that_end_tls_have_a_certificate",
        _listener(protocol="HTTPS", certificate="shop", certificateSecret="tls"),
        "listeners.1.certificate",
        "Keep one",
        "shop",
    ),
    _case(
        "listeners_that_end_tls_have_a_certificate",
        _listener(protocol="HTTPS", issuer={"name": "letsencrypt"}),
        "listeners.1.hostname",
        "Set the host name",
    ),
    _case(
        "client_certificates_require_tls",
        _listener(clientCertificates="required"),
        "listeners.1.clientCertificates",
        "protocol: HTTPS",
        "required",
    ),
    _case(
        "tcp_listeners_have_no_host_name",
        _listener(protocol="TCP", hostname="a.example.com"),
        "listeners.1.hostname",
        "protocol: TLS",
        "a.example.com",
    ),
    _case(
        "load_balancer_settings_have_a_load_balancer",
        {f"{PUBLIC}.sourceRanges": ["10.0.0.0/8"], f"{PUBLIC}.serviceType": "NodePort"},
        "sourceRanges",
        "serviceType: LoadBalancer",
    ),
    _case(
        "load_balancer_settings_have_a_load_balancer",
        {f"{PUBLIC}.addresses": ["10.10.0.9"]},
        "addresses",
        "Leave it out",
        "10.10.0.9",
    ),
    _case(
        "load_balancer_settings_have_a_load_balancer",
        {f"{PUBLIC}.addresses": ["lb.example.com"], f"{PUBLIC}.serviceType": "LoadBalancer"},
        "addresses.0",
        "10.40.0.9",
        "lb.example.com",
        stack="dev",
    ),
    _case(
        "load_balancer_settings_have_a_load_balancer",
        {f"{PUBLIC}.addresses": ["10.0.0.9", "10.0.0.10"], f"{PUBLIC}.serviceType": "LoadBalancer"},
        "addresses.1",
        "Keep one",
        "10.0.0.10",
        stack="dev",
    ),
    _case(
        "infrastructure_is_not_the_programs",
        {f"{PUBLIC}.annotations": {"a b": "x"}},
        "annotations.a b",
        "metallb.io/address-pool",
        "a b",
    ),
    _case(
        "infrastructure_is_not_the_programs",
        {f"{PUBLIC}.labels": {"istio.io/rev": "canary"}},
        "labels.istio.io/rev",
        "Leave it out",
        "canary",
    ),
    _case(
        "infrastructure_is_not_the_programs",
        {f"{PUBLIC}.labels": {"a": "x y"}},
        "labels.a",
        "63 at most",
        "x y",
    ),
    _case(
        "parameters_keep_what_the_mesh_relies_on",
        {f"{PUBLIC}.parameters": {"service": {"spec": {"ports": []}}}},
        "parameters.service.spec.ports",
        "Leave it out",
        "[]",
    ),
    _case(
        "parameters_keep_what_the_mesh_relies_on",
        {f"{PUBLIC}.parameters": {"service": {"spec": {"selector": None}}}},
        "parameters.service.spec.selector",
        "Leave it out",
        "null",
    ),
    _case(
        "a_flat_key_has_one_purpose",
        {
            **_listener(protocol="HTTPS", certificate="root"),
            "trust": {"issuer": "files", "certificate": "root-certificate", "key": "other"},
        },
        "listeners.1.certificate",
        "of its own",
        "root-certificate",
    ),
]
