"""Access logs, traces and metrics of every proxy of the mesh: of pods, gateways and VMs.

Source: `Telemetry` (telemetry.istio.io/v1) and `MeshConfig.ExtensionProvider` of Istio 1.31's API.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hybrid_mesh.model.config.base import (
    HEADER_NAME_PATTERN,
    ONE_LINE_PATTERN,
    URL_PATH_PATTERN,
    VARIABLE_PATTERN,
    DnsLabel,
    Section,
    Switch,
)

OneLine = Annotated[str, StringConstraints(pattern=ONE_LINE_PATTERN)]
LogFormat = Literal["json", "text"]
Reporter = Literal["client", "server", "both"]

Metric = Literal[
    "REQUEST_COUNT",
    "REQUEST_DURATION",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "TCP_OPENED_CONNECTIONS",
    "TCP_CLOSED_CONNECTIONS",
    "TCP_SENT_BYTES",
    "TCP_RECEIVED_BYTES",
    "GRPC_REQUEST_MESSAGES",
    "GRPC_RESPONSE_MESSAGES",
]


class AccessLogsConfig(Section):
    """Access logs: one entry for each request, and for each connection of other protocols.

    Entries name the proxy that wrote them, in the fields `cluster`, `namespace`, `workload` and `instance`
    (the pod or the VM), and the identities of both ends in `source_principal` and `destination_principal`."""

    stdout: LogFormat | None = Field(default=None, examples=["json"])
    """Whether proxies write them to their standard output, and in which format: `json` or Istio's `text`.
    Pods' are read with `kubectl logs`; VMs' are in `/var/log/istio/istio.log`."""
    otlp: str | None = Field(default=None, examples=["otel-collector.observability.svc.cluster.local:4317"])
    """Collector that proxies send them to, with OTLP over gRPC, as for `traces`. At least one of `stdout` and
    `otlp` is required."""
    fields: dict[OneLine, OneLine] = Field(default_factory=dict, examples=[{"tenant": "%REQ(x-tenant)%"}])
    """Further fields of entries in JSON and of those for the collector, with Envoy's command operators."""
    filter: OneLine | None = Field(default=None, examples=["response.code >= 400"])
    """CEL expression over Envoy's attributes. Only requests and connections for which it is true are
    logged."""
    reporter: Reporter = "both"
    """Which of the two proxies of a request logs it: the one at its source (`client`), the one at its
    destination (`server`), or both. Gateways are clients."""


class TagConfig(Section):
    """A tag of spans. Set exactly one of `literal`, `header`, `environment` and `operator`."""

    literal: OneLine | None = Field(default=None, examples=["payments"])
    """A value that is the same in every span."""
    header: str | None = Field(default=None, pattern=HEADER_NAME_PATTERN, examples=["x-tenant"])
    """Name of a header of the request, whose value it is."""
    environment: str | None = Field(default=None, pattern=VARIABLE_PATTERN, examples=["ISTIO_META_NETWORK"])
    """Name of a variable of the proxy's environment, whose value it is."""
    operator: OneLine | None = Field(default=None, examples=["%REQUESTED_SERVER_NAME%"])
    """A value with Envoy's command operators, as fields of access logs have."""
    default: OneLine | None = Field(default=None, examples=["none"])
    """Value for requests without the header, and for proxies without the variable. Defaults to no tag."""


class TracesConfig(Section):
    """Traces: a span of each proxy on the way of a request.

    Applications must forward the trace headers of requests (`traceparent` and `tracestate`) for their spans
    to become one trace."""

    otlp: str = Field(examples=["otel-collector.observability.svc.cluster.local:4317"])
    """Collector that proxies send spans to: `host:port`, or `https://host:port` for TLS to a host outside the
    mesh. The host is a Service of one cluster (`<name>.<namespace>.svc.cluster.local`), which all clusters
    and VMs reach through its east-west gateway; a host of a workload group; or a name or an IPv4 address
    outside the mesh, for which the program declares a ServiceEntry."""
    http_path: str | None = Field(default=None, pattern=URL_PATH_PATTERN, examples=["/v1/traces"])
    """Path of the collector for OTLP over HTTP. Defaults to OTLP over gRPC."""
    sampling: float = Field(default=1, strict=True, ge=0, le=100)
    """Percentage of requests for which a trace begins. Requests that come with a decision keep it."""
    tags: dict[OneLine, TagConfig] = Field(
        default_factory=dict, examples=[{"tenant": {"header": "x-tenant", "default": "none"}}]
    )
    """Tags of every span, in addition to those of Istio and Envoy (`istio.cluster_id`, `node_id`) and
    `host.name`, the name of the pod or the VM."""


class MetricsConfig(Section):
    """Istio's standard metrics, such as `istio_requests_total`, which Prometheus reads from each proxy."""

    enabled: Switch = True
    """Whether proxies have them."""
    tags: dict[Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)], OneLine | None] = Field(
        default_factory=dict, examples=[{"request_host": "request.host", "connection_security_policy": None}]
    )
    """Labels of all metrics: a CEL expression over Envoy's attributes adds a label or sets an existing one;
    `null` removes it."""
    disabled: tuple[Metric, ...] = Field(default=(), examples=[["REQUEST_SIZE", "RESPONSE_SIZE"]])
    """Metrics that proxies do not have."""


class TelemetryConfig(Section):
    """What every proxy reports. istiod sends it to the proxies of pods, of gateways and of VMs alike while
    they run: no pod restarts and no VM is replaced when it changes."""

    clusters: tuple[DnsLabel, ...] = Field(default=(), examples=[["east", "west"]])
    """Clusters whose proxies report, with the VMs that register with them. Defaults to all."""
    access_logs: AccessLogsConfig | None = None
    """Access logs. Defaults to none."""
    traces: TracesConfig | None = None
    """Traces. Defaults to none."""
    metrics: MetricsConfig | None = None
    """Istio's metrics. Defaults to the standard ones."""
