"""Rules on what proxies report: access logs, traces and metrics."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from hybrid_mesh.model.checks.formats import is_host_name
from hybrid_mesh.model.checks.registry import rule
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.telemetry import TagConfig
from hybrid_mesh.model.derive.collectors import TRACES, Collector, collectors
from hybrid_mesh.model.derive.object_names import service_name
from hybrid_mesh.model.istio_facts import CLUSTER_DOMAIN, service_host
from hybrid_mesh.model.reading.problems import Problem, Problems

_LIKE = "Write it like otel-collector.observability.svc.cluster.local:4317."

SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "set-cookie", "x-forwarded-client-cert"}
)
"""Headers with credentials, which spans and log entries would show to everyone who reads them."""

_REQUEST_HEADER = re.compile(r"%(?:REQ|RESP|TRAILER)[A-Z_]*\(([^)]*)\)", re.IGNORECASE)

_SET_BY_PROXIES = frozenset(
    {
        "component",
        "downstream_cluster",
        "error",
        "guid:x-request-id",
        "host.name",
        "http.method",
        "http.protocol",
        "http.status_code",
        "http.url",
        "node_id",
        "peer.address",
        "request_size",
        "response_flags",
        "response_size",
        "upstream_address",
        "upstream_cluster",
        "upstream_cluster.name",
        "user_agent",
        "zone",
    }
)
"""Tags that Envoy sets in every span (source/common/tracing/common_values.h), and `host.name`."""


@rule
def telemetry_reports_something(mesh: MeshConfig) -> Problems:
    """`telemetry` requires at least one of `accessLogs`, `traces` and `metrics`."""
    given = mesh.telemetry
    if given is not None and (given.access_logs, given.traces, given.metrics) == (None, None, None):
        yield Problem("telemetry", "", "nothing is reported", "Set accessLogs, traces or metrics.")


@rule
def telemetry_lists_each_cluster_once(mesh: MeshConfig) -> Problems:
    """`clusters` must list each cluster once."""
    names = mesh.telemetry.clusters if mesh.telemetry is not None else ()
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(
                f"telemetry.clusters.{index}", name, "this cluster is listed twice", "List it once."
            )


@rule
def telemetry_needs_our_istio(mesh: MeshConfig) -> Problems:
    """`telemetry` does not apply to clusters with `istio.ownership: existing`, whose mesh configuration the
    program never changes: `clusters` must list the others."""
    if mesh.telemetry is None:
        return
    foreign = {name for name, each in mesh.clusters.items() if each.istio.ownership == "existing"}
    others = sorted(mesh.clusters.keys() - foreign)
    remedy = f"List the others in `telemetry.clusters`: [{', '.join(others)}]." if others else "Leave it out."
    reason = "is installed by others, and its mesh configuration with the extension providers is theirs"
    for index, name in enumerate(mesh.telemetry.clusters):
        if name in foreign:
            message = f"the Istio of this cluster {reason}"
            yield Problem(f"telemetry.clusters.{index}", name, message, remedy)
    if foreign and not mesh.telemetry.clusters:
        yield Problem("telemetry", "", f"the Istio of cluster {min(foreign)} {reason}", remedy)


@rule
def collectors_are_hosts_with_ports(mesh: MeshConfig) -> Problems:
    """`otlp` must be `host:port` or `https://host:port`, with a Service
    (`<name>.<namespace>.svc.cluster.local`), a full host name or an IPv4 address outside the proxy's host."""
    namespaces = {*mesh.namespaces, *(group.namespace for group in mesh.workload_groups.values())}
    for collector in collectors(mesh):
        for message, remedy in _not_an_endpoint(collector, namespaces):
            yield Problem(collector.source, collector.text, message, remedy)
            break


def _not_an_endpoint(collector: Collector, namespaces: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the form of an endpoint, and the remedy; the first is the reason for the others."""
    text = collector.text
    bare = text.removeprefix("https://").removeprefix("http://")
    if text.startswith("http://"):
        yield "a collector without TLS has no scheme", f"Write {bare}."
    if "[" in bare or bare.count(":") > 1:
        yield "not an IPv4 address or a host name: the mesh has IPv4 alone", _LIKE
    if "/" in bare:
        advice = " Set its path in httpPath." if collector.source == TRACES else ""
        yield "not a host and a port", f"{_LIKE}{advice}"
    if ":" not in bare:
        yield "the port is missing", "Add the port, most often 4317 for gRPC and 4318 for HTTP."
    if collector.port is None:
        yield "not a port from 1 to 65535", _LIKE
    yield from _not_a_host(collector, namespaces)


def _not_a_host(collector: Collector, namespaces: Iterable[str]) -> Iterator[tuple[str, str]]:
    host, address = collector.host, collector.address
    if address is not None:
        if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
            yield "each proxy would send to its own host, or to no host", "Write the collector's address."
        return
    labels = host.split(".")
    if not is_host_name(host) or host == "localhost":
        yield "not a valid host name", _LIKE
    elif host.endswith(f".{CLUSTER_DOMAIN}"):
        if len(labels) != 5 or not collector.is_service:
            written = f"<name>.<namespace>.svc.{CLUSTER_DOMAIN}:{collector.port}"
            yield "not the name of a Service", f"Write {written}."
    elif len(labels) == 1:
        yield "proxies in other namespaces and on VMs do not know this name", _LIKE
    elif len(labels) == 2 and labels[1] in namespaces:
        written = f"{host}.svc.{CLUSTER_DOMAIN}:{collector.port}"
        yield f"{labels[1]} is a namespace, not a domain", f"Write {written}."


@rule
def collectors_outside_alone_have_tls(mesh: MeshConfig) -> Problems:
    """`https://` is only allowed with a host name outside the mesh. The mesh's own mutual TLS protects
    collectors in it, and the certificate of an address could not be verified."""
    hosts = _hosts_of_groups(mesh)
    for collector in collectors(mesh):
        if not collector.secure:
            continue
        bare = collector.text.removeprefix("https://")
        if collector.is_service or collector.host in hosts:
            reason = "the mesh's mutual TLS protects this collector already"
            yield Problem(collector.source, collector.text, reason, f"Write {bare}.")
        elif collector.address is not None:
            reason = "the certificate of an address cannot be verified"
            yield Problem(collector.source, collector.text, reason, "Write the collector's host name.")


@rule
def collectors_speak_one_protocol_on_a_port(mesh: MeshConfig) -> Problems:
    """Access logs and traces for the same port of a host must both be sent over gRPC, or go to different
    ports, and both with or without TLS."""
    for one, other in combinations(collectors(mesh), 2):
        if (one.host, one.port) != (other.host, other.port):
            continue
        if one.protocol != other.protocol:
            yield Problem(
                other.source,
                other.text,
                f"this port is HTTP here and gRPC in {one.source}",
                "Write the collector's port for HTTP here, most often 4318, or leave httpPath out.",
            )
        elif one.secure != other.secure:
            yield Problem(
                other.source, other.text, f"{one.source} differs in https://", "Write the same in both."
            )


@rule
def collectors_on_vms_have_the_port(mesh: MeshConfig) -> Problems:
    """A collector on the VMs of a group requires that the port is one of the group's `ports`, whose protocol
    is gRPC, or HTTP with `httpPath`."""
    hosts = _hosts_of_groups(mesh)
    for collector in collectors(mesh):
        name = hosts.get(collector.host)
        if name is None:
            continue
        ports = {port.port: port for port in mesh.workload_groups[name].service_ports}
        port = ports.get(collector.port or 0)
        spoken = {"grpc": ("grpc", "http2"), "http": ("http",)}[collector.protocol]
        if port is None or (port.protocol or port.name.split("-", 1)[0]) not in spoken:
            wanted = f"{collector.protocol}-otlp: {collector.port}"
            yield Problem(
                collector.source,
                collector.text,
                f"group {name} has no such port for {spoken[0]}",
                f"Add it to `workloadGroups.{name}.ports`: {{{wanted}}}.",
            )


@rule
def access_logs_go_somewhere(mesh: MeshConfig) -> Problems:
    """`accessLogs` requires `stdout`, `otlp` or both."""
    logs = mesh.telemetry.access_logs if mesh.telemetry is not None else None
    if logs is not None and logs.stdout is None and logs.otlp is None:
        yield Problem(
            "telemetry.accessLogs", "", "the logs go nowhere", "Set `stdout: json`, `otlp`, or both."
        )


@rule
def log_fields_have_a_place(mesh: MeshConfig) -> Problems:
    """`accessLogs.fields` requires `stdout: json` or `otlp`."""
    logs = mesh.telemetry.access_logs if mesh.telemetry is not None else None
    if logs is not None and logs.fields and logs.stdout == "text" and logs.otlp is None:
        yield Problem(
            "telemetry.accessLogs.fields",
            ", ".join(logs.fields),
            "entries in text have no fields",
            "Set `stdout: json`, or leave it out.",
        )


@rule
def reports_have_no_credentials(mesh: MeshConfig) -> Problems:
    """`fields` and `tags` must not hold headers with credentials: `authorization`, `cookie`,
    `proxy-authorization`, `set-cookie` and `x-forwarded-client-cert`."""
    if mesh.telemetry is None:
        return
    texts: dict[str, tuple[str, list[str]]] = {}
    if (logs := mesh.telemetry.access_logs) is not None:
        for name, text in logs.fields.items():
            texts[f"telemetry.accessLogs.fields.{name}"] = (text, _headers(text))
    if (traces := mesh.telemetry.traces) is not None:
        for name, tag in traces.tags.items():
            path = f"telemetry.traces.tags.{name}"
            if tag.header is not None:
                texts[f"{path}.header"] = (tag.header, [tag.header])
            if tag.operator is not None:
                texts[f"{path}.operator"] = (tag.operator, _headers(tag.operator))
    for path, (text, headers) in texts.items():
        if any(header.lower() in SECRET_HEADERS for header in headers):
            yield Problem(path, text, "everyone who reads the reports would see credentials", "Leave it out.")


@rule
def tags_have_one_value(mesh: MeshConfig) -> Problems:
    """A tag of `traces.tags` must have exactly one of `literal`, `header`, `environment` and `operator`, and
    `default` only with `header` or `environment`."""
    for name, tag in _tags(mesh):
        path = f"telemetry.traces.tags.{name}"
        given = [
            key for key in ("literal", "header", "environment", "operator") if getattr(tag, key) is not None
        ]
        if len(given) != 1:
            found = ", ".join(given)
            yield Problem(
                path, found, "a tag has one value", "Set one of literal, header, environment and operator."
            )
        elif tag.default is not None and given[0] not in ("header", "environment"):
            message = f"a tag with {given[0]} always has a value"
            yield Problem(f"{path}.default", tag.default, message, "Leave it out.")


@rule
def tags_are_yours(mesh: MeshConfig) -> Problems:
    """`traces.tags` must not replace tags that the proxies set: those that begin with `istio.`, those of
    Envoy such as `node_id` and `http.url`, and `host.name`."""
    for name, _ in _tags(mesh):
        if name in _SET_BY_PROXIES or name.startswith("istio."):
            yield Problem(
                f"telemetry.traces.tags.{name}", name, "the proxies set this tag", "Choose another name."
            )


@rule
def metrics_need_istios_proxies(mesh: MeshConfig) -> Problems:
    """`metrics` is not allowed with `istio.proxy: envoy`: upstream Envoy does not have Istio's metrics, only
    its own."""
    if mesh.telemetry is not None and mesh.telemetry.metrics is not None and mesh.istio.proxy == "envoy":
        yield Problem(
            "telemetry.metrics",
            "",
            "upstream Envoy (istio.proxy) does not have Istio's metrics",
            "Leave it out: Envoy's own metrics stay, and access logs can be counted.",
        )


@rule
def metrics_that_are_off_have_no_settings(mesh: MeshConfig) -> Problems:
    """`metrics.tags` and `metrics.disabled` require `metrics.enabled`; `disabled` lists each metric once."""
    metrics = mesh.telemetry.metrics if mesh.telemetry is not None else None
    if metrics is None:
        return
    for key, value in (("tags", metrics.tags), ("disabled", metrics.disabled)):
        if value and not metrics.enabled:
            yield Problem(
                f"telemetry.metrics.{key}",
                ", ".join(value),
                "the metrics are off",
                "Leave it out, or enable them.",
            )
    for index, name in enumerate(metrics.disabled):
        if name in metrics.disabled[:index]:
            path = f"telemetry.metrics.disabled.{index}"
            yield Problem(path, name, "this metric is listed twice", "List it once.")


def _tags(mesh: MeshConfig) -> Iterable[tuple[str, TagConfig]]:
    traces = mesh.telemetry.traces if mesh.telemetry is not None else None
    return traces.tags.items() if traces is not None else ()


def _headers(text: str) -> list[str]:
    """Names of the headers in command operators, alternatives included: `%REQ(X-USER?:AUTHORITY):10%`."""
    return [name.strip("?:") for found in _REQUEST_HEADER.findall(text) for name in found.split("?")]


def _hosts_of_groups(mesh: MeshConfig) -> Mapping[str, str]:
    """The group of each host name."""
    return {
        host: name
        for name, group in mesh.workload_groups.items()
        for host in group.custom_hosts or (service_host(service_name(name, group), group.namespace),)
    }
