"""Rules on ingresses."""

from collections.abc import Iterator

from hybrid_mesh.model.checks.formats import is_host_name
from hybrid_mesh.model.checks.registry import ingress_rule
from hybrid_mesh.model.config.ingress import (
    BackendConfig,
    GroupBackendConfig,
    IngressConfig,
    RouteConfig,
    ServiceBackendConfig,
)
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.derive.object_names import service_name
from hybrid_mesh.model.istio_facts import GATEWAY_CLASS, PROXY_PORTS
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value


@ingress_rule
def https_listeners_have_a_certificate(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`certificateSecret` is required for `protocol: HTTPS`, and not allowed for `HTTP`."""
    for index, listener in enumerate(ingress.listeners):
        path = f"ingress.{name}.listeners.{index}.certificateSecret"
        if listener.protocol == "HTTPS" and listener.certificate_secret is None:
            yield Problem(
                path,
                "",
                "an HTTPS listener requires a certificate",
                f"Name the kubernetes.io/tls Secret in namespace {ingress.namespace} that holds it.",
            )
        if listener.protocol == "HTTP" and listener.certificate_secret is not None:
            yield Problem(
                path,
                listener.certificate_secret,
                "an HTTP listener cannot use a certificate",
                "Set `protocol: HTTPS`, or leave the certificate out.",
            )


@ingress_rule
def listeners_are_unique(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`name` must be unique; listeners on one port must have the same protocol and different host names."""
    names: set[str] = set()
    uses: dict[tuple[int, str | None], str] = {}
    protocols: dict[int, str] = {}
    for index, listener in enumerate(ingress.listeners):
        path = f"ingress.{name}.listeners.{index}"
        if listener.name in names:
            yield Problem(
                f"{path}.name", listener.name, "another listener has the same name", "Give each its own."
            )
        names.add(listener.name)
        first = uses.setdefault((listener.port, listener.hostname), path)
        protocol = protocols.setdefault(listener.port, listener.protocol)
        if first != path:
            yield Problem(
                f"{path}.port",
                str(listener.port),
                f"{first} has the same port and host name",
                "Choose another port, or a `hostname` for each.",
            )
        elif protocol != listener.protocol:
            yield Problem(
                f"{path}.protocol",
                listener.protocol,
                f"another listener on port {listener.port} has protocol {protocol}",
                "A port has one protocol: choose another port.",
            )


@ingress_rule
def listeners_do_not_use_proxy_ports(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`port` must not be a port that the gateway's proxy uses itself."""
    for index, listener in enumerate(ingress.listeners):
        if listener.port in PROXY_PORTS:
            yield Problem(
                f"ingress.{name}.listeners.{index}.port",
                str(listener.port),
                "the gateway's proxy uses this port itself",
                "Choose another one, for example 8080.",
            )


@ingress_rule
def ingress_host_names_are_valid(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """Host names of listeners and routes must be DNS names. The first label may be `*`."""
    for index, listener in enumerate(ingress.listeners):
        if listener.hostname is not None:
            yield from _host_name(f"ingress.{name}.listeners.{index}.hostname", listener.hostname)
    for path, route in _routes(name, ingress):
        for index, host in enumerate(route.hostnames):
            yield from _host_name(f"{path}.hostnames.{index}", host)


@ingress_rule
def routes_match_a_listener(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`hostnames` must be accepted by a listener of the gateway."""
    accepted = [listener.hostname for listener in ingress.listeners]
    for path, route in _routes(name, ingress):
        for index, host in enumerate(route.hostnames):
            if _is_host_pattern(host) and not any(_matches(pattern, host) for pattern in accepted):
                names = ", ".join(str(pattern) for pattern in accepted)
                yield Problem(
                    f"{path}.hostnames.{index}",
                    host,
                    "no listener of the ingress accepts this host name",
                    f"The listeners accept: {names}.",
                )


@ingress_rule
def weights_sum_to_100(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """The weights of several backends must sum to 100. The weight of a single backend must not be 0."""
    for path, route in _routes(name, ingress):
        weights = [backend.weight for backend in route.backends]
        if len(weights) > 1 and sum(weights) != 100:
            yield Problem(
                f"{path}.backends",
                " + ".join(map(str, weights)),
                f"the weights must sum to 100 (got {sum(weights)})",
                "Give each backend its share in percent.",
            )
        if weights == [0]:
            yield Problem(
                f"{path}.backends.0.weight",
                "0",
                "the only backend of the route gets no requests",
                "Leave the weight out.",
            )


@ingress_rule
def routes_are_unique(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """Two routes of a gateway cannot match the same requests."""
    owners: dict[tuple[str, str], str] = {}
    for path, route in _routes(name, ingress):
        taken = [owners.setdefault(request, path) for request in _requests(route)]
        first = next((owner for owner in taken if owner != path), None)
        if first is not None:
            yield Problem(
                f"{path}.pathPrefix",
                route.path_prefix,
                f"{first} matches the same requests",
                "Give them different paths or host names, or make them one route with weights.",
            )


@ingress_rule
def backends_are_unique(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """A route cannot have the same backend twice."""
    for path, route in _routes(name, ingress):
        targets: dict[tuple[str, str, int], int] = {}
        for index, backend in enumerate(route.backends):
            if targets.setdefault(_target(mesh, backend), index) != index:
                yield Problem(
                    f"{path}.backends.{index}",
                    _named(backend),
                    "the route already has this backend",
                    "Keep it once, with the sum of the weights.",
                )


@ingress_rule
def backend_ports_exist(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`port` must be a port of the group or, for the demo, of its Service."""
    for path, route in _routes(name, ingress):
        for index, backend in enumerate(route.backends):
            ports = _ports(mesh, backend)
            if ports is not None and backend.port not in ports:
                yield Problem(
                    f"{path}.backends.{index}.port",
                    str(backend.port),
                    f"{_named(backend)} does not have this port",
                    f"It has: {', '.join(map(str, ports))}.",
                )


@ingress_rule
def vms_are_backends_of_istios_gateways(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`group` requires a gateway of Istio's own class. The Service of a group has no EndpointSlices, and a
    backend of kind Hostname is Istio's extension of the Gateway API."""
    for path, route in _routes(name, ingress):
        for index, backend in enumerate(route.backends):
            if isinstance(backend, GroupBackendConfig) and ingress.gateway_class != GATEWAY_CLASS:
                yield Problem(
                    f"{path}.backends.{index}.group",
                    backend.group,
                    f"gateways of class {ingress.gateway_class} cannot reach VMs",
                    f"Set `gatewayClass: {GATEWAY_CLASS}`, or choose a Service of the cluster.",
                )


def _routes(name: str, ingress: IngressConfig) -> Iterator[tuple[str, RouteConfig]]:
    for index, route in enumerate(ingress.routes):
        yield f"ingress.{name}.routes.{index}", route


def _requests(route: RouteConfig) -> Iterator[tuple[str, str]]:
    """Host name (empty: any) and path of the requests that a route matches. A trailing slash is ignored.
    If two other routes overlap, the more specific one has precedence (Gateway API, HTTPRoute)."""
    for host in route.hostnames or ("",):
        yield host, route.path_prefix.rstrip("/") or "/"


def _target(mesh: MeshConfig, backend: BackendConfig) -> tuple[str, str, int]:
    if isinstance(backend, ServiceBackendConfig):
        return backend.namespace, backend.service, backend.port
    group = mesh.workload_groups[backend.group]
    return group.namespace, service_name(backend.group, group), backend.port


def _ports(mesh: MeshConfig, backend: BackendConfig) -> list[int] | None:
    """Ports of the backend, or None if the configuration does not show them."""
    if isinstance(backend, GroupBackendConfig):
        return sorted(port.port for port in mesh.workload_groups[backend.group].service_ports)
    for name, group in mesh.workload_groups.items():
        same = (group.namespace, service_name(name, group)) == (backend.namespace, backend.service)
        if same and group.ports and not group.custom_hosts:
            return sorted(port.port for port in group.service_ports)
    demo = mesh.demo
    if demo is not None and (demo.namespace, demo.service) == (backend.namespace, backend.service):
        return [demo.port]
    return None


def _named(backend: BackendConfig) -> str:
    if isinstance(backend, GroupBackendConfig):
        return f"group {backend.group}"
    return f"service {backend.service}.{backend.namespace}"


def _host_name(path: str, host: str) -> Problems:
    if not _is_host_pattern(host):
        yield Problem(
            path,
            format_value(host),
            "not a valid host name",
            "Write a DNS name in lower case, without scheme, port and path; it may begin with `*.`.",
        )


def _matches(pattern: str | None, host: str) -> bool:
    """Whether a listener for `pattern` accepts `host` (Gateway API: either may begin with `*.`)."""
    if pattern is None or pattern == host:
        return True
    if pattern.startswith("*."):
        return host.removeprefix("*").endswith(pattern[1:])
    return host.startswith("*.") and pattern.endswith(host[1:])


def _is_host_pattern(host: str) -> bool:
    return is_host_name(host.removeprefix("*."))
