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
    RequestFailure,
    Responder,
    Source,
    source_name,
)
from hybrid_mesh.operate.verify.clients import request_command
from hybrid_mesh.operate.verify.site import Site

REQUEST_SECONDS = 2
REFUSAL_SECONDS = 1
CHANCE_OF_A_MISS = 1e-5
"""Maximum probability that a check misses a healthy responder by chance."""
DENIED = frozenset({RequestFailure.CLOSED, RequestFailure.TLS_ALERT})
UNREACHABLE = frozenset({RequestFailure.NO_ROUTE})

Shares = Mapping[tuple[Responder, ...], float]


def plan_checks(
    plan: MeshPlan, demo: DemoConfig, site: Site, slowness: float = 1.0
) -> tuple[tuple[Check, ...], tuple[Gap, ...]]:
    """Every possible check on `site`, and a gap for each missing member or check. `slowness` multiplies
    the timeout of a request."""
    planner = _Planner(plan, demo, site, slowness)
    checks = (*planner.within(), *planner.ingresses(), *planner.refusals())
    return checks, (*site.gaps, *planner.missing_members(), *planner.gaps)


def requests_for(smallest_share: float) -> int:
    """The number of requests that reach a responder with the share `smallest_share` (0 < share <= 1) of
    all requests, except with the probability CHANCE_OF_A_MISS."""
    if smallest_share >= 1:
        return 1
    return min(MOST_REQUESTS, math.ceil(math.log(CHANCE_OF_A_MISS) / math.log(1 - smallest_share)))


class _Planner:
    def __init__(self, plan: MeshPlan, demo: DemoConfig, site: Site, slowness: float) -> None:
        self._plan, self._demo, self._site, self._slowness = plan, demo, site, slowness
        self._group = plan.groups.get(demo.group) if demo.group else None
        self.gaps: list[Gap] = []

    @property
    def _is_shared(self) -> bool:
        """Whether other workloads than the group's VMs may answer at its Service."""
        service = self._group.config.service if self._group else None
        return service is not None and (service.selector is not None or service.ownership == "existing")

    def missing_members(self) -> Iterator[Gap]:
        """Planned members that the site does not have, except those whose gap the site reports itself, and
        groups that are not called."""
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
                yield Gap(f"VM {name}", "not running", by_design=False)
            if group != self._demo.group:
                yield Gap(f"group {group}", "not called, as the demo does not run on it", by_design=True)

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

    def ingresses(self) -> Iterator[Check]:
        """Checks from outside through each route of each ingress."""
        for name, entrances in self._site.entrances.items():
            config = self._plan.ingresses[name].config
            for route in config.routes:
                attached = {listener.name for listener in config.listeners_of(route)}
                way = next((each for each in entrances if each.listener in attached), None)
                reason = _not_probed(route) or ("" if way else "it has no listener that can be probed")
                if reason or way is None:
                    self.gaps.append(Gap(f"ingress {name}, route {route.name}", reason, by_design=True))
                elif check := self._routed(name, way, route):
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
            yield from self._refused_by_machines(pods[0])

    def _refused_by_pods(self, outside: Pod) -> Iterator[Check]:
        network = self._plan.clusters[outside.cluster].network
        for cluster, pods in self._site.echo.items():
            if not pods:
                continue
            address = f"{pods[0].address}:{self._demo.port}"
            name = f"pod {pods[0].name} of {cluster}"
            if self._plan.clusters[cluster].network != network:
                yield self._refused(outside, f"{name} by its address", f"http://{address}/", UNREACHABLE)
                continue
            yield self._refused(outside, f"{name} in plaintext", f"http://{address}/", DENIED)
            anonymous = ("--insecure-skip-verify", "--alpn", "istio")
            yield self._refused(
                outside, f"{name} by TLS without identity", f"https://{address}/", DENIED, *anonymous
            )

    def _refused_by_machines(self, outside: Pod) -> Iterator[Check]:
        network = self._plan.clusters[outside.cluster].network
        for group, machines in self._site.machines.items():
            plan = self._plan.groups[group]
            ports = plan.config.service_ports
            if plan.network == network and ports:
                for machine in machines:
                    url = f"http://{machine.address}:{ports[0].target}/"
                    yield self._refused(outside, f"VM {machine.name} in plaintext", url, DENIED)

    def _routed(self, ingress: str, way: Entrance, route: RouteConfig) -> Check | None:
        subject = f"ingress {ingress}, route {route.name}"
        gateways = self._site.gateways.get(ingress, ())
        if not gateways:
            self.gaps.append(Gap(subject, "no pod of its gateway is Ready", by_design=False))
            return None
        shares: dict[Responder, float] = {}
        for backend in route.backends:
            responders = self._backend(backend)
            if responders is None:
                self.gaps.append(
                    Gap(subject, "one of its backends is not the demo, or cannot be probed", by_design=True)
                )
                return None
            weight = backend.weight / (sum(each.weight for each in route.backends) or 1)
            shares.update({one: weight / len(responders) for one in responders})
        caller = self._identity(gateways[0].namespace, gateways[0].service_account)
        options = way.options
        if way.url.startswith("https:"):
            # The way to the backends is checked; whether you trust the certificate is not.
            options = ("--insecure", *options)
        if route.hostnames:
            options = (*options, "--header", f"Host:{route.hostnames[0]}")
        endpoints = _endpoint_shares(self._plan.clusters[gateways[0].cluster].network, shares)
        return self._must_answer(
            Outside(), subject, f"{way.url}{_probed_path(route)}", caller, endpoints, *options
        )

    def _backend(self, backend: BackendConfig) -> tuple[Responder, ...] | None:
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
        return self._must_answer(source, destination, f"http://{target}/", self._caller(source), endpoints)

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
        self, source: Source, destination: str, url: str, caller: str, endpoints: Shares, *options: str
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
        return Check(f"{source_name(source)} → {destination}", source, destination, command, expectation)

    def _refused(
        self, source: Pod, destination: str, url: str, reasons: frozenset[RequestFailure], *options: str
    ) -> Check:
        command = request_command(source, url, self._seconds(REFUSAL_SECONDS), 1, *options)
        return Check(
            f"{source_name(source)} → {destination}", source, destination, command, MustFail(reasons)
        )

    def _seconds(self, seconds: int) -> int:
        return math.ceil(seconds * self._slowness)


def _probed_path(route: RouteConfig) -> str:
    """A path that the route matches."""
    paths = [match.path for match in route.matches if match.path is not None]
    return next((path.exact or path.prefix or "/" for path in paths), route.path_prefix)


def _not_probed(route: RouteConfig) -> str:
    """Why no request is sent to a route; "" for a route that the demo can answer."""
    if route.kind != "HTTP":
        return f"it is of kind {route.kind}"
    if route.redirect is not None:
        return "it is a redirect"
    matched = {key for match in route.matches for key in match.model_fields_set} - {"path"}
    if matched or any(match.path is None or match.path.regular_expression for match in route.matches):
        return "it matches more than a path"
    return ""


def _endpoint_shares(network: str, shares: Mapping[Responder, float]) -> Shares:
    """The endpoints that a proxy in `network` balances over, with their shares: the responders of this
    network one by one, those of another network together, as they are behind one gateway."""
    behind: dict[str, list[Responder]] = {}
    for one, share in shares.items():
        if share > 0:
            behind.setdefault(one.hostname if one.network == network else one.network, []).append(one)
    return {tuple(some): sum(shares[one] for one in some) for some in behind.values()}
