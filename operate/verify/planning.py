"""Derives the list of checks from the plan and the members that were found. Pure."""

import math
from collections.abc import Iterator, Mapping

from hybrid_mesh.model.config.demo import DemoConfig
from hybrid_mesh.model.config.routes import BackendConfig, RouteConfig, ServiceBackendConfig
from hybrid_mesh.model.istio_facts import service_host
from hybrid_mesh.model.plan.types import GroupPlan, MeshPlan
from hybrid_mesh.operate.entrances import Entrance
from hybrid_mesh.operate.shell import Machine, Pod
from hybrid_mesh.operate.verify.checks import (
    MOST_REQUESTS,
    Check,
    Gap,
    MustAnswer,
    MustFail,
    Outside,
    RequestCheck,
    RequestFailure,
    Responder,
    Source,
    origin_of,
    source_name,
)
from hybrid_mesh.operate.verify.clients import request_command
from hybrid_mesh.operate.verify.reach import DENIED, UNREACHABLE
from hybrid_mesh.operate.verify.routes import route_check
from hybrid_mesh.operate.verify.site import Site

REQUEST_SECONDS = 2
REFUSAL_SECONDS = 1
CHANCE_OF_A_MISS = 1e-5
"""Maximum probability that a check misses a healthy responder by chance."""

Shares = Mapping[tuple[Responder, ...], float]


def plan_checks(
    plan: MeshPlan, site: Site, slowness: float = 1.0
) -> tuple[tuple[Check | RequestCheck, ...], tuple[Gap, ...]]:
    """Every check on `site` that needs no probe pod, and a gap for each missing member or check: those of
    the demo, which knows who answers how often, and those of the ingresses. `slowness` multiplies the timeout
    of a request."""
    planner = _Planner(plan, plan.demo, site, slowness)
    checks = (*planner.within(), *planner.ingresses(), *planner.refusals())
    return checks, (*site.gaps, *planner.missing_members(), *planner.gaps)


def requests_for(smallest_share: float) -> int:
    """The number of requests that reach a responder with the share `smallest_share` (0 < share <= 1) of
    all requests, except with the probability CHANCE_OF_A_MISS."""
    if smallest_share >= 1:
        return 1
    return min(MOST_REQUESTS, math.ceil(math.log(CHANCE_OF_A_MISS) / math.log(1 - smallest_share)))


class _Planner:
    def __init__(self, plan: MeshPlan, demo: DemoConfig | None, site: Site, slowness: float) -> None:
        self._plan, self._site, self._slowness = plan, site, slowness
        # Without a demo, nothing of it is in `site`.
        self._demo = demo or DemoConfig()
        self._group = plan.groups.get(demo.group) if demo and demo.group else None
        self.gaps: list[Gap] = []

    @property
    def _is_shared(self) -> bool:
        """Whether other workloads than the group's VMs may answer at its Service."""
        service = self._group.config.service if self._group else None
        return service is not None and (service.selector is not None or service.ownership == "existing")

    def missing_members(self) -> Iterator[Gap]:
        """Planned members that the site does not have, except those whose gap the site reports itself."""
        for cluster, pods in self._site.echo.items():
            if not pods:
                yield Gap(f"cluster {cluster}", "no pod of the demo is Ready", by_design=False)
        if self._group and self._is_shared:
            yield Gap(f"group {self._group.name}", "others may answer at its Service, too", by_design=True)
        for group, machines in self._site.machines.items():
            absent = {machine.name for machine in self._plan.groups[group].machines} - {
                m.name for m in machines
            }
            for name in sorted(absent):
                about = frozenset({f"VM {name}", f"group {group}"})
                yield Gap(f"VM {name}", "not running", by_design=False, about=about)

    def within(self) -> Iterator[Check]:
        """Checks from an echo pod of each cluster and from each VM to each destination."""
        host = service_host(self._demo.service, self._demo.namespace)
        for source in self._sources():
            if pods := self._pods():
                yield self._answered(
                    source, f"service {self._demo.service}", f"{host}:{self._demo.port}", pods
                )
            if self._group and not self._is_shared and (machines := self._machines(self._group)):
                for name in self._group.hosts:
                    target = f"{name}:{self._group.config.service_ports[0].port}"
                    yield self._answered(source, f"group {self._group.name}", target, machines)

    def ingresses(self) -> Iterator[Check | RequestCheck]:
        """Checks from outside through each route of each ingress."""
        for name, entrances in self._site.entrances.items():
            config = self._plan.ingresses[name].config
            for route in config.routes:
                listeners = {listener.name: listener for listener in config.listeners_of(route)}
                ways = {each.listener: each for each in entrances if each.listener in listeners}
                way = next(iter(ways.values()), None)
                shares = _is_plain(route) and way and self._shares(route)
                if shares and way:
                    yield from self._routed(name, way, route, shares)
                    continue
                check = route_check(name, route, listeners, ways, self._seconds(REQUEST_SECONDS))
                if isinstance(check, str):
                    about = frozenset({f"ingress {name}"})
                    subject = f"ingress {name}, route {route.name}"
                    self.gaps.append(Gap(subject, check, by_design=True, about=about))
                else:
                    yield check

    def refusals(self) -> Iterator[Check]:
        """Checks of requests that must fail, from the pods without a proxy."""
        for cluster, pods in self._site.outside.items():
            if not pods:
                self.gaps.append(
                    Gap(f"refusals in {cluster}", "the demo's pod without a proxy is not Ready", False)
                )
                continue
            yield from self._refused_by_pods(pods[0])

    def _refused_by_pods(self, outside: Pod) -> Iterator[Check]:
        network = self._plan.clusters[outside.cluster].network
        for cluster, pods in self._site.echo.items():
            if not pods:
                continue
            address = f"{pods[0].address}:{self._demo.port}"
            name = f"pod {pods[0].name} of {cluster}"
            if self._plan.clusters[cluster].network != network:
                destination = f"{name} by its address"
                yield self._refused(outside, destination, cluster, f"http://{address}/", UNREACHABLE)
                continue
            plain = f"{name} in plaintext"
            yield self._refused(outside, plain, cluster, f"http://{address}/", DENIED)
            anonymous = ("--insecure-skip-verify", "--alpn", "istio")
            tls = f"{name} by TLS without identity"
            yield self._refused(outside, tls, cluster, f"https://{address}/", DENIED, *anonymous)

    def _routed(
        self, ingress: str, way: Entrance, route: RouteConfig, shares: Mapping[Responder, float]
    ) -> Iterator[Check]:
        """The check of a route whose backends are all the demo's."""
        subject = f"ingress {ingress}, route {route.name}"
        gateways = self._site.gateways.get(ingress, ())
        if not gateways:
            about = frozenset({f"ingress {ingress}"})
            self.gaps.append(Gap(subject, "no pod of its gateway is Ready", by_design=False, about=about))
            return
        caller = self._identity(gateways[0].namespace, gateways[0].service_account)
        options = way.options
        if way.url.startswith("https:"):
            # The way to the backends is checked; whether you trust the certificate is not.
            options = ("--insecure", *options)
        if route.hostnames:
            options = (*options, "--header", f"Host:{route.hostnames[0]}")
        endpoints = _endpoint_shares(self._plan.clusters[gateways[0].cluster].network, shares)
        target = frozenset({f"ingress {ingress}"})
        url = f"{way.url}{_probed_path(route)}"
        yield self._must_answer(Outside(), subject, url, caller, endpoints, *options, target=target)

    def _shares(self, route: RouteConfig) -> dict[Responder, float] | None:
        """The shares of the requests that the responders of a route get; None unless all are the demo's."""
        shares: dict[Responder, float] = {}
        for backend in route.backends:
            responders = self._backend(backend)
            if responders is None:
                return None
            weight = backend.weight / (sum(each.weight for each in route.backends) or 1)
            shares.update({one: weight / len(responders) for one in responders})
        return shares

    def _backend(self, backend: BackendConfig) -> tuple[Responder, ...] | None:
        if self._plan.demo is None:
            return None
        if isinstance(backend, ServiceBackendConfig):
            demo = (backend.service, backend.namespace) == (self._demo.service, self._demo.namespace)
            return self._pods() if demo else None
        if self._group is None or self._group.name != backend.group:
            return None
        return self._machines(self._group) or None

    def _answered(
        self, source: Pod | Machine, destination: str, target: str, responders: tuple[Responder, ...]
    ) -> Check:
        shares = {one: 1 / len(responders) for one in responders}
        endpoints = _endpoint_shares(self._network(source), shares)
        members = frozenset(one.member for one in responders) | {destination}
        url = f"http://{target}/"
        return self._must_answer(source, destination, url, self._caller(source), endpoints, target=members)

    def _sources(self) -> Iterator[Pod | Machine]:
        for pods in self._site.echo.values():
            yield from pods[:1]
        for machines in self._site.machines.values():
            yield from machines

    def _pods(self) -> tuple[Responder, ...]:
        return tuple(
            Responder(
                hostname=pod.name,
                member=f"cluster {pod.cluster}",
                identity=self._identity(pod.namespace, pod.service_account),
                places=frozenset({pod.cluster}),
                network=self._plan.clusters[pod.cluster].network,
            )
            for pods in self._site.echo.values()
            for pod in pods
        )

    def _machines(self, group: GroupPlan) -> tuple[Responder, ...]:
        return tuple(
            Responder(
                hostname=machine.name,
                member=f"VM {machine.name}",
                identity=self._identity(group.namespace, group.service_account),
                places=frozenset({group.name, group.cluster}),
                network=group.network,
            )
            for machine in self._site.machines.get(group.name, ())
        )

    def _network(self, source: Pod | Machine) -> str:
        if isinstance(source, Pod):
            return self._plan.clusters[source.cluster].network
        return self._plan.groups[source.group].network

    def _caller(self, source: Source) -> str:
        match source:
            case Pod():
                return self._identity(source.namespace, source.service_account)
            case Machine():
                group = self._plan.groups[source.group]
                return self._identity(group.namespace, group.service_account)
            case Outside():
                return ""

    def _identity(self, namespace: str, service_account: str) -> str:
        return f"spiffe://{self._plan.trust_domain}/ns/{namespace}/sa/{service_account}"

    def _must_answer(
        self,
        source: Source,
        destination: str,
        url: str,
        caller: str,
        endpoints: Shares,
        *options: str,
        target: frozenset[str],
    ) -> Check:
        enough = {endpoint for endpoint, share in endpoints.items() if requests_for(share) < MOST_REQUESTS}
        requests = max(
            (requests_for(endpoints[endpoint] / len(endpoint)) for endpoint in enough), default=MOST_REQUESTS
        )
        everyone = frozenset(frozenset(one.member for one in endpoint) for endpoint in enough)
        expectation = MustAnswer(
            tuple(one for endpoint in endpoints for one in endpoint), caller, everyone, requests
        )
        command = request_command(source, url, self._seconds(REQUEST_SECONDS), requests, *options)
        subject = f"{source_name(source)} → {destination}"
        return Check(subject, source, destination, command, expectation, origin_of(source), target)

    def _refused(
        self,
        source: Pod,
        destination: str,
        target: str,
        url: str,
        reasons: frozenset[RequestFailure],
        *options: str,
    ) -> Check:
        command = request_command(source, url, self._seconds(REFUSAL_SECONDS), 1, *options)
        subject, ends = f"{source_name(source)} → {destination}", frozenset({f"cluster {target}"})
        expectation = MustFail(reasons)
        return Check(subject, source, destination, command, expectation, origin_of(source), ends)

    def _seconds(self, seconds: int) -> int:
        return math.ceil(seconds * self._slowness)


def _probed_path(route: RouteConfig) -> str:
    """A path that the route matches."""
    paths = [match.path for match in route.matches if match.path is not None]
    return next((path.exact or path.prefix or "/" for path in paths), route.path_prefix)


def _is_plain(route: RouteConfig) -> bool:
    """Whether a route passes on every request for a path, so that the demo's answers can be counted."""
    if route.kind != "HTTP" or route.redirect is not None:
        return False
    matched = {key for match in route.matches for key in match.model_fields_set} - {"path"}
    return not matched and all(match.path and not match.path.regular_expression for match in route.matches)


def _endpoint_shares(network: str, shares: Mapping[Responder, float]) -> Shares:
    """The endpoints that a proxy in `network` balances over, with their shares: the responders of this
    network one by one, those of another network together, as they are behind one gateway."""
    behind: dict[str, list[Responder]] = {}
    for one, share in shares.items():
        if share > 0:
            behind.setdefault(one.hostname if one.network == network else one.network, []).append(one)
    return {tuple(some): sum(shares[one] for one in some) for some in behind.values()}
