"""Finds the pods, VMs and ingresses of a running mesh for the checks."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from hybrid_mesh.model.config.demo import DemoConfig
from hybrid_mesh.model.derive.namespaces import outside_namespace
from hybrid_mesh.model.objects.demo import OUTSIDE
from hybrid_mesh.model.plan.types import IngressPlan, MeshPlan
from hybrid_mesh.operate.entrances import Entrance, entrance, is_entrance
from hybrid_mesh.operate.shell import (
    Machine,
    NotProbedError,
    NotReachableError,
    Pod,
    Registration,
    Shell,
)
from hybrid_mesh.operate.verify.checks import Gap

GATEWAY_SELECTOR = "gateway.networking.k8s.io/gateway-name={name}"
"""The label that Istio's gateway controller sets on gateway pods (Gateway API, GEP-1762)."""

REACH_SECONDS = 4.0
"""How long the API server of a cluster may take to answer at all."""

Found = TypeVar("Found")

_MEMBER = {
    "cluster": "cluster",
    "outside": "cluster",
    "requests of VMs of group": "group",
    "VMs of group": "group",
}
"""What is asked for -> the kind of its members; others are of ingresses."""


@dataclass(frozen=True)
class Site:
    """The members of a mesh. `echo` and `outside` are by cluster, `machines`, into which this host can send
    commands, and `registered` by group; `gateways` (its gateway's pods) and `entrances` (of its listeners
    that this host can use) by ingress."""

    echo: Mapping[str, tuple[Pod, ...]]
    outside: Mapping[str, tuple[Pod, ...]]
    machines: Mapping[str, tuple[Machine, ...]]
    registered: Mapping[str, tuple[Registration, ...]]
    gateways: Mapping[str, tuple[Pod, ...]]
    entrances: Mapping[str, tuple[Entrance, ...]]
    gaps: tuple[Gap, ...]


def unreachable(plan: MeshPlan, shell: Shell) -> dict[str, str]:
    """The active clusters whose API servers do not answer, each with the reason. Nothing else is asked of
    them: every question would take its whole time limit."""
    active = [name for name, cluster in plan.clusters.items() if cluster.active]

    def reason(cluster: str) -> str:
        question = ("get", "--raw", "/version", f"--request-timeout={REACH_SECONDS:.0f}s")
        try:
            done = shell.kubectl(cluster, question, "", REACH_SECONDS + 1)
        except NotReachableError as error:
            return str(error)
        lines = done.stderr.strip().splitlines() or [f"kubectl ended with {done.returncode}"]
        return (
            f"its API server does not answer: {lines[-1].removeprefix('error: ')}" if done.returncode else ""
        )

    with ThreadPoolExecutor(max_workers=max(1, len(active))) as pool:
        return {name: found for name, found in zip(active, pool.map(reason, active), strict=True) if found}


def observe(plan: MeshPlan, shell: Shell, absent: Collection[str] = ()) -> Site:
    """Asks `shell` for every member of the mesh in parallel. Members that are not reachable become gaps; of
    the `absent` clusters nothing is asked."""
    active = [name for name, cluster in plan.clusters.items() if cluster.active and name not in absent]
    ingresses = {name: ingress for name, ingress in plan.ingresses.items() if ingress.cluster in active}

    with ThreadPoolExecutor(max_workers=16) as pool:
        idle = [name for name, cluster in plan.clusters.items() if not cluster.active]
        survey = _Survey(pool, [Gap(f"cluster {name}", "quarantined", by_design=True) for name in idle])
        echo, outside = (
            survey.ask(kind, active if space else (), _labelled(shell, space, app))
            for kind, space, app in _demo_pods(plan.demo)
        )
        agents = [
            name for name, group in plan.groups.items() if group.config.has_agent and group.cluster in active
        ]
        registered = survey.ask("VMs of group", agents, lambda group: tuple(shell.registrations(group)))
        machines = survey.ask(
            "requests of VMs of group", plan.groups, lambda group: tuple(shell.machines(group))
        )
        gateways = survey.ask("gateway", ingresses, lambda name: _gateway_pods(shell, name, ingresses[name]))
        ways = survey.ask("ingress", ingresses, lambda name: _entrances(shell, name, ingresses[name]))
        return Site(echo(), outside(), machines(), registered(), gateways(), ways(), tuple(survey.gaps))


class _Survey:
    def __init__(self, pool: ThreadPoolExecutor, gaps: list[Gap]) -> None:
        self._pool = pool
        self.gaps = gaps

    def ask(
        self, kind: str, names: Iterable[str], question: Callable[[str], Found]
    ) -> Callable[[], dict[str, Found]]:
        """Starts `question` for each name. The result waits for the answers."""
        futures = {name: self._pool.submit(question, name) for name in names}

        def answers() -> dict[str, Found]:
            found: dict[str, Found] = {}
            for name, future in futures.items():
                try:
                    found[name] = future.result()
                except NotReachableError as reason:
                    by_design = isinstance(reason, NotProbedError)
                    about = frozenset({f"{_MEMBER.get(kind, 'ingress')} {name}"})
                    self.gaps.append(Gap(f"{kind} {name}", str(reason), by_design, about))
            return found

        return answers


def _demo_pods(demo: DemoConfig | None) -> tuple[tuple[str, str, str], ...]:
    """Of the demo's pods with and without a proxy: their kind, namespace and label."""
    if demo is None:
        return (("cluster", "", ""), ("outside", "", ""))
    return (
        ("cluster", demo.namespace, demo.service),
        ("outside", outside_namespace(demo), OUTSIDE),
    )


def _labelled(shell: Shell, namespace: str, app: str) -> Callable[[str], tuple[Pod, ...]]:
    return lambda cluster: tuple(shell.pods(cluster, namespace, f"app={app}"))


def _gateway_pods(shell: Shell, name: str, ingress: IngressPlan) -> tuple[Pod, ...]:
    return tuple(shell.pods(ingress.cluster, ingress.namespace, GATEWAY_SELECTOR.format(name=name)))


def _entrances(shell: Shell, name: str, ingress: IngressPlan) -> tuple[Entrance, ...]:
    found = [each for each in ingress.config.listeners if is_entrance(each) or "TLS" in each.kinds]
    if not found:
        raise NotProbedError("no listener for HTTP or TLS without certificates of clients")
    return tuple(entrance(listener, shell.ingress_url(name, listener.port)) for listener in found)
