"""The routes of an ingress: HTTPRoute, GRPCRoute, TLSRoute and TCPRoute."""

from collections.abc import Mapping
from typing import Any

from hybrid_mesh.model.config.groups import WorkloadGroupConfig
from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.routes import (
    GroupBackendConfig,
    HeaderChangesConfig,
    MatchConfig,
    PathMatchConfig,
    RedirectConfig,
    RouteConfig,
    ServiceBackendConfig,
    ValueMatchConfig,
)
from hybrid_mesh.model.derive.object_names import route_name, service_name
from hybrid_mesh.model.istio_facts import GATEWAY_API
from hybrid_mesh.model.objects.manifest import Manifest, manifest

Groups = Mapping[str, WorkloadGroupConfig]


def routes(name: str, ingress: IngressConfig, groups: Groups) -> tuple[Manifest, ...]:
    """One object for each route, then the ReferenceGrants that allow Services of other namespaces as
    backends."""
    made = [_route(name, ingress, route, groups) for route in ingress.routes]
    return (*made, *_grants(name, ingress, groups))


def _route(name: str, ingress: IngressConfig, route: RouteConfig, groups: Groups) -> Manifest:
    attached = [{"name": name, "sectionName": listener} for listener in route.listeners]
    if not attached and any(route.kind not in listener.kinds for listener in ingress.listeners):
        # Without names, the route would also be refused by the listeners of other protocols.
        attached = [{"name": name, "sectionName": each.name} for each in ingress.listeners_of(route)]
    spec: dict[str, Any] = {"parentRefs": attached or [{"name": name}], "rules": [_rule(route, groups)]}
    if route.hostnames:
        spec["hostnames"] = list(route.hostnames)
    kind = f"{route.kind}Route"
    return manifest(GATEWAY_API, kind, route_name(name, route.name), ingress.namespace, spec=spec)


def _rule(route: RouteConfig, groups: Groups) -> dict[str, Any]:
    rule: dict[str, Any] = {}
    if route.kind in ("HTTP", "GRPC"):
        rule |= _matches(route)
    if filters := _filters(route, groups):
        rule["filters"] = filters
    if route.backends:
        rule["backendRefs"] = [_backend(backend, groups) for backend in route.backends]
    if timeouts := route.timeouts.model_dump(by_alias=True, exclude_none=True):
        rule["timeouts"] = timeouts
    return rule


def _matches(route: RouteConfig) -> dict[str, Any]:
    if route.kind == "GRPC":
        found = [_grpc_match(match) for match in route.matches]
        return {"matches": found} if found else {}
    if not route.matches:
        return {"matches": [{"path": {"type": "PathPrefix", "value": route.path_prefix}}]}
    return {"matches": [_http_match(match) for match in route.matches]}


def _http_match(match: MatchConfig) -> dict[str, Any]:
    fields: dict[str, Any] = {"path": _path(match.path or PathMatchConfig(prefix="/"))}
    if match.headers:
        fields["headers"] = [_value(header) for header in match.headers]
    if match.query_parameters:
        fields["queryParams"] = [_value(parameter) for parameter in match.query_parameters]
    if match.method is not None:
        fields["method"] = match.method
    return fields


def _grpc_match(match: MatchConfig) -> dict[str, Any]:
    names = {"service": match.service, "method": match.method}
    called = {key: value for key, value in names.items() if value is not None}
    fields: dict[str, Any] = {"method": {"type": "Exact", **called}} if called else {}
    if match.headers:
        fields["headers"] = [_value(header) for header in match.headers]
    return fields


def _path(path: PathMatchConfig) -> dict[str, str]:
    if path.exact is not None:
        return {"type": "Exact", "value": path.exact}
    if path.regular_expression is not None:
        return {"type": "RegularExpression", "value": path.regular_expression}
    return {"type": "PathPrefix", "value": path.prefix or "/"}


def _value(match: ValueMatchConfig) -> dict[str, str]:
    if match.regular_expression is not None:
        return {"type": "RegularExpression", "name": match.name, "value": match.regular_expression}
    return {"type": "Exact", "name": match.name, "value": match.exact or ""}


def _filters(route: RouteConfig, groups: Groups) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    for kind, key, changes in (
        ("RequestHeaderModifier", "requestHeaderModifier", route.request_headers),
        ("ResponseHeaderModifier", "responseHeaderModifier", route.response_headers),
    ):
        if changed := _header_changes(changes):
            filters.append({"type": kind, key: changed})
    if route.redirect is not None:
        filters.append({"type": "RequestRedirect", "requestRedirect": _redirect(route.redirect)})
    if rewrite := _rewrite(route):
        filters.append({"type": "URLRewrite", "urlRewrite": rewrite})
    if route.mirror is not None:
        filters.append({"type": "RequestMirror", "requestMirror": _mirror(route.mirror, groups)})
    return filters


def _header_changes(changes: HeaderChangesConfig) -> dict[str, Any]:
    fields = {
        "set": [{"name": name, "value": value} for name, value in changes.set.items()],
        "add": [{"name": name, "value": value} for name, value in changes.add.items()],
        "remove": list(changes.remove),
    }
    return {key: value for key, value in fields.items() if value}


def _redirect(redirect: RedirectConfig) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "scheme": redirect.scheme,
        "hostname": redirect.hostname,
        "port": redirect.port,
        "path": _new_path(redirect.path, redirect.replace_prefix),
        "statusCode": redirect.status_code,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _rewrite(route: RouteConfig) -> dict[str, Any]:
    fields = {
        "hostname": route.replace_host,
        "path": _new_path(route.replace_path, route.replace_prefix),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _new_path(path: str | None, prefix: str | None) -> dict[str, str] | None:
    if path is not None:
        return {"type": "ReplaceFullPath", "replaceFullPath": path}
    return {"type": "ReplacePrefixMatch", "replacePrefixMatch": prefix} if prefix is not None else None


def _mirror(mirror: ServiceBackendConfig | GroupBackendConfig, groups: Groups) -> dict[str, Any]:
    reference = _backend(mirror, groups)
    del reference["weight"]
    percent = {"percent": mirror.weight} if mirror.weight < 100 else {}
    return {"backendRef": reference, **percent}


def _backend(backend: ServiceBackendConfig | GroupBackendConfig, groups: Groups) -> dict[str, Any]:
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


def _grants(name: str, ingress: IngressConfig, groups: Groups) -> list[Manifest]:
    """A ReferenceGrant in each namespace of backends other than the ingress's own."""
    services: dict[str, set[str]] = {}
    kinds: dict[str, set[str]] = {}
    for route in ingress.routes:
        for _, backend in route.targets:
            reference = _backend(backend, groups)
            namespace = reference.get("namespace")
            if namespace is not None and namespace != ingress.namespace:
                services.setdefault(namespace, set()).add(reference["name"])
                kinds.setdefault(namespace, set()).add(f"{route.kind}Route")
    return [
        manifest(
            GATEWAY_API,
            "ReferenceGrant",
            # Neither name can contain a dot, so no two ingresses share a grant.
            f"{ingress.namespace}.{name}",
            namespace,
            spec={
                "from": [
                    {"group": "gateway.networking.k8s.io", "kind": kind, "namespace": ingress.namespace}
                    for kind in sorted(kinds[namespace])
                ],
                "to": [{"group": "", "kind": "Service", "name": service} for service in sorted(names)],
            },
        )
        for namespace, names in sorted(services.items())
    ]
