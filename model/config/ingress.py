"""Ways into the mesh by the Kubernetes Gateway API."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from hybrid_mesh.model.config.base import ABSOLUTE_PATH_PATTERN, DNS_NAME_PATTERN, DnsLabel, Port, Section
from hybrid_mesh.model.istio_facts import GATEWAY_CLASS

Weight = Annotated[int, Field(strict=True, ge=0, le=100)]


class ListenerConfig(Section):
    """A port at which the gateway listens."""

    name: DnsLabel = Field(examples=["http"])
    """Name of the listener."""
    port: Port = Field(examples=[80])
    """Port of the gateway."""
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    """Protocol that the gateway speaks there."""
    hostname: str | None = Field(default=None, examples=["shop.example.com"])
    """Host name that the listener answers for; every name by default."""
    certificate_secret: DnsLabel | None = None
    """Name of the kubernetes.io/tls Secret in the gateway's namespace; HTTPS listeners need it."""


class ServiceBackendConfig(Section):
    """A Service of the ingress' cluster."""

    service: DnsLabel = Field(examples=["reviews"])
    """Name of the Service."""
    namespace: DnsLabel = Field(examples=["bookinfo"])
    """Its namespace."""
    port: Port = Field(examples=[9080])
    """Its port."""
    weight: Weight = 100
    """Its share of the requests, in percent."""


class GroupBackendConfig(Section):
    """The machines of a workload group."""

    group: DnsLabel = Field(examples=["ratings"])
    """Name of the group."""
    port: Port = Field(examples=[9080])
    """One of the group's ports."""
    weight: Weight = 100
    """Its share of the requests, in percent."""


def _kind_of_backend(value: Any) -> str:
    names_group = "group" in value if isinstance(value, Mapping) else isinstance(value, GroupBackendConfig)
    return "group" if names_group else "service"


BackendConfig = Annotated[
    Annotated[ServiceBackendConfig, Tag("service")] | Annotated[GroupBackendConfig, Tag("group")],
    Discriminator(_kind_of_backend),
]


class RouteConfig(Section):
    """One HTTPRoute. Weights of its backends sum to 100 when there is more than one."""

    name: DnsLabel = Field(examples=["all"])
    """Name of the route."""
    hostnames: tuple[str, ...] = Field(default=(), examples=[["shop.example.com"]])
    """Host names of the requests; every name by default."""
    path_prefix: str = Field(default="/", pattern=ABSOLUTE_PATH_PATTERN)
    """Beginning of the requests' paths."""
    backends: tuple[BackendConfig, ...] = Field(min_length=1, examples=[[{"group": "ratings", "port": 9080}]])
    """Where the requests go."""


class IngressConfig(Section):
    """A Gateway with its routes."""

    cluster: DnsLabel = Field(examples=["east"])
    """The cluster that the gateway runs in."""
    namespace: DnsLabel = "istio-ingress"
    """Namespace of the Gateway and its routes."""
    gateway_class: str = Field(default=GATEWAY_CLASS, pattern=DNS_NAME_PATTERN, max_length=253)
    """Name of the GatewayClass."""
    service_type: Literal["LoadBalancer", "NodePort", "ClusterIP"] = "LoadBalancer"
    """Type of the Service that Istio makes for the gateway."""
    listeners: tuple[ListenerConfig, ...] = Field(min_length=1, examples=[[{"name": "http", "port": 80}]])
    """Ports at which the gateway listens."""
    routes: tuple[RouteConfig, ...] = ()
    """Where requests go."""
