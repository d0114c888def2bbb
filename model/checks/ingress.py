"""Rules on ingresses."""

from collections.abc import Iterator

from model.checks.formats import is_host_name
from model.checks.registry import rule
from model.config.ingress import (
    BackendConfig,
    GroupBackendConfig,
    IngressConfig,
    RouteConfig,
    ServiceBackendConfig,
)
from model.config.mesh import MeshConfig
from model.istio_facts import PROXY_PORTS
from model.reading.problems import Problem, format_value


@rule
def https_listeners_have_a_certificate(mesh: MeshConfig) -> Iterator[Problem]:
    """A listener has a certificate when it speaks HTTPS, and only then."""
    for name, ingress in mesh.ingress.items():
        for index, listener in enumerate(ingress.listeners):
            path = f"ingress.{name}.listeners.{index}.certificateSecret"
            if listener.protocol == "HTTPS" and listener.certificate_secret is None:
                yield Problem(
                    path,
                    "",
                    "an HTTPS listener needs a certificate",
                    f"Name the kubernetes.io/tls Secret in namespace {ingress.namespace} that holds it.",
                )
            if listener.protocol == "HTTP" and listener.certificate_secret is not None:
                yield Problem(
                    path,
                    listener.certificate_secret,
                    "an HTTP listener has no use for a certificate",
                    "Set `protocol: HTTPS`, or leave the certificate out.",
                )


@rule
def listeners_are_told_apart(mesh: MeshConfig) -> Iterator[Problem]:
    """Listeners have names of their own, and a port has one protocol and each host name once."""
    for name, ingress in mesh.ingress.items():
        names: set[str] = set()
        uses: dict[tuple[int, str | None], str] = {}
        protocols: dict[int, str] = {}
        for index, listener in enumerate(ingress.listeners):
            path = f"ingress.{name}.listeners.{index}"
            if listener.name in names:
                yield Problem(
                    f"{path}.name", listener.name, "another listener has this name", "Give each its own."
                )
            names.add(listener.name)
            first = uses.setdefault((listener.port, listener.hostname), path)
            protocol = protocols.setdefault(listener.port, listener.protocol)
            if first != path:
                yield Problem(
                    f"{path}.port",
                    str(listener.port),
                    f"{first} listens at this port for the same host names",
                    "Choose another port, or a `hostname` for each.",
                )
            elif protocol != listener.protocol:
                yield Problem(
                    f"{path}.protocol",
                    listener.protocol,
                    f"another listener of port {listener.port} speaks {protocol}",
                    "A port has one protocol: choose another port.",
                )


@rule
def listeners_leave_the_proxys_ports_alone(mesh: MeshConfig) -> Iterator[Problem]:
    """No listener uses a port of the gateway's proxy."""
    for name, ingress in mesh.ingress.items():
        for index, listener in enumerate(ingress.listeners):
            if listener.port in PROXY_PORTS:
                yield Problem(
                    f"ingress.{name}.listeners.{index}.port",
                    str(listener.port),
                    "the gateway's proxy uses this port itself",
                    "Choose another one, for example 8080.",
                )


@rule
def host_names_of_an_ingress_are_names(mesh: MeshConfig) -> Iterator[Problem]:
    """Host names of listeners and routes are DNS names, the first label of which may be `*`."""
    for name, ingress in mesh.ingress.items():
        for index, listener in enumerate(ingress.listeners):
            if listener.hostname is not None:
                yield from _host_name(f"ingress.{name}.listeners.{index}.hostname", listener.hostname)
        for path, route in _routes(name, ingress):
            for index, host in enumerate(route.hostnames):
                yield from _host_name(f"{path}.hostnames.{index}", host)


@rule
def routes_meet_a_listener(mesh: MeshConfig) -> Iterator[Problem]:
    """A route's host names are such as a listener answers for."""
    for name, ingress in mesh.ingress.items():
        answered = [listener.hostname for listener in ingress.listeners]
        for path, route in _routes(name, ingress):
            for index, host in enumerate(route.hostnames):
                if not any(_matches(pattern, host) for pattern in answered):
                    names = ", ".join(str(pattern) for pattern in answered)
                    yield Problem(
                        f"{path}.hostnames.{index}",
                        host,
                        "no listener of the ingress answers for this host",
                        f"The listeners answer for: {names}.",
                    )


@rule
def weights_sum_to_100(mesh: MeshConfig) -> Iterator[Problem]:
    """Weights of several backends sum to 100; a single one has some."""
    for name, ingress in mesh.ingress.items():
        for path, route in _routes(name, ingress):
            weights = [backend.weight for backend in route.backends]
            if len(weights) > 1 and sum(weights) != 100:
                yield Problem(
                    f"{path}.backends",
                    " + ".join(map(str, weights)),
                    f"the weights sum to {sum(weights)}, not to 100",
                    "Give each backend its share in percent.",
                )
            if weights == [0]:
                yield Problem(
                    f"{path}.backends.0.weight",
                    "0",
                    "the only backend of the route gets no requests",
                    "Leave the weight out.",
                )


@rule
def routes_are_told_apart(mesh: MeshConfig) -> Iterator[Problem]:
    """No two routes of an ingress match the same requests, nor has a route the same backend twice."""
    for name, ingress in mesh.ingress.items():
        matches: dict[tuple[tuple[str, ...], str], str] = {}
        for path, route in _routes(name, ingress):
            key = (tuple(sorted(route.hostnames)), route.path_prefix)
            first = matches.setdefault(key, path)
            if first != path:
                yield Problem(
                    f"{path}.pathPrefix",
                    route.path_prefix,
                    f"{first} matches the same requests",
                    "Give them different paths or host names, or make them one route with weights.",
                )
            targets: dict[tuple[str, str, int], int] = {}
            for index, backend in enumerate(route.backends):
                if targets.setdefault(_target(mesh, backend), index) != index:
                    yield Problem(
                        f"{path}.backends.{index}",
                        _named(backend),
                        "the route has this backend already",
                        "Keep it once, with the sum of the weights.",
                    )


@rule
def backends_have_their_ports(mesh: MeshConfig) -> Iterator[Problem]:
    """The port of a backend is one that the group, or the demo's Service, has."""
    for name, ingress in mesh.ingress.items():
        for path, route in _routes(name, ingress):
            for index, backend in enumerate(route.backends):
                ports = _ports(mesh, backend)
                if ports is not None and backend.port not in ports:
                    yield Problem(
                        f"{path}.backends.{index}.port",
                        str(backend.port),
                        f"{_named(backend)} has no such port",
                        f"It has: {', '.join(map(str, ports))}.",
                    )


def _routes(name: str, ingress: IngressConfig) -> Iterator[tuple[str, RouteConfig]]:
    for index, route in enumerate(ingress.routes):
        yield f"ingress.{name}.routes.{index}", route


def _target(mesh: MeshConfig, backend: BackendConfig) -> tuple[str, str, int]:
    if isinstance(backend, ServiceBackendConfig):
        return backend.namespace, backend.service, backend.port
    group = mesh.workload_groups.get(backend.group)
    return (group.namespace if group else "", backend.group, backend.port)


def _ports(mesh: MeshConfig, backend: BackendConfig) -> list[int] | None:
    """Ports of the backend, or None where they are not the configuration's to know."""
    if isinstance(backend, GroupBackendConfig):
        group = mesh.workload_groups.get(backend.group)
        return sorted(group.ports.values()) if group else None
    group = mesh.workload_groups.get(backend.service)
    if group is not None and group.namespace == backend.namespace and not group.host:
        return sorted(group.ports.values())
    demo = mesh.demo
    if demo is not None and (demo.namespace, demo.service) == (backend.namespace, backend.service):
        return [demo.port]
    return None


def _named(backend: BackendConfig) -> str:
    if isinstance(backend, GroupBackendConfig):
        return f"group {backend.group}"
    return f"service {backend.service}.{backend.namespace}"


def _host_name(path: str, host: str) -> Iterator[Problem]:
    if not is_host_name(host.removeprefix("*.")):
        yield Problem(
            path,
            format_value(host),
            "this is no host name",
            "Write a DNS name in lower case, without scheme, port and path; `*.` may begin it.",
        )


def _matches(pattern: str | None, host: str) -> bool:
    """Whether a listener for `pattern` answers for `host` (Gateway API: either may begin with `*.`)."""
    if pattern is None or pattern == host:
        return True
    if pattern.startswith("*."):
        return host.removeprefix("*").endswith(pattern[1:])
    return host.startswith("*.") and pattern.endswith(host[1:])
