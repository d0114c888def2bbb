"""Ingress gateways, by the Kubernetes Gateway API."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from hybrid_mesh.model.config.base import ABSOLUTE_PATH_PATTERN, DNS_NAME_PATTERN, DnsLabel, Port, Section
from hybrid_mesh.model.istio_facts import GATEWAY_CLASS

Weight = Annotated[int, Field(strict=True, ge=0, le=100)]


class ListenerConfig(Section):
    """A listener of the gateway."""

    name: DnsLabel = Field(examples=["http"])
    """Name of the listener. Must be unique in the gateway."""
    port: Port = Field(examples=[80])
    """Port that the gateway listens on."""
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    """Protocol of the listener. `HTTPS` requires `certificateSecret`."""
    hostname: str | None = Field(default=None, examples=["shop.example.com"])
    """Host name that the listener accepts. Defaults to every host name. The first label may be `*`."""
    certificate_secret: DnsLabel | None = None
    """Name of the `kubernetes.io/tls` Secret in the gateway's namespace. Required for `HTTPS`."""


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


class RouteConfig(Section):
    """An HTTPRoute: which requests go to which backends."""

    name: DnsLabel = Field(examples=["all"])
    """Name of the route. Must be unique among the routes of its namespace."""
    hostnames: tuple[str, ...] = Field(default=(), examples=[["shop.example.com"]])
    """Host names that the route matches. Defaults to every host name."""
    path_prefix: str = Field(default="/", pattern=ABSOLUTE_PATH_PATTERN)
    """Path prefix that the route matches. The backend receives it unless `replacePrefix` is set."""
    replace_prefix: str | None = Field(default=None, pattern=ABSOLUTE_PATH_PATTERN, examples=["/"])
    """Path that replaces the prefix before the request reaches the backend. With `/`, a request for
    `/billing/1` at the route of `/billing` reaches the backend as `/1`. Defaults to no replacement."""
    backends: tuple[BackendConfig, ...] = Field(min_length=1, examples=[[{"group": "ratings", "port": 9080}]])
    """Backends that receive the requests, by weight."""


class IngressConfig(Section):
    """A Gateway and its HTTPRoutes."""

    cluster: DnsLabel = Field(examples=["east"])
    """Cluster that runs the gateway: a key of `clusters`."""
    namespace: DnsLabel = "istio-ingress"
    """Namespace of the Gateway and its HTTPRoutes."""
    gateway_class: str = Field(default=GATEWAY_CLASS, pattern=DNS_NAME_PATTERN, max_length=253)
    """Name of the GatewayClass. Only Istio's class can route to a workload group."""
    service_type: Literal["LoadBalancer", "NodePort", "ClusterIP"] = "LoadBalancer"
    """Type of the Service that Istio creates for the gateway."""
    listeners: tuple[ListenerConfig, ...] = Field(min_length=1, examples=[[{"name": "http", "port": 80}]])
    """Listeners of the gateway."""
    routes: tuple[RouteConfig, ...] = ()
    """Routes of the gateway."""
