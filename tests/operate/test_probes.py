"""Probe pods: what is created, what is removed, and what is said when that is refused."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hybrid_mesh.operate.probes import objects, pods
from hybrid_mesh.operate.probes.owner import EXPIRES, OWNER, is_left_over, this_process
from hybrid_mesh.operate.probes.pods import ProbePods, probe_pods
from hybrid_mesh.operate.probes.state import state_of
from hybrid_mesh.operate.shell import CommandResult, NotReachableError, Registration
from tests.commands import PROJECT
from tests.operate.mesh import FakeShell, mesh_plan, raw_mesh, verified

NOW = datetime(2026, 11, 27, 5, 0, tzinfo=UTC)
FORBIDDEN = (
    'Error from server (Forbidden): namespaces "ns1" is forbidden: User "bob" cannot patch resource '
    '"namespaces" in API group "" in the namespace "ns1"\n'
)
"""Of the API server of Kubernetes 1.35, by server-side apply."""
WEBHOOK = (
    'Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling '
    'webhook "namespace.sidecar-injector.istio.io": no endpoints available for service "istiod"\n'
)


class Recorder(FakeShell):
    """Keeps the manifests of each cluster."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.applied: dict[str, list[dict[str, Any]]] = {}

    def kubectl(self, cluster: str, arguments: Sequence[str], manifest: str, timeout: float) -> CommandResult:
        if arguments[0] == "apply":
            self.applied.setdefault(cluster, []).extend(json.loads(manifest)["items"])
        return super().kubectl(cluster, arguments, manifest, timeout)


def created(shell: FakeShell, **changes: Any) -> ProbePods:
    with probe_pods(mesh_plan(**changes), shell) as probes:
        probes.ensure()
    return probes


def test_each_cluster_gets_a_namespace_services_for_all_and_two_pods() -> None:
    shell = Recorder()
    probes = created(shell)
    assert probes.failures == {}
    kinds = [each["kind"] for each in shell.applied["east"]]
    assert kinds == ["Namespace", "ServiceAccount", "Service", "Service", "Pod", "Pod"]
    space, *_, inside, outside = shell.applied["east"]
    assert space["metadata"]["labels"]["istio-injection"] == "enabled"
    assert objects.MANAGED.items() <= space["metadata"]["labels"].items()
    assert outside["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"
    for pod in (inside, outside):
        (container,) = pod["spec"]["containers"]
        assert container["image"] == "docker.io/istio/proxyv2:1.31.0"
        assert container["securityContext"]["runAsUser"] != 1337, "the proxy does not see its own user"
    assert probes.found["west"].host == f"probe-west.{probes.namespace}.svc.cluster.local"
    assert probes.found["west"].inside.address != probes.found["east"].inside.address


def test_they_are_removed_also_after_an_interruption() -> None:
    for reason in (None, KeyboardInterrupt):
        shell = FakeShell()
        try:
            with probe_pods(mesh_plan(), shell) as probes:
                probes.ensure()
                if reason:
                    raise reason
        except KeyboardInterrupt:
            assert reason
        deleted = [call for call in shell.calls if call[1:3] == ("delete", "namespace")]
        assert {call[0] for call in deleted} == {"east", "west"}
        assert {call[3] for call in deleted} == {probes.namespace}


def test_a_namespace_has_the_labels_by_which_istiod_reads_it() -> None:
    istio = {**raw_mesh().get("istio", {}), "version": "1.31.0"}
    istio["values"] = {"meshConfig": {"discoverySelectors": [{"matchLabels": {"mesh": "yes"}}]}}
    shell = Recorder()
    created(shell, istio=istio)
    labels = shell.applied["east"][0]["metadata"]["labels"]
    assert labels["mesh"] == "yes"


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        (
            FORBIDDEN,
            'namespaces "ns1" is forbidden: User "bob" cannot patch resource "namespaces"',
        ),
        (WEBHOOK, 'Internal error occurred: failed calling webhook "namespace.sidecar-injector.istio.io"'),
        (
            "Warning: x\nerror: no context exists with the name: east\n",
            "no context exists with the name: east",
        ),
    ],
    ids=["rights", "webhook", "kubectl"],
)
def test_what_is_refused_is_said(stderr: str, said: str) -> None:
    def kube(cluster: str, arguments: Sequence[str]) -> CommandResult | None:
        return CommandResult(1, "", stderr) if cluster == "east" and arguments[0] != "delete" else None

    probes = created(FakeShell(kube=kube))
    assert probes.failures["east"].startswith(f"no probe pod can be created: {said}")
    assert list(probes.found) == ["west"]


def test_a_cluster_that_does_not_answer_holds_nobody_up() -> None:
    def kube(cluster: str, arguments: Sequence[str]) -> CommandResult | None:
        if cluster == "east":
            raise NotReachableError("cluster east did not answer within 8 s")
        return None

    probes = created(FakeShell(kube=kube))
    assert probes.failures == {"east": "cluster east did not answer within 8 s"}


def test_a_namespace_without_injection_is_said() -> None:
    def kube(_: str, arguments: Sequence[str]) -> CommandResult | None:
        pod = {"spec": {"containers": [{"name": "probe", "image": "auto"}]}}
        return CommandResult(0, json.dumps(pod), "") if "--dry-run=server" in arguments else None

    assert "adds no sidecar proxy" in created(FakeShell(kube=kube)).failures["east"]


def test_the_credentials_of_the_registry_are_those_of_istiods_pods() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "data": {"a": "b"},
    }

    def kube(_: str, arguments: Sequence[str]) -> CommandResult | None:
        containers = [{"name": "istio-proxy", "image": "mirror/proxyv2:1"}]
        pod = {"spec": {"containers": containers, "imagePullSecrets": [{"name": "registry"}]}}
        if "--dry-run=server" in arguments:
            return CommandResult(0, json.dumps(pod), "")
        return CommandResult(0, json.dumps(secret), "") if arguments[0] == "get" else None

    shell = Recorder(kube=kube)
    probes = created(shell)
    copied = next(each for each in shell.applied["east"] if each["kind"] == "Secret")
    assert copied["metadata"] == {"name": "registry", "namespace": probes.namespace}
    spec = shell.applied["east"][-1]["spec"]
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["containers"][0]["image"] == "mirror/proxyv2:1"


def namespace(name: str, owner: str, expires: datetime, **more: Any) -> dict[str, Any]:
    annotations = {OWNER: owner, EXPIRES: expires.isoformat()}
    return {"metadata": {"name": name, "labels": objects.MANAGED, "annotations": annotations, **more}}


def test_what_a_killed_command_left_is_removed_and_nothing_else() -> None:
    later = datetime.now(UTC) + timedelta(minutes=5)
    host = this_process().partition("/")[0]
    foreign = namespace("foreign", f"{host}/{2**22}/1", later)
    foreign["metadata"]["labels"] = {}
    there = [
        namespace("killed", f"{host}/{2**22}/1", later),
        namespace("pid-used-again", f"{host}/{os.getpid()}/1", later),
        namespace("expired", "another-host/1/1", datetime.now(UTC) - timedelta(seconds=1)),
        namespace("of-another-host", "another-host/1/1", later),
        namespace("running", this_process(), later),
        namespace("going", f"{host}/{2**22}/1", later, deletionTimestamp="2026-11-27T05:00:00Z"),
        foreign,
    ]
    shell = FakeShell(namespaces={"east": there})
    with probe_pods(mesh_plan(), shell):
        pass
    removed = {call[3] for call in shell.calls if call[1:3] == ("delete", "namespace")}
    assert removed == {"killed", "pid-used-again", "expired"}


def test_a_process_that_was_killed_is_found_dead() -> None:
    show = "print(this_process(), flush=True); input()"
    program = f"from hybrid_mesh.operate.probes.owner import this_process; {show}"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as process:
        assert process.stdout
        mark = {OWNER: process.stdout.readline().strip(), EXPIRES: (NOW + timedelta(minutes=1)).isoformat()}
        assert not is_left_over(mark, NOW)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert is_left_over(mark, NOW)


@pytest.mark.parametrize(
    "mark", [{}, {OWNER: "a/b", EXPIRES: "x"}, {EXPIRES: NOW.isoformat()}, {OWNER: "a/1/2"}]
)
def test_a_namespace_without_a_readable_mark_is_left_alone(mark: dict[str, str]) -> None:
    assert not is_left_over(mark, NOW + timedelta(days=1))


def container(name: str, ready: bool = False, **state: Any) -> dict[str, Any]:
    return {"name": name, "ready": ready, "state": state}


PULL = {"reason": "ErrImagePull", "message": "manifest unknown"}


@pytest.mark.parametrize(
    ("status", "reason", "hopeless", "started"),
    [
        ({}, "it has not started", False, False),
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "no node",
                    }
                ]
            },
            "Unschedulable: no node",
            False,
            False,
        ),
        (
            {"containerStatuses": [container("probe", waiting=PULL)]},
            "container probe: ErrImagePull: manifest unknown",
            True,
            False,
        ),
        (
            {
                "initContainerStatuses": [container("istio-init", terminated={"exitCode": 0})],
                "containerStatuses": [
                    container("probe", True, running={}),
                    container("istio-proxy", running={}),
                ],
            },
            "container istio-proxy is not ready",
            False,
            True,
        ),
        (
            {"containerStatuses": [container("probe", waiting={"reason": "PodInitializing"})]},
            "container probe: PodInitializing",
            False,
            False,
        ),
        ({"phase": "Failed", "message": "Pod was active too long"}, "Pod was active too long", True, False),
    ],
)
def test_the_state_of_a_pod(status: dict[str, Any], reason: str, hopeless: bool, started: bool) -> None:
    state = state_of({"status": status})
    assert (state.ready, state.reason, state.hopeless, state.started) == (False, reason, hopeless, started)


def test_a_pod_whose_image_cannot_be_pulled_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods, "PULL_SECONDS", 3600)
    sick = {
        "metadata": {"name": "probe"},
        "status": {"containerStatuses": [container("probe", waiting=PULL)]},
    }
    monkeypatch.setattr(FakeShell, "objects", lambda *_, **__: [sick])
    text = created(FakeShell()).failures["east"]
    assert text == "its pod probe is not ready: container probe: ErrImagePull: manifest unknown"


def test_a_pod_that_does_not_get_ready_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods, "START_SECONDS", 0.1)
    slow = {"containerStatuses": [container("istio-proxy", running={})]}
    both = [{"metadata": {"name": name}, "status": slow} for name in ("probe", "outside")]
    monkeypatch.setattr(FakeShell, "objects", lambda *_, **__: both)
    shell = Recorder()
    with probe_pods(mesh_plan(), shell) as probes:
        probes.ensure()
        assert "container istio-proxy is not ready" in probes.failures["east"]
        count = len(shell.applied["east"])
        probes.ensure()
        assert len(shell.applied["east"]) == count, "pods that may still get ready are waited for"


def test_an_interruption_does_not_wait_for_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C comes while they start."""
    monkeypatch.setattr(pods, "PULL_SECONDS", 3600)
    monkeypatch.setattr(FakeShell, "objects", lambda *_, **__: [])

    def interrupt(*_: object) -> list[Registration]:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeShell, "registrations", interrupt)
    shell = FakeShell()
    with pytest.raises(KeyboardInterrupt):
        verified(mesh_plan(), shell)
    assert {call[0] for call in shell.calls if call[1:3] == ("delete", "namespace")} == {"east", "west"}


def test_what_failed_is_tried_again() -> None:
    ready: list[bool] = []

    def kube(_: str, arguments: Sequence[str]) -> CommandResult | None:
        return None if ready or arguments[0] != "apply" else CommandResult(1, "", WEBHOOK)

    with probe_pods(mesh_plan(), FakeShell(kube=kube)) as probes:
        probes.ensure()
        assert set(probes.failures) == {"east", "west"}
        ready.append(True)
        probes.ensure()
        assert (set(probes.found), probes.failures) == ({"east", "west"}, {})
