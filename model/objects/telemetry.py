"""Istio's telemetry: the extension providers of the mesh configuration, the mesh-wide Telemetry, and what
makes a collector outside the mesh known to it.

Sources, of Istio 1.31: `Telemetry` and `MeshConfig.ExtensionProvider` of its API, and
`pilot/pkg/model/telemetry*.go`: a namespace has one Telemetry without a selector, the oldest, and that of
the root namespace is for the whole mesh.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.telemetry import AccessLogsConfig, MetricsConfig, TagConfig, TracesConfig
from hybrid_mesh.model.derive.collectors import (
    ACCESS_LOGS,
    LOGS_PROVIDER,
    STDOUT_PROVIDER,
    TRACES,
    TRACES_PROVIDER,
    Collector,
    collectors,
    outside,
    reports,
)
from hybrid_mesh.model.istio_facts import NETWORKING_API, SYSTEM_NAMESPACE, TELEMETRY_API
from hybrid_mesh.model.objects.manifest import Manifest, manifest

METRICS_PROVIDER = "prometheus"
"""The extension provider that every istiod has (pkg/config/mesh/mesh.go)."""

TELEMETRY_NAME = "mesh-default"
"""Name of the mesh-wide Telemetry, as in Istio's pages."""

_OBJECT_NAMES = {ACCESS_LOGS: LOGS_PROVIDER, TRACES: TRACES_PROVIDER}
"""Key of a collector -> name of the objects that make it known."""

_HTTP_TIMEOUT = "10s"
"""Envoy refuses OTLP over HTTP without one."""

_IDENTITY = {
    "cluster": "%ENVIRONMENT(ISTIO_META_CLUSTER_ID)%",
    "namespace": "%ENVIRONMENT(POD_NAMESPACE)%",
    "workload": "%ENVIRONMENT(ISTIO_META_WORKLOAD_NAME)%",
    "instance": "%ENVIRONMENT(POD_NAME)%",
    "source_principal": "%DOWNSTREAM_PEER_URI_SAN%",
    "destination_principal": "%UPSTREAM_PEER_URI_SAN%",
    "trace_id": "%TRACE_ID%",
}
"""Fields that say which proxy wrote an entry and which identities it is about. Istio's injection sets these
variables in pods, and cluster.env on VMs."""

_ISTIO = {
    "start_time": "%START_TIME%",
    "route_name": "%ROUTE_NAME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "authority": "%REQ(:AUTHORITY)%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
}
"""The fields of Istio's own format in JSON (`EnvoyJSONLogFormatIstio` in telemetry_logging.go)."""

LOG_FIELDS = {**_ISTIO, **_IDENTITY}
"""The fields of entries in JSON and of those for a collector."""


def extension_providers(mesh: MeshConfig, cluster: str) -> list[dict[str, Any]]:
    """`meshConfig.extensionProviders` for the istiod of `cluster`, without those of `istio.values`."""
    if mesh.telemetry is None or not reports(mesh, cluster):
        return []
    by_source = {collector.source: collector for collector in collectors(mesh)}
    providers: list[dict[str, Any]] = []
    if (logs := mesh.telemetry.access_logs) is not None:
        fields = {**LOG_FIELDS, **logs.fields}
        if logs.stdout is not None:
            form = {"logFormat": {"labels": fields}} if logs.stdout == "json" else {}
            file = {"path": "/dev/stdout", **form}
            providers.append({"name": STDOUT_PROVIDER, "envoyFileAccessLog": file})
        if collector := by_source.get(ACCESS_LOGS):
            sent = {**_service(mesh, collector), "logFormat": {"labels": fields}}
            providers.append({"name": LOGS_PROVIDER, "envoyOtelAls": sent})
    if (traces := mesh.telemetry.traces) is not None:
        sent = _service(mesh, by_source[TRACES])
        if traces.http_path is not None:
            sent["http"] = {"path": traces.http_path, "timeout": _HTTP_TIMEOUT}
        providers.append({"name": TRACES_PROVIDER, "opentelemetry": sent})
    return providers


def telemetry_objects(mesh: MeshConfig, cluster: str) -> Iterator[tuple[str, Manifest]]:
    """The objects of `cluster` by key, each after those that istiod must know before it: the collectors
    outside the mesh, then the Telemetry of the whole mesh."""
    if mesh.telemetry is None or not reports(mesh, cluster):
        return
    for made in _outside_collectors(mesh):
        key = made["metadata"]["name"].removeprefix("hybrid-mesh-")
        yield f"collector-{key}-{made['kind'].lower()}", made
    spec = {
        **_access_logging(mesh),
        **_tracing(mesh.telemetry.traces),
        **_metrics(mesh.telemetry.metrics),
    }
    if spec:
        yield "telemetry", manifest(TELEMETRY_API, "Telemetry", TELEMETRY_NAME, SYSTEM_NAMESPACE, spec=spec)


def _outside_collectors(mesh: MeshConfig) -> Iterator[Manifest]:
    """A ServiceEntry for each host outside the mesh, and a DestinationRule for those reached with TLS."""
    given = sorted((each for each in collectors(mesh) if outside(mesh, each)), key=lambda each: each.host)
    for host, same in groupby(given, key=_registered_host):
        endpoints = list({each.port: each for each in same}.values())
        name, address = _OBJECT_NAMES[endpoints[0].source], endpoints[0].address
        spec: dict[str, Any] = {
            "hosts": [host],
            "location": "MESH_EXTERNAL",
            "resolution": "STATIC" if address else "DNS",
            "ports": [
                {
                    "name": f"{each.protocol}-{each.port}",
                    "number": each.port,
                    "protocol": each.protocol.upper(),
                }
                for each in endpoints
            ],
        }
        if address is not None:
            spec["endpoints"] = [{"address": str(address)}]
        yield manifest(NETWORKING_API, "ServiceEntry", name, SYSTEM_NAMESPACE, spec=spec)
        secure = [
            {"port": {"number": each.port}, "tls": {"mode": "SIMPLE", "sni": host}}
            for each in endpoints
            if each.secure
        ]
        if secure:
            rule = {"host": host, "trafficPolicy": {"portLevelSettings": secure}}
            yield manifest(NETWORKING_API, "DestinationRule", name, SYSTEM_NAMESPACE, spec=rule)


def _service(mesh: MeshConfig, collector: Collector) -> dict[str, Any]:
    """The fields of a provider that name its collector. The namespace is that of its ServiceEntry, as others
    may have one for the same host."""
    namespace = f"{SYSTEM_NAMESPACE}/" if outside(mesh, collector) else ""
    return {"service": namespace + _registered_host(collector), "port": collector.port}


def _registered_host(collector: Collector) -> str:
    """The host in Istio's registry, which has names alone."""
    address = collector.address
    return f"otlp-{str(address).replace('.', '-')}.internal" if address else collector.host


def _access_logging(mesh: MeshConfig) -> dict[str, Any]:
    logs = mesh.telemetry.access_logs if mesh.telemetry is not None else None
    if logs is None:
        return {}
    given = [(STDOUT_PROVIDER, logs.stdout), (LOGS_PROVIDER, logs.otlp)]
    entry: dict[str, Any] = {"providers": [{"name": name} for name, value in given if value is not None]}
    if conditions := _conditions(mesh, logs):
        entry["filter"] = {"expression": " && ".join(conditions)}
    if logs.reporter != "both":
        entry["match"] = {"mode": logs.reporter.upper()}
    return {"accessLogging": [entry]}


def _conditions(mesh: MeshConfig, logs: AccessLogsConfig) -> list[str]:
    """CEL expressions that must all be true for an entry: the configured one, and one for each collector in
    the mesh. Otherwise its own proxy would report each report, which would be another one, without end.
    Reports of proxies have no port in their authority (telemetry_logging.go), unlike those of applications.
    """
    inside = dict.fromkeys(each.host for each in collectors(mesh) if not outside(mesh, each))
    theirs = [f"(!has(request.host) || request.host != '{host}')" for host in inside]
    if logs.filter is None:
        return theirs
    return [f"({logs.filter})", *theirs] if theirs else [logs.filter]


def _tracing(traces: TracesConfig | None) -> dict[str, Any]:
    if traces is None:
        return {}
    tags = {"host.name": {"formatter": {"value": "%HOSTNAME%"}}}
    tags |= {name: _tag(tag) for name, tag in sorted(traces.tags.items())}
    return {
        "tracing": [
            {
                "providers": [{"name": TRACES_PROVIDER}],
                "randomSamplingPercentage": traces.sampling,
                "customTags": tags,
            }
        ]
    }


def _tag(tag: TagConfig) -> dict[str, Any]:
    default = {"defaultValue": tag.default} if tag.default is not None else {}
    if tag.header is not None:
        return {"header": {"name": tag.header, **default}}
    if tag.environment is not None:
        return {"environment": {"name": tag.environment, **default}}
    if tag.operator is not None:
        return {"formatter": {"value": tag.operator}}
    return {"literal": {"value": tag.literal}}


def _metrics(metrics: MetricsConfig | None) -> dict[str, Any]:
    if metrics is None:
        return {}
    overrides: list[dict[str, Any]] = []
    if not metrics.enabled:
        overrides.append({"match": {"metric": "ALL_METRICS"}, "disabled": True})
    if metrics.tags:
        tags = {
            name: {"operation": "REMOVE"} if value is None else {"operation": "UPSERT", "value": value}
            for name, value in sorted(metrics.tags.items())
        }
        overrides.append({"match": {"metric": "ALL_METRICS"}, "tagOverrides": tags})
    overrides += [{"match": {"metric": name}, "disabled": True} for name in metrics.disabled]
    if not overrides:
        return {}
    return {"metrics": [{"providers": [{"name": METRICS_PROVIDER}], "overrides": overrides}]}
