"""Derives the request that a route of an ingress must answer, with any backend. Pure."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from hybrid_mesh.model.config.ingress import ListenerConfig
from hybrid_mesh.model.config.routes import MatchConfig, RouteConfig
from hybrid_mesh.operate.entrances import Entrance
from hybrid_mesh.operate.verify.checks import (
    MustRedirect,
    MustServe,
    Outside,
    Protocol,
    RequestCheck,
    origin_of,
    source_name,
)
from hybrid_mesh.operate.verify.curl import Request
from hybrid_mesh.operate.verify.reach import GRPC

_NAMED_HEADERS = ("host", ":authority")


def route_check(
    ingress: str,
    route: RouteConfig,
    listeners: Mapping[str, ListenerConfig],
    ways: Mapping[str, Entrance],
    seconds: float,
) -> RequestCheck | str:
    """The check of `route`, or why it cannot be checked. `listeners` are those that the route is attached to,
    `ways` those of them that this host can use, both by name."""
    if route.kind == "TCP":
        return "a gateway accepts every TCP connection, whether its backend is there or not"
    if not ways:
        return "it has no listener that can be probed"
    name, way = next(iter(ways.items()))
    host = next(iter(route.hostnames), listeners[name].hostname)
    host = host.replace("*", "www") if host else None
    if route.kind == "TLS":
        return _check(ingress, route, _passed_through(way, host or "", seconds), MustServe(Protocol.TLS))
    match = _usable(route)
    if match is None:
        return "it only matches regular expressions"
    options = [*way.options, *(("--insecure",) if way.url.startswith("https:") else ())]
    options += [*_options(match), *(("--header", f"Host:{host}") if host else ())]
    path = _path(match, route)
    if route.kind == "GRPC":
        options += GRPC if way.url.startswith("http:") else GRPC[1:]
        path = f"/{match.service or 'grpc.health.v1.Health'}/{match.method or 'Check'}"
    elif match.method:
        options += ["--head"] if match.method == "HEAD" else ["--request", match.method]
    request = Request(f"{way.url}{path}", seconds, tuple(options))
    if route.redirect is not None:
        return _check(ingress, route, request, MustRedirect(route.redirect.status_code))
    kind = Protocol.GRPC if route.kind == "GRPC" else Protocol.HTTP
    return _check(ingress, route, request, MustServe(kind))


def _check(
    ingress: str, route: RouteConfig, request: Request, expectation: MustServe | MustRedirect
) -> RequestCheck:
    destination, source = f"ingress {ingress}, route {route.name}", Outside()
    subject = f"{source_name(source)} → {destination}"
    target = frozenset({f"ingress {ingress}"})
    return RequestCheck(subject, source, destination, request, expectation, origin_of(source), target)


def _passed_through(way: Entrance, host: str, seconds: float) -> Request:
    """TLS with the backend, which the gateway chooses by the server name."""
    address = way.url.partition("://")[2]
    port = address.rpartition(":")[2]
    options = ("--connect-to", f"{host}:{port}:{address}", "--insecure")
    return Request(f"https://{host}:{port}/", seconds, options)


def _usable(route: RouteConfig) -> MatchConfig | None:
    """The first match without a regular expression."""
    for match in route.matches or (MatchConfig(),):
        values = (match.path, *match.headers, *match.query_parameters)
        if not any(each is not None and each.regular_expression for each in values):
            return match
    return None


def _options(match: MatchConfig) -> Iterator[str]:
    for header in match.headers:
        if header.name.lower() not in _NAMED_HEADERS:
            yield from ("--header", f"{header.name}:{header.exact}")


def _path(match: MatchConfig, route: RouteConfig) -> str:
    path = (match.path.exact or match.path.prefix or "/") if match.path is not None else "/"
    path = path if route.matches else route.path_prefix
    query = "&".join(f"{quote(each.name)}={quote(each.exact or '')}" for each in match.query_parameters)
    return f"{path}?{query}" if query else path
