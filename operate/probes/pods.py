"""Creates probe pods in every active cluster, and removes them."""

import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hybrid_mesh.model.istio_facts import SYSTEM_NAMESPACE
from hybrid_mesh.model.plan.types import ClusterPlan, MeshPlan
from hybrid_mesh.operate.probes import objects
from hybrid_mesh.operate.probes.owner import Mark, is_left_over, this_process
from hybrid_mesh.operate.probes.state import PodState, state_of
from hybrid_mesh.operate.shell import NotReachableError, Pod, Shell

LIFE = timedelta(minutes=10)
"""How long probes may be used. Kubernetes ends them then, and anybody removes what is left."""
CALL_SECONDS = 5.0
START_SECONDS = 8.0
"""How long a pod whose image is there may take to get ready."""
PULL_SECONDS = 30.0
"""How long its image may take."""
LOOK_SECONDS = 5.0
"""How long pods that are starting are waited for before their states are looked at."""
_NAMES = (objects.PROBE, objects.OUTSIDE)
PROXY = "istio-proxy"
"""The container of the sidecar proxy."""
_PREFIX = "hybrid-mesh-probe-"
_LONGEST_REASON = 300


class ProbeError(Exception):
    """A cluster has no probes; the text says why."""


@dataclass(frozen=True)
class Probe:
    """The probes of one cluster: the pod with a sidecar proxy, which the mesh knows as `host` and `identity`,
    and the one without."""

    cluster: str
    inside: Pod
    outside: Pod
    host: str
    identity: str


@dataclass
class ProbePods:
    """The probes of a mesh. `found` has those that are ready, by cluster, `failures` why the others are
    not."""

    plan: MeshPlan
    shell: Shell
    image: str | None
    life: timedelta
    slowness: float
    namespace: str = field(default_factory=lambda: f"{_PREFIX}{secrets.token_hex(4)}")
    found: dict[str, Probe] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    _waiting: set[str] = field(default_factory=set)
    """Clusters whose pods are there and may still get ready."""
    _touched: set[str] = field(default_factory=set)
    """Clusters where something may have been created. What one that did not answer in time has created after
    all is removed by the next command."""
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def clusters(self) -> list[ClusterPlan]:
        return [cluster for cluster in self.plan.clusters.values() if cluster.active]

    def ensure(self) -> None:
        """Creates what is missing, in all clusters at once."""
        missing = [cluster for cluster in self.clusters if cluster.name not in self.found]
        if not missing:
            return
        with ThreadPoolExecutor(max_workers=len(missing)) as pool:
            list(pool.map(self._ensure, missing))

    def abandon(self) -> None:
        """Lets `ensure`, which runs in another thread, end soon."""
        self._ended.set()

    def remove(self) -> None:
        """Asks every cluster to delete what was created there, and does not wait for it."""
        self._ended.set()
        with ThreadPoolExecutor(max_workers=max(1, len(self._touched))) as pool:
            list(pool.map(lambda cluster: self._delete(cluster, self.namespace), sorted(self._touched)))
        self._touched.clear()

    def remove_left_overs(self) -> None:
        """Deletes what commands left that were killed. A cluster that does not answer is left out."""
        with ThreadPoolExecutor(max_workers=max(1, len(self.clusters))) as pool:
            list(pool.map(self._remove_left_overs, self.clusters))

    def _remove_left_overs(self, cluster: ClusterPlan) -> None:
        try:
            found = self.shell.objects(cluster.name, "namespaces", timeout=CALL_SECONDS)
        except NotReachableError:
            return
        now = datetime.now(UTC)
        for space in found:
            about = space["metadata"]
            ours = objects.MANAGED.items() <= (about.get("labels") or {}).items()
            there = ours and not about.get("deletionTimestamp")
            if there and is_left_over(about.get("annotations") or {}, now):
                self._delete(cluster.name, about["name"])

    def _delete(self, cluster: str, namespace: str) -> None:
        arguments = ["delete", "namespace", namespace, "--wait=false", "--ignore-not-found"]
        try:
            self.shell.kubectl(cluster, arguments, "", CALL_SECONDS)
        except NotReachableError:
            # The next command removes it, as its owner has ended.
            return

    def _ensure(self, cluster: ClusterPlan) -> None:
        name = cluster.name
        try:
            if name not in self._waiting:
                self._create(cluster)
                self._waiting.add(name)
            self.found[name] = self._probe(name)
            self.failures.pop(name, None)
        except (NotReachableError, ProbeError) as reason:
            self.failures[name] = str(reason)

    def _probe(self, cluster: str) -> Probe:
        inside, outside = self._ready(cluster)
        host, identity = objects.host(cluster, self.namespace), objects.identity(self.plan, self.namespace)
        return Probe(cluster, self._pod(cluster, inside), self._pod(cluster, outside), host, identity)

    def _create(self, cluster: ClusterPlan) -> None:
        name, namespace = cluster.name, self.namespace
        again = name in self._touched
        mark = Mark(this_process(), datetime.now(UTC) + self.life)
        peers = [each.name for each in self.clusters]
        try:
            self._apply(name, objects.base(cluster, peers, namespace, mark))
        except ProbeError:
            self._touched.add(name)
            raise
        self._touched.add(name)
        if again:
            self._call(name, "delete", "pods", "--all", f"--namespace={namespace}", "--grace-period=1")
        seconds = int(self.life.total_seconds()) + 60
        istio = self.plan.istio
        likely = self.image or f"{istio.hub}/proxyv2:{istio.tag or istio.version}"
        injected = self._injected(name, objects.pods(name, namespace, likely, seconds)[0])
        image = self.image or _proxy_image(name, injected)
        pulling = [each["name"] for each in injected["spec"].get("imagePullSecrets") or ()]
        credentials = [self._pull_secret(name, secret) for secret in pulling]
        made = objects.pods(name, namespace, image, seconds)
        for pod in made:
            pod["spec"]["imagePullSecrets"] = [{"name": secret} for secret in pulling]
        self._apply(name, [*credentials, *made])

    def _injected(self, cluster: str, pod: Mapping[str, Any]) -> Mapping[str, Any]:
        """The pod as istiod's webhook would have it created."""
        text = self._call(
            cluster, "create", "--dry-run=server", "--filename=-", "--output=json", manifest=json.dumps(pod)
        )
        found: Mapping[str, Any] = json.loads(text)
        return found

    def _pull_secret(self, cluster: str, name: str) -> dict[str, Any]:
        """The credentials of the image registry, which istiod's own pods have, for the probes' namespace."""
        text = self._call(cluster, "get", "secret", name, f"--namespace={SYSTEM_NAMESPACE}", "--output=json")
        secret = json.loads(text)
        about = {"name": name, "namespace": self.namespace}
        kept = {key: secret[key] for key in ("apiVersion", "kind", "type", "data")}
        return {**kept, "metadata": about}

    def _apply(self, cluster: str, made: Sequence[Mapping[str, Any]]) -> None:
        how = ("--server-side", "--force-conflicts", "--field-manager=hybrid-mesh-probe", "--validate=false")
        self._call(cluster, "apply", *how, "--filename=-", manifest=objects.as_list(made))

    def _call(self, cluster: str, *arguments: str, manifest: str = "") -> str:
        """What kubectl prints. Raises ProbeError with the API server's reason."""
        if self._ended.is_set():
            raise ProbeError("interrupted")
        done = self.shell.kubectl(cluster, arguments, manifest, CALL_SECONDS)
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            reason = next((line for line in lines if not line.startswith("Warning")), "kubectl failed")
            raise ProbeError(f"no probe pod can be created: {_plain(reason)}"[:_LONGEST_REASON])
        return done.stdout

    def _ready(self, cluster: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        started = time.monotonic()
        while True:
            self._wait(cluster)
            found = self.shell.objects(cluster, "pods", timeout=CALL_SECONDS, namespace=self.namespace)
            pods = {pod["metadata"]["name"]: pod for pod in found}
            states = {name: state_of(pods.get(name, {})) for name in _NAMES}
            if all(state.ready for state in states.values()):
                return pods[objects.PROBE], pods[objects.OUTSIDE]
            late = time.monotonic() - started
            for name, state in states.items():
                if state.hopeless:
                    self._waiting.discard(cluster)
                    raise ProbeError(f"its pod {name} is not ready: {state.reason}"[:_LONGEST_REASON])
                if not state.ready and late > self._limit(state):
                    text = f"its pod {name} is not ready after {late:.0f} s: {state.reason}"
                    raise ProbeError(text[:_LONGEST_REASON])

    def _wait(self, cluster: str) -> None:
        """Until both pods are ready, but not for long: whether they ever will be must be looked at. One
        kubectl that waits costs less than some that look."""
        names = [f"pod/{name}" for name in _NAMES]
        place = f"--namespace={self.namespace}"
        limit = f"--timeout={LOOK_SECONDS:.0f}s"
        if self._ended.is_set():
            raise ProbeError("interrupted")
        self.shell.kubectl(
            cluster, ["wait", "--for=condition=Ready", *names, place, limit], "", LOOK_SECONDS + CALL_SECONDS
        )

    def _limit(self, state: PodState) -> float:
        return (START_SECONDS if state.started else PULL_SECONDS) * self.slowness

    def _pod(self, cluster: str, pod: Mapping[str, Any]) -> Pod:
        account = pod["spec"].get("serviceAccountName") or "default"
        address = pod["status"]["podIP"]
        return Pod(cluster, self.namespace, pod["metadata"]["name"], address, account, objects.PROBE)


@contextmanager
def probe_pods(
    plan: MeshPlan,
    shell: Shell,
    *,
    image: str | None = None,
    life: timedelta = LIFE,
    slowness: float = 1.0,
) -> Iterator[ProbePods]:
    """The probe pods of `plan`'s active clusters, which `ensure` creates. They are removed at the end,
    however it comes; what a killed process leaves is removed by the next one.

    `image` must contain `envoy` and `curl`; by default it is the one that istiod injects as the sidecar
    proxy. `slowness` multiplies the time that a pod may take.
    """
    pods = ProbePods(plan, shell, image, life, slowness)
    sweeper = threading.Thread(target=pods.remove_left_overs, daemon=True)
    sweeper.start()
    try:
        yield pods
        sweeper.join()
    finally:
        pods.remove()


def _proxy_image(cluster: str, pod: Mapping[str, Any]) -> str:
    spec = pod["spec"]
    containers = [*spec["containers"], *(spec.get("initContainers") or ())]
    found = next((each["image"] for each in containers if each["name"] == PROXY), None)
    if found is None:
        raise ProbeError(f"istiod of {cluster} adds no sidecar proxy to pods of a namespace with the label")
    return str(found)


def _plain(reason: str) -> str:
    """kubectl's message without what it says of itself."""
    text = reason.removeprefix("error: ")
    for start in ("Error from server (", "Error from server: "):
        if text.startswith(start):
            text = text.removeprefix(start)
            kind, closed, rest = text.partition("): ")
            text = rest if closed and " " not in kind else text
    head, creating, rest = text.partition('when creating "STDIN": ')
    return rest if creating else head
