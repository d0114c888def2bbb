"""A mesh of the local stack's form and a `Shell` over it whose members behave as prepared."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybrid_mesh.model.plan.build import plan_from
from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.shell import CommandResult, Machine, NotReachableError, Pod, Registration
from hybrid_mesh.operate.verify.answers import CURL_END

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
        return []

    def kubectl(self, cluster: str, arguments: Sequence[str], manifest: str, timeout: float) -> CommandResult:
        self.calls.append((cluster, *arguments))
        return CommandResult(0, "", "")

    def machines(self, group: str) -> Sequence[Machine]:
        names = self.running.get(group, [])
        return [Machine(group, name, f"10.10.0.{100 + index}") for index, name in enumerate(names)]

    def machine_states(self, group: str) -> Mapping[str, str]:
        return dict.fromkeys(self.running.get(group, []), "ready")

    def registrations(self, group: str) -> Sequence[Registration]:
        return [
            Registration(
                f"{name}-entry", f"10.10.0.{100 + index}", True, name not in self.unhealthy, "HTTP 500"
            )
            for index, name in enumerate(self.running.get(group, []))
        ]

    def ingress_url(self, ingress: str, port: int) -> str:
        return "http://127.0.0.1:18080"

    def run_in_pod(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult:
        if pod.name.startswith("outside"):
            return self._answer(pod, command) or refusal(command, pod.cluster)
        return self._answer(pod, command) or self._echo(command, ECHO)

    def run_in_machine(self, machine: Machine, command: Sequence[str], timeout: float) -> CommandResult:
        return self._answer(machine, command) or self._curl(command, f"{ACCOUNTS}/{machine.group}")

    def run_outside(self, command: Sequence[str], timeout: float) -> CommandResult:
        return self._answer(None, command) or self._curl(command, GATEWAY)

    def _answer(self, source: Pod | Machine | None, command: Sequence[str]) -> CommandResult | None:
        self.calls.append(tuple(command))
        return self.respond(source, command)

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
