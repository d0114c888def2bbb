"""Rules on the routes of ingresses: what they match, and where they lead."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hybrid_mesh.model.checks.registry import ingress_rule
from hybrid_mesh.model.config.ingress import IngressConfig
from hybrid_mesh.model.config.mesh import MeshConfig
from hybrid_mesh.model.config.routes import (
    HeaderChangesConfig,
    MatchConfig,
    RouteConfig,
    TimeoutsConfig,
    ValueMatchConfig,
)
from hybrid_mesh.model.reading.problems import Problem, Problems, did_you_mean, format_value

HTTP_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_ONLY_HTTP: Final = ("path_prefix", "redirect", "replace_prefix", "replace_path", "replace_host", "timeouts")
_ALSO_GRPC: Final = ("matches", "request_headers", "response_headers", "mirror")
_UNITS: Final = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


def each_route(name: str, ingress: IngressConfig) -> Iterator[tuple[str, RouteConfig]]:
    for index, route in enumerate(ingress.routes):
        yield f"ingress.{name}.routes.{index}", route


@ingress_rule
def routes_have_their_kinds_keys(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """Paths, redirects, rewrites and time limits are for routes of kind `HTTP`; `matches`, changes of headers
    and mirrors are for `GRPC`, too. Routes of kind `TLS` require `hostnames`; those of `TCP` have none."""
    for path, route in each_route(name, ingress):
        refused = {"HTTP": (), "GRPC": _ONLY_HTTP}.get(route.kind, (*_ONLY_HTTP, *_ALSO_GRPC))
        for field in refused:
            if field in route.model_fields_set:
                alias = RouteConfig.model_fields[field].alias or field
                kinds = "HTTP" if field in _ONLY_HTTP else "HTTP and GRPC"
                yield Problem(
                    f"{path}.{alias}",
                    "",
                    f"this is for routes of kind {kinds}",
                    f"Leave it out, or change `kind: {route.kind}`.",
                )
        if route.kind == "TLS" and not route.hostnames:
            yield Problem(
                f"{path}.hostnames",
                "",
                "required for a route of kind TLS, which selects connections by server name",
                "List the host names.",
            )
        if route.kind == "TCP" and route.hostnames:
            yield Problem(
                f"{path}.hostnames",
                ", ".join(route.hostnames),
                "a TCP connection has no host name",
                "Leave them out, or use a listener of protocol TLS and `kind: TLS`.",
            )


@ingress_rule
def routes_are_for_fitting_listeners(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`listeners` must name listeners of the gateway that fit the route's kind; without it, one listener must
    fit. `HTTP` and `GRPC` are for protocols HTTP and HTTPS, `TLS` for TLS that is passed through, `TCP`
    for TCP and TLS that the gateway terminates."""
    known = {listener.name: listener for listener in ingress.listeners}
    for path, route in each_route(name, ingress):
        for index, wanted in enumerate(route.listeners):
            key = f"{path}.listeners.{index}"
            if wanted not in known:
                remedy = did_you_mean(wanted, known) or f"The listeners are: {', '.join(known)}."
                yield Problem(key, wanted, "no listener of the ingress has this name", remedy)
            elif route.kind not in known[wanted].kinds:
                yield Problem(
                    key,
                    wanted,
                    f"a route of kind {route.kind} cannot be attached to this listener",
                    f"It takes routes of kind {' and '.join(known[wanted].kinds)}.",
                )
            elif wanted in route.listeners[:index]:
                yield Problem(key, wanted, "this listener is already listed", "List each listener once.")
        if ingress.listeners and not route.listeners and not ingress.listeners_of(route):
            yield Problem(
                f"{path}.kind",
                route.kind,
                "no listener of the ingress takes routes of this kind",
                "Add a listener with a protocol for it, or change the kind.",
            )


@ingress_rule
def routes_lead_somewhere(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """A route must have either `backends` or `redirect`. A redirect cannot be combined with rewrites and a
    mirror, must change the URL, and must not lead to itself."""
    for path, route in each_route(name, ingress):
        redirect = route.redirect
        if redirect is None:
            if not route.backends:
                yield Problem(
                    f"{path}.backends", "", "a route requires backends", "List them, or set `redirect`."
                )
            continue
        others = {
            "backends": route.backends,
            "replacePrefix": route.replace_prefix,
            "replacePath": route.replace_path,
            "replaceHost": route.replace_host,
            "mirror": route.mirror,
        }
        for key, value in others.items():
            if value:
                yield Problem(f"{path}.{key}", "", "a redirect answers without a backend", "Leave this out.")
        if not redirect.model_fields_set - {"status_code"}:
            yield Problem(
                f"{path}.redirect",
                "",
                "it would lead to itself",
                "Set what changes, for example `scheme: https`.",
            )
        elif redirect.model_fields_set <= {"scheme", "status_code"} and _keeps_scheme(ingress, route):
            yield Problem(
                f"{path}.redirect.scheme",
                str(redirect.scheme),
                "the route is also for listeners of this scheme, whose requests it would redirect for ever",
                "Name the other listeners in `listeners`.",
            )


def _keeps_scheme(ingress: IngressConfig, route: RouteConfig) -> bool:
    wanted = "HTTPS" if route.redirect and route.redirect.scheme == "https" else "HTTP"
    return any(listener.protocol == wanted for listener in ingress.listeners_of(route))


@ingress_rule
def one_path_is_replaced(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`replacePath` cannot be combined with `replacePrefix`, nor `path` of a redirect. `replacePrefix`
    requires a path prefix in every match."""
    for path, route in each_route(name, ingress):
        redirect = route.redirect
        pairs = [(f"{path}.replacePath", route.replace_path, route.replace_prefix)]
        pairs += [(f"{path}.redirect.path", redirect.path, redirect.replace_prefix)] if redirect else []
        for key, full, prefix in pairs:
            if full is not None and prefix is not None:
                yield Problem(key, full, "`replacePrefix` is set, too", "Keep one of the two.")
        prefix = route.replace_prefix or (redirect.replace_prefix if redirect else None)
        for index, match in enumerate(route.matches if prefix is not None else ()):
            if match.path is not None and match.path.prefix is None:
                yield Problem(
                    f"{path}.matches.{index}.path",
                    "",
                    "`replacePrefix` replaces a prefix, and this match has none",
                    "Use `prefix` here, or `replacePath`.",
                )


@ingress_rule
def matches_are_complete(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`matches` replaces `pathPrefix`. Each path, header and query parameter of a match must have exactly one
    condition, and each header must be named once. Regular expressions must be valid."""
    for path, route in each_route(name, ingress):
        if route.matches and "path_prefix" in route.model_fields_set and route.kind == "HTTP":
            yield Problem(
                f"{path}.pathPrefix", route.path_prefix, "`matches` is set, too", "Move it into `matches`."
            )
        for index, match in enumerate(route.matches):
            yield from _complete(f"{path}.matches.{index}", route.kind, match)


def _complete(path: str, kind: str, match: MatchConfig) -> Problems:
    if not match.model_fields_set:
        yield Problem(path, "", "this match has no condition", "Add one, or remove the entry.")
    if match.path is not None:
        yield from _one_condition(f"{path}.path", match.path.model_dump(by_alias=True))
    for key, values in (("headers", match.headers), ("queryParameters", match.query_parameters)):
        names: set[str] = set()
        for index, value in enumerate(values):
            place = f"{path}.{key}.{index}"
            conditions = value.model_dump(by_alias=True, exclude={"name"})
            yield from _one_condition(place, conditions)
            if value.name.lower() in names:
                yield Problem(
                    f"{place}.name",
                    value.name,
                    "it is already in this match",
                    "Keep one entry for each name.",
                )
            names.add(value.name.lower())
    yield from _called(path, kind, match)


def _one_condition(path: str, conditions: Mapping[str, Any]) -> Problems:
    found = [key for key, value in conditions.items() if value is not None]
    if len(found) != 1:
        yield Problem(
            path,
            ", ".join(found),
            f"exactly one condition is required (got {len(found)})",
            f"Keep one of {', '.join(conditions)}.",
        )
    expression = conditions.get("regularExpression")
    if expression is not None:
        try:
            re.compile(expression)
        except re.error as error:
            yield Problem(
                f"{path}.regularExpression",
                format_value(expression),
                f"not a valid regular expression: {error}",
                "Correct it (RE2 syntax).",
            )


def _called(path: str, kind: str, match: MatchConfig) -> Problems:
    if kind == "GRPC":
        for key, value in (("path", match.path), ("queryParameters", match.query_parameters or None)):
            if value is not None:
                yield Problem(f"{path}.{key}", "", "this is for routes of kind HTTP", "Leave it out.")
        return
    if match.service is not None:
        yield Problem(
            f"{path}.service",
            match.service,
            "this is for routes of kind GRPC",
            "Leave it out, or set `kind: GRPC`.",
        )
    if match.method is not None and match.method not in HTTP_METHODS:
        yield Problem(
            f"{path}.method",
            match.method,
            "not a method of HTTP",
            f"Choose one of {', '.join(HTTP_METHODS)}.",
        )


@ingress_rule
def header_changes_do_not_conflict(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """A header can be in only one of `set`, `add` and `remove`."""
    for path, route in each_route(name, ingress):
        yield from _conflicts(f"{path}.requestHeaders", route.request_headers)
        yield from _conflicts(f"{path}.responseHeaders", route.response_headers)


def _conflicts(path: str, changes: HeaderChangesConfig) -> Problems:
    seen: dict[str, str] = {}
    for key, names in (
        ("set", list(changes.set)),
        ("add", list(changes.add)),
        ("remove", list(changes.remove)),
    ):
        for header in names:
            first = seen.setdefault(header.lower(), key)
            if first != key or names.count(header) > 1:
                yield Problem(
                    f"{path}.{key}", header, f"this header is already in `{first}`", "Keep one change of it."
                )


@ingress_rule
def time_limits_fit(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """`backendRequest` must not exceed `request` (Gateway API, `HTTPRouteTimeouts`)."""
    for path, route in each_route(name, ingress):
        limits: TimeoutsConfig = route.timeouts
        whole, single = limits.request, limits.backend_request
        if whole is not None and single is not None and 0 < _milliseconds(whole) < _milliseconds(single):
            yield Problem(
                f"{path}.timeouts.backendRequest",
                single,
                f"it exceeds `request` ({whole})",
                "Lower it, or raise `request`.",
            )


def _milliseconds(duration: str) -> int:
    parts = re.findall(r"([0-9]+)(ms|h|m|s)", duration)
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


@ingress_rule
def routes_are_unique(mesh: MeshConfig, name: str, ingress: IngressConfig) -> Problems:
    """Two routes of a listener cannot match the same requests or connections."""
    owners: dict[tuple[object, ...], str] = {}
    for path, route in each_route(name, ingress):
        requests = list(_requests(ingress, route))
        taken = [(owners.setdefault(request, path), key) for request, key in requests]
        first = next(((owner, key) for owner, key in taken if owner != path), None)
        if first is not None:
            key = first[1]
            value = route.path_prefix if key == "pathPrefix" else ""
            yield Problem(
                f"{path}.{key}",
                value,
                f"{first[0]} matches the same requests",
                "Give them different paths or host names, or make them one route with weights.",
            )


def _requests(ingress: IngressConfig, route: RouteConfig) -> Iterator[tuple[tuple[object, ...], str]]:
    """What a route matches: listener, host name (empty: any) and conditions, and the key that says so. A
    trailing slash of a prefix is ignored. If two other routes overlap, the more specific one has precedence
    (Gateway API, HTTPRoute)."""
    kind = "HTTP" if route.kind in ("HTTP", "GRPC") else route.kind
    for listener in ingress.listeners_of(route):
        for host in route.hostnames or ("",):
            for condition, key in _conditions(route):
                yield (listener.name, kind, host, condition), key


def _conditions(route: RouteConfig) -> Iterator[tuple[object, str]]:
    if route.kind in ("TLS", "TCP"):
        yield "", "hostnames" if route.kind == "TLS" else "kind"
    elif route.kind == "GRPC":
        for index, match in enumerate(route.matches):
            yield ("grpc", match.service, match.method, _values(match.headers)), f"matches.{index}"
        if not route.matches:
            yield ("grpc",), "kind"
    elif route.matches:
        for index, match in enumerate(route.matches):
            yield _condition(match), f"matches.{index}"
    else:
        yield ("prefix", _bare(route.path_prefix), None, (), ()), "pathPrefix"


def _condition(match: MatchConfig) -> tuple[object, ...]:
    path = match.path
    kind, value = "prefix", "/"
    if path is not None and path.exact is not None:
        kind, value = "exact", path.exact
    elif path is not None and path.regular_expression is not None:
        kind, value = "expression", path.regular_expression
    elif path is not None:
        value = _bare(path.prefix or "/")
    return kind, value, match.method, _values(match.headers), _values(match.query_parameters)


def _values(values: tuple[ValueMatchConfig, ...]) -> tuple[tuple[str, str | None, str | None], ...]:
    found = [(each.name.lower(), each.exact, each.regular_expression) for each in values]
    return tuple(sorted(found, key=str))


def _bare(prefix: str) -> str:
    return prefix.rstrip("/") or "/"
