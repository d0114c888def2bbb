"""Routes of an ingress: which requests or connections go to which backends."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from hybrid_mesh.model.config.base import (
    ABSOLUTE_PATH_PATTERN,
    DNS_NAME_PATTERN,
    DURATION_PATTERN,
    HEADER_NAME_PATTERN,
    ONE_LINE_PATTERN,
    DnsLabel,
    Port,
    Section,
)

Weight = Annotated[int, Field(strict=True, ge=0, le=100)]
HeaderName = Annotated[str, Field(pattern=HEADER_NAME_PATTERN)]
HeaderValue = Annotated[str, Field(pattern=ONE_LINE_PATTERN)]
Path = Annotated[str, Field(pattern=ABSOLUTE_PATH_PATTERN)]
Duration = Annotated[str, Field(pattern=DURATION_PATTERN)]


class ServiceBackendConfig(Section):
    """A Kubernetes Service of the gateway's cluster."""

    service: DnsLabel = Field(examples=["reviews"])
    """Name of the Service."""
    namespace: DnsLabel = Field(examples=["bookinfo"])
    """Namespace of the Service."""
    port: Port = Field(examples=[9080])
    """Port of the Service."""
    weight: Weight = 100
    """Share of the requests, in percent. The weights of a route must sum to 100."""


class GroupBackendConfig(Section):
    """The VMs of a workload group."""

    group: DnsLabel = Field(examples=["ratings"])
    """Name of the group: a key of `workloadGroups`."""
    port: Port = Field(examples=[9080])
    """Port of the group. Must be one of the group's `ports`."""
    weight: Weight = 100
    """Share of the requests, in percent. The weights of a route must sum to 100."""


def _kind_of_backend(value: Any) -> str:
    names_group = "group" in value if isinstance(value, Mapping) else isinstance(value, GroupBackendConfig)
    return "group" if names_group else "service"


BackendConfig = Annotated[
    Annotated[ServiceBackendConfig, Tag("service")] | Annotated[GroupBackendConfig, Tag("group")],
    Discriminator(_kind_of_backend),
]


class PathMatchConfig(Section):
    """The path of a request. Set exactly one key."""

    exact: Path | None = None
    """The whole path."""
    prefix: Path | None = None
    """The path, or its beginning up to a slash."""
    regular_expression: str | None = Field(default=None, min_length=1, examples=["/v[0-9]+/.*"])
    """An RE2 expression that matches the whole path."""


class ValueMatchConfig(Section):
    """A header or query parameter. Set exactly one of `exact` and `regularExpression`."""

    name: HeaderName = Field(examples=["x-version"])
    """Name of the header or query parameter."""
    exact: HeaderValue | None = None
    """The whole value."""
    regular_expression: str | None = Field(default=None, min_length=1)
    """An RE2 expression that matches the whole value."""


class MatchConfig(Section):
    """Conditions that a request must all meet."""

    path: PathMatchConfig | None = None
    """Path of an HTTP request. Defaults to every path."""
    headers: tuple[ValueMatchConfig, ...] = ()
    """Headers of the request."""
    query_parameters: tuple[ValueMatchConfig, ...] = ()
    """Query parameters of an HTTP request."""
    method: str | None = Field(default=None, min_length=1, examples=["GET"])
    """Method: of HTTP in upper case, or the name of a gRPC method."""
    service: str | None = Field(default=None, min_length=1, examples=["shop.v1.Orders"])
    """Full name of a gRPC service, for routes of kind `GRPC`."""


class RedirectConfig(Section):
    """An answer that sends the client to another URL, in place of backends."""

    scheme: Literal["http", "https"] | None = None
    """Scheme of the new URL. Defaults to that of the request."""
    hostname: str | None = Field(default=None, pattern=DNS_NAME_PATTERN, examples=["shop.example.com"])
    """Host name of the new URL. Defaults to that of the request."""
    port: Port | None = None
    """Port of the new URL. Defaults to the one that the request names in `Host`, or none, which is the
    well-known one of the scheme."""
    path: Path | None = None
    """Path of the new URL. Defaults to that of the request."""
    replace_prefix: Path | None = None
    """Replacement of the matched prefix of the path."""
    status_code: Literal[301, 302, 303, 307, 308] = 301
    """Status of the answer."""


class HeaderChangesConfig(Section):
    """Changes of headers."""

    set: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Headers to set; an existing value is replaced."""
    add: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    """Values to add to headers."""
    remove: tuple[HeaderName, ...] = ()
    """Headers to remove."""


class TimeoutsConfig(Section):
    """Time limits, as numbers with units: `500ms`, `10s`, `1m30s`."""

    request: Duration | None = Field(default=None, examples=["10s"])
    """Limit of the whole request, retries included."""
    backend_request: Duration | None = Field(default=None, examples=["2s"])
    """Limit of one request to a backend."""


class RouteConfig(Section):
    """A route: which requests or connections go to which backends."""

    name: DnsLabel = Field(examples=["all"])
    """Name of the route. Must be unique among the routes of its namespace."""
    kind: Literal["HTTP", "GRPC", "TLS", "TCP"] = "HTTP"
    """Kind of the route: an HTTPRoute, a GRPCRoute, a TLSRoute (by server name, for listeners that pass TLS
    through) or a TCPRoute."""
    listeners: tuple[DnsLabel, ...] = Field(default=(), examples=[["https"]])
    """Names of the listeners that the route is for. Defaults to all that fit its kind."""
    hostnames: tuple[str, ...] = Field(default=(), examples=[["shop.example.com"]])
    """Host names that the route matches; required for `TLS`. Defaults to every host name."""
    path_prefix: str = Field(default="/", pattern=ABSOLUTE_PATH_PATTERN)
    """Path prefix that the route matches. The backend receives it unless `replacePrefix` is set."""
    matches: tuple[MatchConfig, ...] = ()
    """Requests that the route matches, in place of `pathPrefix`: those that meet one of the entries."""
    redirect: RedirectConfig | None = None
    """Redirection, in place of `backends`."""
    replace_prefix: str | None = Field(default=None, pattern=ABSOLUTE_PATH_PATTERN, examples=["/"])
    """Path that replaces the prefix before the request reaches the backend. With `/`, a request for
    `/billing/1` at the route of `/billing` reaches the backend as `/1`. Defaults to no replacement."""
    replace_path: Path | None = Field(default=None, examples=["/v2/orders"])
    """Path that replaces the whole path before the request reaches the backend."""
    replace_host: str | None = Field(default=None, pattern=DNS_NAME_PATTERN, examples=["orders.example.com"])
    """Host name that replaces the request's before it reaches the backend."""
    request_headers: HeaderChangesConfig = HeaderChangesConfig()
    """Changes of the request's headers."""
    response_headers: HeaderChangesConfig = HeaderChangesConfig()
    """Changes of the response's headers."""
    timeouts: TimeoutsConfig = TimeoutsConfig()
    """Time limits of HTTP requests."""
    mirror: BackendConfig | None = None
    """Backend that gets a copy of the requests, or of the share that its `weight` says. Its answers are
    ignored."""
    backends: tuple[BackendConfig, ...] = Field(default=(), examples=[[{"group": "ratings", "port": 9080}]])
    """Backends that receive the requests, by weight. Required without `redirect`."""

    @property
    def targets(self) -> tuple[tuple[str, ServiceBackendConfig | GroupBackendConfig], ...]:
        """The backends and the mirror's, each with its key below the route."""
        found = tuple((f"backends.{index}", backend) for index, backend in enumerate(self.backends))
        return found if self.mirror is None else (*found, ("mirror", self.mirror))
