"""A mesh of the local stack's form and a `Shell` over it whose members behave as prepared."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.probes.pods import probe_pods
from hybrid_mesh.operate.shell import (
    CommandResult,
    Machine,
    NotProbedError,
    NotReachableError,
    Pod,
    Registration,
)
from hybrid_mesh.operate.verify.answers import CURL_END
from hybrid_mesh.operate.verify.run import Report, verify
from tests.operate.fake_curl import REACHED, RESET, SILENT, Reply, alert, curl

TRUST_DOMAIN = "mesh.example.com"
ACCOUNTS = f"spiffe://{TRUST_DOMAIN}/ns/demo/sa"
ECHO = f"{ACCOUNTS}/echo"
LEGACY = f"{ACCOUNTS}/legacy"
GATEWAY = f"spiffe://{TRUST_DOMAIN}/ns/istio-ingress/sa/public-istio"


def raw_mesh(**changes: Any) -> dict[str, Any]:
    return {
        "id": "mesh1",
        "trustDomain": TRUST_DOMAIN,
        "networks": {
            "amsterdam": {"type": "local", "cidr": "10.10.0.0/16"},
            "boston": {"type": "local", "cidr": "10.20.0.0/16"},
        },
        "clusters": {
            "east": {"type": "local", "network": "amsterdam"},
            "west": {"type": "local", "network": "boston"},
        },
        "workloadGroups": {
            "legacy": {
                "namespace": "demo",
                "cluster": "east",
                "network": "amsterdam",
                "serviceAccount": "legacy",
                "ports": {"http": 9080},
                "probe": {"httpGet": {"port": 9080}},
                "machines": {"type": "local", "count": 2},
            }
        },
        "ingress": {
            "public": {
                "cluster": "east",
                "listeners": [{"name": "http", "port": 80}],
                "routes": [
                    {
                        "name": "split",
                        "backends": [
                            {"service": "echo", "namespace": "demo", "port": 8080, "weight": 50},
                            {"group": "legacy", "port": 9080, "weight": 50},
                        ],
                    }
                ],
            }
        },
        "demo": {"group": "legacy", "binaries": "http://172.30.0.1:8080"},
        **changes,
    }


def mesh_plan(**changes: Any) -> MeshPlan:
    return plan_from(raw_mesh(**changes), "test")


@dataclass(frozen=True)
class Voice:
    """One that answers: what its echo server and its proxy say."""

    hostname: str
    place: str
    identity: str


@dataclass
class FakeShell:
    """All members are healthy by default. Pods have the echo client only, VMs and the outside curl only.

    `running` names the VMs of each group. `respond` sees every command first and may answer in place of the
    mesh."""

    voices: dict[str, list[Voice]] = field(
        default_factory=lambda: {
            "echo": [Voice("echo-e", "east", ECHO), Voice("echo-w", "west", ECHO)],
            "legacy": [Voice("legacy-0", "legacy", LEGACY), Voice("legacy-1", "legacy", LEGACY)],
        }
    )
    respond: Callable[[Pod | Machine | None, Sequence[str]], CommandResult | None] = (
        lambda _source, _command: None
    )
    missing_pods: set[str] = field(default_factory=set)
    running: dict[str, list[str]] = field(default_factory=lambda: {"legacy": ["legacy-0", "legacy-1"]})
    unhealthy: set[str] = field(default_factory=set)
    reply: Callable[[str, str, Sequence[str]], Reply | None] = lambda _source, _url, _options: None
    """Sees every request of `operate.verify.curl` first: its source, URL and options."""
    kube: Callable[[str, Sequence[str]], CommandResult | None] = lambda _cluster, _arguments: None
    """Sees every call of kubectl first."""
    namespaces: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Those with probes that are there, by cluster."""
    plan: MeshPlan | None = None
    """The mesh, where it is not that of `mesh_plan`."""
    connections: str = ""
    """What Envoy's page /clusters says in the probes."""
    foreign: bool = False
    """Whether no VM can be entered."""
    space: str = ""
    """Namespace of the probes."""
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def pods(self, cluster: str, namespace: str, selector: str) -> Sequence[Pod]:
        app = selector.partition("=")[2]
        if app in self.missing_pods or f"{app}/{cluster}" in self.missing_pods:
            return []
        name = "echo-e" if cluster == "east" else "echo-w"
        account = {"echo": "echo", "public": "public-istio"}.get(app, "default")
        address = "10.10.4.7" if cluster == "east" else "10.20.4.7"
        return [
            Pod(cluster, namespace, name if app == "echo" else f"{app}-{cluster}", address, account, "echo")
        ]

    def objects(
        self, cluster: str, kinds: str, *, timeout: float, namespace: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        if kinds == "namespaces":
            return self.namespaces.get(cluster, [])
        if kinds != "pods" or namespace is None:
            return []
        self.space = namespace
        return [_probe(cluster, name, namespace) for name in ("probe", "outside")]

    def kubectl(self, cluster: str, arguments: Sequence[str], manifest: str, timeout: float) -> CommandResult:
        self.calls.append((cluster, *arguments))
        if done := self.kube(cluster, arguments):
            return done
        if arguments[0] == "wait":
            return CommandResult(1, "", "error: timed out waiting for the condition on pods/probe")
        if "--dry-run=server" in arguments:
            pod = json.loads(manifest)
            pod["spec"]["containers"].append(
                {"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.31.0"}
            )
            return CommandResult(0, json.dumps(pod), "")
        return CommandResult(0, "", "")

    def machines(self, group: str) -> Sequence[Machine]:
        if self.foreign:
            raise NotProbedError("commands cannot be run in VMs of type gce")
        names = self.running.get(group, [])
        return [Machine(group, name, self._address(group, index)) for index, name in enumerate(names)]

    def machine_states(self, group: str) -> Mapping[str, str]:
        return dict.fromkeys(self.running.get(group, []), "ready")

    def registrations(self, group: str) -> Sequence[Registration]:
        return [
            Registration(
                f"{name}-entry", self._address(group, index), True, name not in self.unhealthy, "HTTP 500"
            )
            for index, name in enumerate(self.running.get(group, []))
        ]

    def _address(self, group: str, index: int) -> str:
        return f"10.10.{list(self.running).index(group)}.{100 + index}"

    def _identity(self, url: str) -> str:
        """Of what serves at an address."""
        if vm := re.match(r"https://10\.10\.(\d+)\.1\d\d:", url):
            return self._account_of(list(self.running)[int(vm[1])])
        return self._account(self.space, "probe")

    def _account_of(self, group: str) -> str:
        if self.plan is None:
            return f"{ACCOUNTS}/{group}"
        return self._account(self.plan.groups[group].namespace, self.plan.groups[group].service_account)

    def _account(self, namespace: str, name: str) -> str:
        return f"spiffe://{self.plan.trust_domain if self.plan else TRUST_DOMAIN}/ns/{namespace}/sa/{name}"

    def ingress_url(self, ingress: str, port: int) -> str:
        return "http://127.0.0.1:18080"

    def run_in_pod(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult:
        if command[0] == "pilot-agent":
            assert pod.container == "istio-proxy"
            return CommandResult(0, self.connections, "")
        if command[0] == "curl":
            caller = self._account(pod.namespace, "probe") if pod.name == "probe" else ""
            return self._answer(pod, command) or self._requests(f"{pod.name} {pod.cluster}", command, caller)
        if pod.name.startswith("outside"):
            return self._answer(pod, command) or refusal(command, pod.cluster)
        return self._answer(pod, command) or self._echo(command, ECHO)

    def run_in_machine(self, machine: Machine, command: Sequence[str], timeout: float) -> CommandResult:
        caller = self._account_of(machine.group)
        if not command[1].startswith("http"):
            return self._answer(machine, command) or self._requests(machine.name, command, caller)
        return self._answer(machine, command) or self._curl(command, caller)

    def run_outside(self, command: Sequence[str], timeout: float) -> CommandResult:
        if not command[1].startswith("http"):
            return self._answer(None, command) or self._requests("outside", command, "")
        return self._answer(None, command) or self._curl(command, GATEWAY)

    def _answer(self, source: Pod | Machine | None, command: Sequence[str]) -> CommandResult | None:
        self.calls.append(tuple(command))
        return self.respond(source, command)

    def _requests(self, source: str, command: Sequence[str], caller: str) -> CommandResult:
        def answer(url: str, options: Sequence[str]) -> Reply:
            return self.reply(source, url, options) or _well(source, url, caller, self._identity(url))

        return curl(command, answer)

    def _echo(self, command: Sequence[str], caller: str) -> CommandResult:
        if command[0] != "echo-client":
            return CommandResult(127, "", f"{command[0]}: not found")
        return answers(self._voices(command[1], int(command[command.index("--count") + 1])), caller)

    def _curl(self, command: Sequence[str], caller: str) -> CommandResult:
        if command[0] != "curl":
            return CommandResult(127, "", f"{command[0]}: not found")
        found = re.fullmatch(r"(https?://\S+)#\[1-(\d+)\]", command[1])
        assert found, "curl's globbing makes the requests"
        return curl_answers(self._voices(found[1], int(found[2])), caller)

    def _voices(self, url: str, count: int) -> list[Voice]:
        service = next((name for name in self.voices if f"//{name}." in url), None)
        voices = self.voices[service] if service else [v for found in self.voices.values() for v in found]
        return [voices[index % len(voices)] for index in range(count)]


def _well(source: str, url: str, caller: str, identity: str) -> Reply:
    """What a well mesh does with a request of curl."""
    name, _, place = source.partition(" ")
    if found := re.match(r"http://probe-([\w-]+)\.", url):
        seen = f'By={identity};Hash=00ff;Subject="";URI={caller}'
        return Reply(headers={"x-hybrid-mesh-cluster": found[1], "x-hybrid-mesh-client": seen})
    if name != "outside" or not place:
        return REACHED
    near = "10.20." if place == "west" else "10.10."
    if near not in url:
        return SILENT
    return alert(identity) if url.startswith("https") else RESET


def _probe(cluster: str, name: str, namespace: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"serviceAccountName": "probe" if name == "probe" else "default"},
        "status": {
            "podIP": "10.20.4.9" if cluster == "west" else "10.10.4.9",
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def verified(plan: MeshPlan, shell: FakeShell, **options: Any) -> Report:
    """The report of verify."""
    with probe_pods(plan, shell) as probes:
        return verify(plan, shell, probes, **{"first_sync": 0, **options})


def answers(voices: Sequence[Voice], caller: str) -> CommandResult:
    """What the echo client prints for these answers, in the format that test_echo_format.py pins."""
    blocks = []
    for number, voice in enumerate(voices):
        lines = [f"[{number} body] {line}" for line in _body(voice, caller)]
        blocks.append("\n".join([f"[{number}] StatusCode=200", *lines]))
    return CommandResult(0, "\n\n".join(blocks), "")


def curl_answers(voices: Sequence[Voice], caller: str) -> CommandResult:
    """What curl prints for these answers, in the format that test_echo_format.py pins."""
    blocks = ["\n".join([*_body(voice, caller), f"\n{CURL_END}200\n"]) for voice in voices]
    return CommandResult(0, "".join(blocks), "")


def _body(voice: Voice, caller: str) -> list[str]:
    certificate = f'By={voice.identity};Hash=00ff;Subject="";URI={caller}'
    return [
        f"Cluster={voice.place}",
        f"RequestHeader=X-Forwarded-Client-Cert:{certificate}",
        f"Hostname={voice.hostname}",
    ]


def failure(text: str) -> CommandResult:
    line = f"2026-11-23T05:33:54.045066Z\tfatal\tError 1/1 requests had errors; first error: {text}"
    return CommandResult(1, line, "")


def refusal(command: Sequence[str], cluster: str) -> CommandResult:
    """How a well mesh refuses what comes from the pod without a proxy in `cluster`."""
    own = "10.10." if cluster == "east" else "10.20."
    if own not in command[1]:
        return failure('Get "http:/": dial tcp 10.20.4.7:8080: i/o timeout')
    if command[1].startswith("https"):
        return failure('Get "https:/": remote error: tls: certificate required')
    return failure('Get "http:/": read tcp 10.10.4.8:1->10.10.4.7:8080: read: connection reset by peer')


def unreachable(reason: str) -> Callable[..., Any]:
    def raise_it(*_: object) -> Any:
        raise NotReachableError(reason)

    return raise_it
