"""Ways into the mesh by the Kubernetes Gateway API."""

from typing import Annotated, Literal

from pydantic import Field

from model.config.base import DnsLabel, Section


class Listener(Section):
    name: DnsLabel
    port: int = Field(ge=1, le=65535)
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    hostname: str | None = None
    certificate_secret: DnsLabel | None = None
    """Name of the kubernetes.io/tls Secret in the gateway's namespace; HTTPS listeners need it."""


class ServiceBackend(Section):
    service: DnsLabel
    namespace: DnsLabel
    port: int = Field(ge=1, le=65535)
    weight: int = Field(default=100, ge=0, le=100)


class GroupBackend(Section):
    group: DnsLabel
    port: int = Field(ge=1, le=65535)
    weight: int = Field(default=100, ge=0, le=100)


Backend = Annotated[ServiceBackend | GroupBackend, Field(union_mode="smart")]


class Route(Section):
    """One HTTPRoute. Weights of its backends sum to 100 when there is more than one."""

    name: DnsLabel
    hostnames: tuple[str, ...] = ()
    path_prefix: str = Field(default="/", pattern=r"^/")
    backends: tuple[Backend, ...] = Field(min_length=1)


class Ingress(Section):
    cluster: DnsLabel
    namespace: DnsLabel = "istio-ingress"
    gateway_class: str = "istio"
    listeners: tuple[Listener, ...] = Field(min_length=1)
    routes: tuple[Route, ...] = ()
