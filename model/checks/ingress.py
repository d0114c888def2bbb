"""Rules on ingresses."""

from hybrid_mesh.model.checks.formats import is_host_name
from hybrid_mesh.model.checks.registry import ingress_rule
from hybrid_mesh.model.checks.routes import each_route
from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.routes import BackendConfig, GroupBackendConfig, ServiceBackendConfig
from hybrid_mesh.model.derive.object_names import service_name
from hybrid_mesh.model.istio_facts import GATEWAY_CLASS, PROXY_PORTS
from hybrid_mesh.model.reading.problems import Problem, Problems, format_value


@ingress_rule
def listeners_that_end_tls_have_a_certificate(
    mesh: MeshConfig, name: str, ingress: IngressConfig
) -> Problems:
    """A listener that ends TLS (`HTTPS`, and `TLS` with `mode: Terminate`) requires one of
    `certificateSecret`, `certificate` and `issuer`; others cannot have one. `mode: Passthrough` is for
    `TLS`. `issuer` requires `hostname`."""
    for index, listener in enumerate(ingress.listeners):
        path = f"ingress.{name}.listeners.{index}"
        sources = {
            "certificateSecret": listener.certificate_secret,
            "certificate": listener.certificate,
            "issuer": listener.issuer.name if listener.issuer else None,
        }
        found = {key: value for key, value in sources.items() if value is not None}
        if listener.mode is not None and listener.protocol in ("HTTP", "TCP"):
            yield Problem(
                f"{path}.mode",
                listener.mode,
                f"a listener of protocol {listener.protocol} has no TLS",
                "Leave it out, or set `protocol: TLS` or `HTTPS`.",
            )
        elif listener.mode == "Passthrough" and listener.protocol == "HTTPS":
            yield Problem(
                f"{path}.mode",
                "Passthrough",
                "an HTTPS listener ends TLS",
                "Set `protocol: TLS`, or leave it out.",
            )
        if not listener.terminates:
            for key, value in found.items():
                yield Problem(
                    f"{path}.{key}",
                    value,
                    f"this {listener.protocol} listener cannot use a certificate",
                    "Set `protocol: HTTPS`, or `mode: Terminate` with TLS, or leave the certificate out.",
                )
        elif not found:
            yield Problem(
                f"{path}.certificateSecret",
                "",
                f"this {listener.protocol} listener requires a certificate",
                f"Name the kubernetes.io/tls Secret in namespace {ingress.namespace} that holds it, or set "
                "`certificate` or `issuer`.",
            )
        elif len(found) > 1:
            key = list(found)[1]
            yield Problem(
                f"{path}.{key}", found[key], f"`{next(iter(found))}` is set, too", "Keep one of the two."
            )
        if listener.issuer is not None and listener.hostname is None:
            yield Problem(
                f"{path}.hostname",
                "",
                "required with `issuer`, which issues a certificate for it",
                "Set the host name.",
            )


@ingress_rule
def client_certificates_require_tls(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`clientCertificates: required` is for listeners that end TLS, of gateways of Istio's own class."""
    for index, listener in enumerate(ingress.listeners):
        path = f"ingress.{name}.listeners.{index}.clientCertificates"
        if listener.client_certificates == "ignored":
            continue
        if not listener.terminates:
            yield Problem(
                path,
                listener.client_certificates,
                f"this {listener.protocol} listener does not end TLS",
                "Leave it out, or set `protocol: HTTPS`.",
            )
        elif ingress.gateway_class != GATEWAY_CLASS:
            yield Problem(
                path,
                listener.client_certificates,
                f"gateways of class {ingress.gateway_class} do not read Istio's option",
                f"Set `gatewayClass: {GATEWAY_CLASS}`, or leave it out.",
            )


@ingress_rule
def tcp_listeners_have_no_host_name(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`hostname` is not allowed for `TCP`, whose connections have none."""
    for index, listener in enumerate(ingress.listeners):
        if listener.protocol == "TCP" and listener.hostname is not None:
            yield Problem(
                f"ingress.{name}.listeners.{index}.hostname",
                listener.hostname,
                "a TCP connection has no host name",
                "Leave it out, or set `protocol: TLS`.",
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
    for path, route in each_route(name, ingress):
        for index, host in enumerate(route.hostnames):
            yield from _host_name(f"{path}.hostnames.{index}", host)


@ingress_rule
def routes_match_a_listener(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`hostnames` must be accepted by a listener of the gateway."""
    for path, route in each_route(name, ingress):
        accepted = [listener.hostname for listener in ingress.listeners_of(route)]
        if not accepted:
            continue
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
    for path, route in each_route(name, ingress):
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
def backends_are_unique(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """A route cannot have the same backend twice."""
    for path, route in each_route(name, ingress):
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
    for path, route in each_route(name, ingress):
        for key, backend in route.targets:
            ports = _ports(mesh, backend)
            if ports is not None and backend.port not in ports:
                yield Problem(
                    f"{path}.{key}.port",
                    str(backend.port),
                    f"{_named(backend)} does not have this port",
                    f"It has: {', '.join(map(str, ports)) or 'none'}.",
                )


@ingress_rule
def vms_are_backends_of_istios_gateways(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`group` requires a gateway of Istio's own class. The Service of a group has no EndpointSlices, and a
    backend of kind Hostname is Istio's extension of the Gateway API."""
    for path, route in each_route(name, ingress):
        for key, backend in route.targets:
            if isinstance(backend, GroupBackendConfig) and ingress.gateway_class != GATEWAY_CLASS:
                yield Problem(
                    f"{path}.{key}.group",
                    backend.group,
                    f"gateways of class {ingress.gateway_class} cannot reach VMs",
                    f"Set `gatewayClass: {GATEWAY_CLASS}`, or choose a Service of the cluster.",
                )


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
