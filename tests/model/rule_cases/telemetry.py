"""Meshes that break the rules of `model.checks.telemetry`, `telemetry_values` and `kiali`."""

from typing import Any

from tests.model.meshes import DELETED
from tests.model.rule_cases.case import EAST, LEGACY, Case

SERVICE = "otel-collector.observability.svc.cluster.local"
OTLP = "telemetry.traces.otlp"
LOGS = "telemetry.accessLogs"
TAGS = "telemetry.traces.tags"
VALUES = "istio.values.meshConfig"
FIELDS = f"{LOGS}.fields"
_EXISTING = {
    "clusters.one.istio.ownership": "existing",
    "clusters.one.certificates": "existing",
    "trust": {"issuer": "files"},
}


def _form(value: str, remedy: str) -> Case:
    return Case("collectors_are_hosts_with_ports", {OTLP: value}, remedy)


def _both(logs: str, traces: str, **of_traces: Any) -> dict[str, Any]:
    return {"telemetry": {"accessLogs": {"otlp": logs}, "traces": {"otlp": traces, **of_traces}}}


def _tag(name: str, tag: dict[str, str]) -> dict[str, Any]:
    return {"telemetry.traces": {"otlp": f"{SERVICE}:4317", "tags": {name: tag}}}


def _values(path: str, value: Any, **telemetry: Any) -> dict[str, Any]:
    return {path: value, "telemetry": telemetry}


TELEMETRY = [
    Case("telemetry_reports_something", {"telemetry": {}}, "Set accessLogs", value=""),
    Case("telemetry_reports_something", {"telemetry": {"clusters": ["east"]}}, "traces or metrics", value=""),
    Case(
        "telemetry_names_known_clusters",
        {"telemetry": {"clusters": ["eastt"], "accessLogs": {"stdout": "json"}}},
        "`east`",
        path="telemetry.clusters.0",
        value="eastt",
    ),
    Case(
        "telemetry_lists_each_cluster_once",
        {"telemetry": {"clusters": ["east", "east"], "accessLogs": {"stdout": "json"}}},
        "once",
        path="telemetry.clusters.1",
        value="east",
    ),
    Case(
        "telemetry_needs_our_istio",
        {"telemetry": {"clusters": ["one"], "accessLogs": {"stdout": "json"}}, **_EXISTING},
        "[two]",
        path="telemetry.clusters.0",
        value="one",
        stack="dev",
    ),
    Case(
        "telemetry_needs_our_istio",
        {"telemetry": {"accessLogs": {"stdout": "json"}}, **_EXISTING},
        "[two]",
        value="",
        stack="dev",
    ),
    _form(f"http://{SERVICE}:4317", f"Write {SERVICE}:4317."),
    _form(f"ftp://{SERVICE}:4317", f"Write {SERVICE}:4317"),
    _form("[2001:db8::1]:4317", "Write it like"),
    _form("2001:db8::1:4317", "Write it like"),
    _form(f"{SERVICE}:4318/v1/traces", "httpPath"),
    _form(SERVICE, "4317 for gRPC"),
    _form("", "4317 for gRPC"),
    _form(f"{SERVICE}:0", "Write it like"),
    _form(f"{SERVICE}:65536", "Write it like"),
    _form(f"{SERVICE}:otlp", "Write it like"),
    _form("127.0.0.1:4317", "collector's address"),
    _form("0.0.0.0:4317", "collector's address"),
    _form("169.254.169.254:4317", "collector's address"),
    _form("localhost:4317", "Write it like"),
    _form("otel_collector.example.com:4317", "Write it like"),
    _form(":4317", "Write it like"),
    _form("otel-collector:4317", "Write it like"),
    _form("otel-collector.svc:4317", "<name>.<namespace>.svc"),
    _form("otel-collector.observability.cluster.local:4317", "<name>.<namespace>.svc"),
    _form("a.otel-collector.observability.svc.cluster.local:4317", "<name>.<namespace>.svc"),
    _form("otel-collector.demo:4317", "Write otel-collector.demo.svc.cluster.local:4317."),
    Case(
        "collectors_are_hosts_with_ports",
        {f"{LOGS}.otlp": f"{SERVICE}:4318/v1/logs"},
        "Write it like otel-collector.observability.svc.cluster.local:4317.",
    ),
    Case("collectors_outside_alone_have_tls", {OTLP: f"https://{SERVICE}:4317"}, f"Write {SERVICE}:4317."),
    Case("collectors_outside_alone_have_tls", {OTLP: "https://198.51.100.7:4317"}, "host name"),
    Case(
        "collectors_outside_alone_have_tls",
        {
            OTLP: "https://otlp.example.com:4317",
            f"{LEGACY}.hosts": ["otlp.example.com"],
            f"{LEGACY}.ports.grpc-otlp": 4317,
        },
        "Write otlp.example.com:4317.",
    ),
    Case(
        "collectors_speak_one_protocol_on_a_port",
        _both(f"{SERVICE}:4317", f"{SERVICE}:4317", httpPath="/v1/traces"),
        "4318",
        path=OTLP,
        value=f"{SERVICE}:4317",
    ),
    Case(
        "collectors_speak_one_protocol_on_a_port",
        _both("otlp.example.com:4317", "https://otlp.example.com:4317"),
        "the same",
        path=OTLP,
        value="https://otlp.example.com:4317",
    ),
    Case("collectors_on_vms_have_the_port", {OTLP: "legacy.demo.svc:4317"}, "grpc-otlp: 4317"),
    Case("collectors_on_vms_have_the_port", {OTLP: "legacy.demo.svc.cluster.local:9080"}, "grpc-otlp: 9080"),
    Case(
        "collectors_are_read_by_istiod",
        {
            OTLP: f"{SERVICE}:4317",
            f"{VALUES}.discoverySelectors": [{"matchLabels": {"mesh": "yes"}}],
        },
        "{observability: {}}",
    ),
    Case("access_logs_go_somewhere", {LOGS: {}}, "`stdout: json`", value=""),
    Case(
        "log_fields_have_a_place",
        {LOGS: {"stdout": "text", "fields": {"tenant": "%REQ(x-tenant)%"}}},
        "`stdout: json`",
        path=FIELDS,
        value="tenant",
    ),
    *(
        Case(
            "reports_have_no_credentials",
            {LOGS: {"stdout": "json", "fields": {"who": text}}},
            "Leave it out",
            path=f"{FIELDS}.who",
            value=text,
        )
        for text in ("%REQ(Authorization)%", "user %REQ(x-user?cookie):10%", "%RESP(SET-COOKIE)%")
    ),
    Case(
        "reports_have_no_credentials",
        _tag("who", {"header": "Cookie"}),
        "Leave it out",
        path=f"{TAGS}.who.header",
        value="Cookie",
    ),
    Case(
        "reports_have_no_credentials",
        _tag("who", {"operator": "%REQ(authorization)%"}),
        "Leave it out",
        path=f"{TAGS}.who.operator",
        value="%REQ(authorization)%",
    ),
    *(
        Case(
            "operators_are_those_of_envoy",
            {LOGS: {"stdout": "json", "fields": {"what": text}}},
            remedy,
            path=f"{FIELDS}.what",
            value=text,
        )
        for text, remedy in {
            "%RESPONSE_COD%": "%RESPONSE_CODE%",
            "%NOTHING_OF_ENVOY_AT_ALL%": "command operators",
            "%REQ(x-tenant)": "%% for a percent sign",
            "100%": "%% for a percent sign",
            "%req(x-tenant)%": "%% for a percent sign",
        }.items()
    ),
    Case(
        "operators_are_those_of_envoy",
        _tag("sni", {"operator": "%REQUESTED_SERVERNAME%"}),
        "%REQUESTED_SERVER_NAME%",
        path=f"{TAGS}.sni.operator",
        value="%REQUESTED_SERVERNAME%",
    ),
    *(
        Case(
            "expressions_are_whole",
            {LOGS: {"stdout": "json", "filter": text}},
            "response.code >= 400",
            path=f"{LOGS}.filter",
            value=text,
        )
        for text in ("  ", "a) || (b", "request.path == '/x", "has(request.path", "x[0")
    ),
    Case(
        "expressions_are_whole",
        {"telemetry.metrics": {"tags": {"host": "string(request.host"}}},
        "response.code >= 400",
        path="telemetry.metrics.tags.host",
        value="string(request.host",
        stack="dev",
    ),
    Case("tags_have_one_value", _tag("who", {}), "Set one", path=f"{TAGS}.who", value=""),
    Case(
        "tags_have_one_value",
        _tag("who", {"header": "x-who", "literal": "me"}),
        "Set one",
        path=f"{TAGS}.who",
        value="literal, header",
    ),
    Case(
        "tags_have_one_value",
        _tag("who", {"literal": "me", "default": "none"}),
        "Leave it out",
        path=f"{TAGS}.who.default",
        value="none",
    ),
    *(
        Case("tags_are_yours", _tag(name, {"literal": "me"}), "another", path=f"{TAGS}.{name}", value=name)
        for name in ("istio.cluster_id", "node_id", "host.name")
    ),
    Case("metrics_need_istios_proxies", {"telemetry.metrics": {}}, "can be counted", value=""),
    Case(
        "metrics_that_are_off_have_no_settings",
        {"telemetry.metrics": {"enabled": False, "tags": {"host": "request.host"}}},
        "enable them",
        path="telemetry.metrics.tags",
        value="host",
        stack="dev",
    ),
    Case(
        "metrics_that_are_off_have_no_settings",
        {"telemetry.metrics": {"disabled": ["REQUEST_SIZE", "REQUEST_SIZE"]}},
        "once",
        path="telemetry.metrics.disabled.1",
        value="REQUEST_SIZE",
        stack="dev",
    ),
    Case(
        "values_are_not_those_of_telemetry",
        _values(f"{VALUES}.accessLogFile", "/dev/stdout", accessLogs={"stdout": "json"}),
        "Leave it out",
    ),
    Case(
        "values_are_not_those_of_telemetry",
        _values(
            f"{EAST}.istio.values.meshConfig.defaultConfig.tracing",
            {"sampling": 5},
            traces={"otlp": f"{SERVICE}:4317"},
        ),
        "Leave it out",
        value="{sampling: 5}",
    ),
    Case(
        "values_are_not_those_of_telemetry",
        {"istio.values.telemetry": {"enabled": False}, "telemetry": {"metrics": {}}},
        "Leave it out",
        value="{enabled: false}",
        stack="dev",
    ),
    Case(
        "your_providers_stay_beside_those_of_telemetry",
        _values(f"{VALUES}.extensionProviders", {"name": "mine"}, accessLogs={"stdout": "json"}),
        "a list",
        value="{name: mine}",
    ),
    Case(
        "your_providers_stay_beside_those_of_telemetry",
        _values(f"{VALUES}.extensionProviders", None, accessLogs={"stdout": "json"}),
        "a list",
        value="null",
    ),
    Case(
        "your_providers_stay_beside_those_of_telemetry",
        _values(
            f"{VALUES}.extensionProviders",
            [{"name": "Hybrid-Mesh-Traces", "zipkin": {"service": "zipkin.demo.svc", "port": 9411}}],
            traces={"otlp": f"{SERVICE}:4317"},
        ),
        "another name",
        path=f"{VALUES}.extensionProviders.0.name",
        value="Hybrid-Mesh-Traces",
    ),
    Case(
        "your_providers_stay_beside_those_of_telemetry",
        _values("istio.values.pilot.meshConfig.extensionProviders", [], accessLogs={"stdout": "json"}),
        "values.meshConfig",
        value="[]",
    ),
    Case("kiali_is_in_a_known_cluster", {"kiali": {"cluster": "eastt"}}, "`east`", "kiali.cluster", "eastt"),
    Case(
        "kiali_has_other_clusters",
        {"kiali": {"cluster": "one"}, "clusters.two": DELETED, "networks.kind-two": DELETED},
        "Leave `kiali` out",
        "kiali.cluster",
        "one",
        stack="dev",
    ),
    Case(
        "kiali_is_in_a_namespace_of_the_mesh",
        {"kiali": {"cluster": "east", "namespace": "kiali"}},
        "`namespaces`",
        "kiali.namespace",
        "kiali",
    ),
]
