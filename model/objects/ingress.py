"""The Gateway API objects of an ingress."""

from collections.abc import Mapping
from typing import Any

from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.ingress import (
    GroupBackendConfig,
    IngressConfig,
    ListenerConfig,
    RouteConfig,
    ServiceBackendConfig,
)
from hybrid_mesh.model.derive.object_names import route_name, service_name
from hybrid_mesh.model.istio_facts import GATEWAY_API
from hybrid_mesh.model.objects.manifest import Manifest, manifest


def gateway(name: str, ingress: IngressConfig, annotations: Mapping[str, str] | None = None) -> Manifest:
    """The Gateway, for which the controller of the gateway class creates a Deployment and a Service
    `<name>-istio`. The Service gets `annotations` if it is a LoadBalancer.

    The annotation for another type of that Service is Istio's (pilot/pkg/config/kube/gateway).
    """
    spec: dict[str, Any] = {
        "gatewayClassName": ingress.gateway_class,
        "listeners": [_listener(listener) for listener in ingress.listeners],
    }
    if annotations and ingress.service_type == "LoadBalancer":
        spec["infrastructure"] = {"annotations": dict(annotations)}
    made = manifest(GATEWAY_API, "Gateway", name, ingress.namespace, spec=spec)
    if ingress.service_type != "LoadBalancer":
        made["metadata"]["annotations"] = {"networking.istio.io/service-type": ingress.service_type}
    return made


def routes(
    name: str, ingress: IngressConfig, groups: Mapping[str, WorkloadGroupConfig]
) -> tuple[Manifest, ...]:
    """One HTTPRoute for each route, then the ReferenceGrants that allow Services of other namespaces as
    backends."""
    made = [_route(name, ingress, route, groups) for route in ingress.routes]
    return (*made, *_grants(name, ingress, groups))


def _listener(listener: ListenerConfig) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": listener.name,
        "port": listener.port,
        "protocol": listener.protocol,
        "allowedRoutes": {"namespaces": {"from": "Same"}},
    }
    if listener.hostname is not None:
        fields["hostname"] = listener.hostname
    if listener.certificate_secret is not None:
        fields["tls"] = {
            "mode": "Terminate",
            "certificateRefs": [{"group": "", "kind": "Secret", "name": listener.certificate_secret}],
        }
    return fields


def _route(
    name: str, ingress: IngressConfig, route: RouteConfig, groups: Mapping[str, WorkloadGroupConfig]
) -> Manifest:
    rule: dict[str, Any] = {
        "matches": [{"path": {"type": "PathPrefix", "value": route.path_prefix}}],
        "backendRefs": [_backend(backend, groups) for backend in route.backends],
    }
    if route.replace_prefix is not None:
        path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": route.replace_prefix}
        rule["filters"] = [{"type": "URLRewrite", "urlRewrite": {"path": path}}]
    spec: dict[str, Any] = {"parentRefs": [{"name": name}], "rules": [rule]}
    if route.hostnames:
        spec["hostnames"] = list(route.hostnames)
    return manifest(GATEWAY_API, "HTTPRoute", route_name(name, route.name), ingress.namespace, spec=spec)


def _backend(
    backend: ServiceBackendConfig | GroupBackendConfig, groups: Mapping[str, WorkloadGroupConfig]
) -> dict[str, Any]:
    """A Service or, for a group with a custom host, Istio's backend kind `Hostname`."""
    reference: dict[str, Any] = {"port": backend.port, "weight": backend.weight}
    if isinstance(backend, ServiceBackendConfig):
        return {"kind": "Service", "name": backend.service, "namespace": backend.namespace, **reference}
    group = groups[backend.group]
    if group.custom_hosts:
        host = group.custom_hosts[0]
        return {"group": "networking.istio.io", "kind": "Hostname", "name": host, **reference}
    service = service_name(backend.group, group)
    return {"kind": "Service", "name": service, "namespace": group.namespace, **reference}


def _grants(name: str, ingress: IngressConfig, groups: Mapping[str, WorkloadGroupConfig]) -> list[Manifest]:
    targets: dict[str, set[str]] = {}
    for backend in (backend for route in ingress.routes for backend in route.backends):
        reference = _backend(backend, groups)
        namespace = reference.get("namespace")
        if namespace is not None and namespace != ingress.namespace:
            targets.setdefault(namespace, set()).add(reference["name"])
    source = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": ingress.namespace}
    return [
        manifest(
            GATEWAY_API,
            "ReferenceGrant",
            # Neither name can contain a dot, so no two ingresses share a grant.
            f"{ingress.namespace}.{name}",
            namespace,
            spec={
                "from": [source],
                "to": [{"group": "", "kind": "Service", "name": service} for service in sorted(services)],
            },
        )
        for namespace, services in sorted(targets.items())
    ]
