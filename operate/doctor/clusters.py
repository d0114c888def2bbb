"""Collects the evidence of one cluster, in few calls that run side by side."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from hybrid_mesh.model.istio_facts import (
    BUNDLE_VERSION,
    GATEWAY_API,
    GATEWAY_API_KINDS,
    ISTIOD_PORT,
    SYSTEM_NAMESPACE,
)
from hybrid_mesh.model.objects.planned import PlannedObject
from hybrid_mesh.model.plan.types import ClusterPlan
from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Unreachable
from hybrid_mesh.operate.doctor.helm import read_releases
from hybrid_mesh.operate.doctor.peers import PeerAccess, Reach, reach, read_peers, read_tokens
from hybrid_mesh.operate.doctor.types import Object
from hybrid_mesh.operate.shell import NotReachableError, NotServedError, Pod, Shell

CORE: Final = {
    "Namespace": "namespaces",
    "Node": "nodes",
    "Pod": "pods",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
    "EndpointSlice": "endpointslices.discovery.k8s.io",
    "Deployment": "deployments.apps",
    "ReplicaSet": "replicasets.apps",
    "NetworkPolicy": "networkpolicies.networking.k8s.io",
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration": "validatingwebhookconfigurations.admissionregistration.k8s.io",
}
"""Kind -> its name for kubectl: what every cluster serves."""
ISTIO: Final = {
    "WorkloadGroup": "workloadgroups.networking.istio.io",
    "WorkloadEntry": "workloadentries.networking.istio.io",
    "DestinationRule": "destinationrules.networking.istio.io",
    "PeerAuthentication": "peerauthentications.security.istio.io",
    "Gateway": "gateways.gateway.networking.k8s.io",
    "HTTPRoute": "httproutes.gateway.networking.k8s.io",
    "TLSRoute": "tlsroutes.gateway.networking.k8s.io",
}
"""The same for CRDs."""
SYSTEM: Final = {"Secret": "secrets", "ConfigMap": "configmaps"}
"""The same for what is read of `istio-system` only."""
DEFINITIONS: Final = [f"{kind.lower()}s.{GATEWAY_API.partition('/')[0]}" for kind in GATEWAY_API_KINDS]
"""The CRDs of the Gateway API, whose annotations are read without their schemas, which are megabytes."""
SYSTEM_PARTS: Final = "Secrets and ConfigMaps of istio-system"
PAGES: Final = ("debug/clusterz", "debug/syncz", "debug/networkz")
"""istiod's views of the clusters, of its proxies, and of the gateways of networks."""
_ESCAPED: Final = BUNDLE_VERSION.replace(".", r"\.")
CERTIFICATES: Final = ("ca-cert.pem", "cert-chain.pem", "root-cert.pem", "ca.crt", "tls.crt")
"""Keys of Secrets that hold certificates, which are public."""
LIST_SECONDS: Final = 8.0
REQUEST_SECONDS: Final = 5.0
_STATE: Final = ("pilot-discovery", "request", "GET")


def collect_cluster(plan: ClusterPlan, shell: Shell) -> ClusterEvidence | Unreachable:
    """Asks the cluster's API server and its istiod. What it may not read or does not serve is noted, not
    raised."""
    collected = _Collected(shell, plan.name)
    with ThreadPoolExecutor(max_workers=5) as pool:
        core = pool.submit(_list, shell, plan.name, CORE)
        rest = {
            "declared objects": pool.submit(_list, shell, plan.name, ISTIO | _planned_kinds(plan)),
            SYSTEM_PARTS: pool.submit(_list, shell, plan.name, SYSTEM, SYSTEM_NAMESPACE),
            "CustomResourceDefinitions": pool.submit(_definitions, shell, plan.name),
        }
        try:
            collected.take(core.result())
        except NotReachableError as reason:
            return Unreachable(str(reason))
        for what, future in rest.items():
            collected.note(what, lambda future=future: collected.take(future.result()))  # type: ignore[misc]
    collected.ask_istiod()
    collected.note("the peers, from inside", collected.reach_peers)
    return collected.evidence()


class _Collected:
    def __init__(self, shell: Shell, cluster: str) -> None:
        self._shell, self._cluster = shell, cluster
        self._objects: dict[str, list[Object]] = {}
        self._listed: set[str] = set()
        self._unserved: set[str] = set()
        self._unread: dict[str, str] = {}
        self._pages: dict[str, tuple[Object, ...]] = {}
        self._accesses: dict[str, PeerAccess] = {}
        self._reached: dict[str, Reach] = {}

    def take(self, listed: "_Listed") -> None:
        for each in listed.objects:
            self._objects.setdefault(each["kind"], []).append(each)
        self._listed |= listed.kinds
        self._unserved |= listed.unserved

    def note(self, what: str, read: Callable[[], None]) -> None:
        try:
            read()
        except NotReachableError as reason:
            self._unread[what] = str(reason)

    def ask_istiod(self) -> None:
        """Each running pod of istiod, for each page."""
        istiods = [pod for pod in self._objects.get("Pod", ()) if _is_running_istiod(pod)]
        with ThreadPoolExecutor(max_workers=4) as pool:
            asked = {
                page: [pool.submit(_ask, self._shell, self._cluster, pod, page) for pod in istiods]
                for page in PAGES
            }
        for page, futures in asked.items():
            said: list[Object] = []
            for future in futures:
                self.note(f"istiod's {page}", lambda future=future, said=said: said.extend(future.result()))  # type: ignore[misc]
            self._pages[page] = tuple(said)

    def reach_peers(self) -> None:
        """The API servers and the gateways of the peers, from a proxy of this cluster's network."""
        self._accesses = read_peers(self._objects.get("Secret", []))
        gateways = self._pages.get("debug/networkz", ())
        urls = {each.server for each in self._accesses.values() if each.server}
        for each in gateways:
            if each.get("Cluster") not in ("", None, self._cluster):
                urls |= {f"https://{each['Addr']}:{port}" for port in (each["Port"], ISTIOD_PORT)}
        pod = next(filter(_is_running_gateway, self._objects.get("Pod", ())), None)
        if pod is None:
            raise NotReachableError("no pod of the east-west gateway runs, from which they could be tried")
        metadata = pod["metadata"]
        asked = Pod(self._cluster, metadata["namespace"], metadata["name"], "", "", "istio-proxy")
        self._reached = reach(self._shell, asked, sorted(urls))

    def evidence(self) -> ClusterEvidence:
        secrets = self._objects.get("Secret", [])
        peers, synchronization, networks = (self._pages.get(page, ()) for page in PAGES)
        return ClusterEvidence(
            objects={kind: tuple(some) for kind, some in self._objects.items()}
            | {"Secret": tuple(map(_without_values, secrets))},
            unserved=frozenset(self._unserved),
            listed=frozenset(self._listed),
            peers=peers,
            synchronization=synchronization,
            networks=networks,
            accesses=self._accesses,
            tokens=read_tokens(secrets),
            reached=self._reached,
            releases=read_releases(secrets),
            unread=self._unread,
        )


@dataclass(frozen=True)
class _Listed:
    objects: Sequence[Object]
    kinds: frozenset[str]
    unserved: frozenset[str]


def _definitions(shell: Shell, cluster: str) -> _Listed:
    """The CRDs of the Gateway API with the annotation that has their release."""
    output = (
        f"jsonpath={{range .items[*]}}{{.metadata.name}} {{.metadata.annotations.{_ESCAPED}}}{{'\\n'}}{{end}}"
    )
    asked = ("get", "crd", *DEFINITIONS, "--ignore-not-found", f"--output={output}")
    done = shell.kubectl(cluster, asked, "", LIST_SECONDS)
    if done.returncode != 0:
        raise NotReachableError((done.stderr.strip().splitlines() or ["no answer"])[-1])
    found = [line.partition(" ") for line in done.stdout.splitlines() if line]
    made = [
        {
            "kind": "CustomResourceDefinition",
            "metadata": {"name": name, "annotations": {BUNDLE_VERSION: version}},
        }
        for name, _, version in found
    ]
    return _Listed(made, frozenset({"CustomResourceDefinition"}), frozenset())


def _planned_kinds(plan: ClusterPlan) -> dict[str, str]:
    """What the program declares and the other lists do not have. kubectl finds a kind by its singular."""
    found = {}
    for each in plan.objects:
        if isinstance(each, PlannedObject):
            group, _, version = each.manifest["apiVersion"].rpartition("/")
            kind = each.manifest["kind"]
            found[kind] = f"{kind.lower()}.{version}.{group}" if group else kind.lower()
    return {kind: name for kind, name in found.items() if kind not in (CORE | ISTIO | SYSTEM)}


def _list(shell: Shell, cluster: str, kinds: Mapping[str, str], namespace: str | None = None) -> _Listed:
    """All objects of `kinds`, of one namespace or all."""
    wanted, unserved = dict(kinds), set()
    while wanted:
        try:
            found = shell.objects(
                cluster, ",".join(wanted.values()), timeout=LIST_SECONDS, namespace=namespace
            )
        except NotServedError as error:
            gone = {kind for kind, name in wanted.items() if name.startswith(error.kind)} or set(wanted)
            unserved |= gone
            wanted = {kind: name for kind, name in wanted.items() if kind not in gone}
        else:
            return _Listed(found, frozenset(wanted), frozenset(unserved))
    return _Listed((), frozenset(), frozenset(unserved))


def _is_running_gateway(pod: Object) -> bool:
    labels = pod["metadata"].get("labels") or {}
    running = pod.get("status", {}).get("phase") == "Running"
    return running and labels.get("istio") == "eastwestgateway"


def _is_running_istiod(pod: Object) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return labels.get("app") == "istiod" and pod.get("status", {}).get("phase") == "Running"


def _ask(shell: Shell, cluster: str, pod: Object, page: str) -> Iterable[Object]:
    """A debug page of istiod, from inside its pod, where it needs no token."""
    metadata = pod["metadata"]
    asked = Pod(cluster, metadata["namespace"], metadata["name"], "", "", "discovery")
    done = shell.run_in_pod(asked, [*_STATE, page], REQUEST_SECONDS)
    try:
        found: Any = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        raise NotReachableError(said) from None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else ()


def _without_values(secret: Object) -> Object:
    """A Secret with its certificates alone. The names of the other keys stay, with empty values."""
    data = {key: value if key in CERTIFICATES else "" for key, value in (secret.get("data") or {}).items()}
    return {**secret, "data": data}
