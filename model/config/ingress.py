"""Ingress gateways, by the Kubernetes Gateway API."""

from typing import Any, Literal

from pydantic import Field

from hybrid_mesh.model.config.base import DNS_NAME_PATTERN, Cidr, DnsLabel, Port, Section
from hybrid_mesh.model.config.routes import RouteConfig
from hybrid_mesh.model.istio_facts import GATEWAY_CLASS


class IssuerConfig(Section):
    """An issuer of cert-manager, which the cluster must have."""

    name: str = Field(pattern=DNS_NAME_PATTERN, examples=["letsencrypt"])
    """Name of the issuer."""
    kind: Literal["ClusterIssuer", "Issuer"] = "ClusterIssuer"
    """Kind of the issuer. An `Issuer` is in the gateway's namespace."""


class ListenerConfig(Section):
    """A listener of the gateway."""

    name: DnsLabel = Field(examples=["http"])
    """Name of the listener. Must be unique in the gateway."""
    port: Port = Field(examples=[80])
    """Port that the gateway listens on."""
    protocol: Literal["HTTP", "HTTPS", "TLS", "TCP"] = "HTTP"
    """Protocol of the listener. `HTTPS`, and `TLS` that the gateway terminates, require a certificate."""
    mode: Literal["Terminate", "Passthrough"] | None = None
    """What the gateway does with TLS. Defaults to `Terminate` for `HTTPS` and to `Passthrough` for `TLS`."""
    hostname: str | None = Field(default=None, examples=["shop.example.com"])
    """Host name that the listener accepts. Defaults to every host name. The first label may be `*`."""
    certificate_secret: DnsLabel | None = None
    """Certificate: the name of a `kubernetes.io/tls` Secret in the gateway's namespace."""
    certificate: DnsLabel | None = Field(default=None, examples=["shop"])
    """Certificate: the name of the configuration keys `hybrid-mesh:<name>-certificate` (PEM, with its chain)
    and, as a secret, `hybrid-mesh:<name>-key`. The program creates the Secret."""
    issuer: IssuerConfig | None = None
    """Certificate: the issuer of cert-manager from which the program requests one for `hostname`."""
    client_certificates: Literal["ignored", "required"] = "ignored"
    """Whether clients must present a certificate (mutual TLS). Its authority is `ca.crt` of the listener's
    Secret; with `certificate`, the configuration key `hybrid-mesh:<name>-client-authority` (PEM)."""

    @property
    def terminates(self) -> bool:
        """Whether the gateway ends TLS."""
        return self.protocol == "HTTPS" or (self.protocol == "TLS" and self.mode == "Terminate")

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of routes that can be attached to the listener (Gateway API, "ProtocolType")."""
        if self.protocol in ("HTTP", "HTTPS"):
            return ("HTTP", "GRPC")
        return ("TCP",) if self.protocol == "TCP" or self.terminates else ("TLS",)


class ParametersConfig(Section):
    """Changes to the objects that Istio creates for a gateway, as strategic merge patches (Istio, "Kubernetes
    Gateway API", "Automated Deployment")."""

    deployment: dict[str, Any] = Field(default_factory=dict, examples=[{"spec": {"replicas": 2}}])
    """Patch of the Deployment: replicas, tolerations, node selectors, resources."""
    service: dict[str, Any] = Field(
        default_factory=dict, examples=[{"spec": {"externalTrafficPolicy": "Local"}}]
    )
    """Patch of the Service."""
    service_account: dict[str, Any] = Field(default_factory=dict)
    """Patch of the ServiceAccount."""
    horizontal_pod_autoscaler: dict[str, Any] = Field(
        default_factory=dict, examples=[{"spec": {"minReplicas": 2, "maxReplicas": 5}}]
    )
    """Patch of the HorizontalPodAutoscaler, which exists only with a patch."""
    pod_disruption_budget: dict[str, Any] = Field(
        default_factory=dict, examples=[{"spec": {"minAvailable": 1}}]
    )
    """Patch of the PodDisruptionBudget, which exists only with a patch."""


class IngressConfig(Section):
    """A Gateway and its routes."""

    cluster: DnsLabel = Field(examples=["east"])
    """Cluster that runs the gateway: a key of `clusters`."""
    namespace: DnsLabel = "istio-ingress"
    """Namespace of the Gateway and its routes."""
    gateway_class: str = Field(default=GATEWAY_CLASS, pattern=DNS_NAME_PATTERN, max_length=253)
    """Name of the GatewayClass. Only Istio's class can route to a workload group."""
    service_type: Literal["LoadBalancer", "NodePort", "ClusterIP"] = "LoadBalancer"
    """Type of the Service that Istio creates for the gateway."""
    annotations: dict[str, str] = Field(
        default_factory=dict, examples=[{"networking.gke.io/load-balancer-type": "Internal"}]
    )
    """Annotations of that Service, which most load balancers are configured with."""
    labels: dict[str, str] = Field(default_factory=dict, examples=[{"team": "edge"}])
    """Labels of everything that Istio creates for the gateway."""
    addresses: tuple[str, ...] = Field(default=(), examples=[["10.40.0.9"]])
    """Static IPv4 address of the load balancer: one at most, as Istio creates one Service."""
    source_ranges: tuple[Cidr, ...] = Field(default=(), examples=[["198.51.100.0/24"]])
    """CIDRs of the clients that the load balancer accepts. Defaults to all."""
    parameters: ParametersConfig = ParametersConfig()
    """Changes to the objects that Istio creates for the gateway."""
    listeners: tuple[ListenerConfig, ...] = Field(min_length=1, examples=[[{"name": "http", "port": 80}]])
    """Listeners of the gateway."""
    routes: tuple[RouteConfig, ...] = ()
    """Routes of the gateway."""

    def listeners_of(self, route: RouteConfig) -> tuple[ListenerConfig, ...]:
        """The listeners that `route` is attached to."""
        named = [each for each in self.listeners if not route.listeners or each.name in route.listeners]
        return tuple(each for each in named if route.kind in each.kinds)
