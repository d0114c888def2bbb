"""How doctor asks VMs and the proxies of pods."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Unreachable
from hybrid_mesh.operate.doctor.machines import Absent
from hybrid_mesh.operate.doctor.members import (
    MOST_PROXIES,
    collect_machines,
    collect_proxies,
    proxies_beyond,
)
from hybrid_mesh.operate.doctor.run import diagnose
from hybrid_mesh.operate.shell import CommandResult, Machine, NotProbedError, NotReachableError, Pod
from tests.operate.evidence import healthy
from tests.operate.mesh import FakeShell, mesh_plan, raw_mesh

PLAN = mesh_plan()


def answering(text: str, code: int = 0) -> FakeShell:
    def respond(_source: Pod | Machine | None, _command: Sequence[str]) -> CommandResult:
        return CommandResult(code, text, "" if code == 0 else f"Traceback\n{text}")

    return FakeShell(respond=respond)


def pod(name: str, owner: str, namespace: str = "demo", *, ready: bool = True) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "ownerReferences": [{"name": owner}]},
        "status": {"containerStatuses": [{"name": "istio-proxy", "ready": ready}]},
    }


def cluster(*pods: dict[str, Any]) -> ClusterEvidence:
    return ClusterEvidence({"Pod": pods})


def test_a_vm_that_answers_nonsense_or_fails_is_unreachable_with_the_reason() -> None:
    for shell in (answering("nonsense"), answering("no python3", 127)):
        found, closed = collect_machines(PLAN, shell)
        assert not closed
        assert all(isinstance(each, Unreachable) and each.reason for each in found.values())
        assert set(found) == {"legacy-0", "legacy-1"}


def test_a_planned_vm_that_does_not_run_has_its_state() -> None:
    class Shell(FakeShell):
        def machine_states(self, group: str) -> dict[str, str]:
            return {"legacy-1": "failed"} if group == "legacy" else {}

    found, _ = collect_machines(PLAN, Shell(running={}))
    assert found == {"legacy-0": Absent("legacy", "absent"), "legacy-1": Absent("legacy", "failed")}


def test_groups_that_cannot_be_entered_are_said_once() -> None:
    class Shell(FakeShell):
        def machines(self, group: str) -> Sequence[Machine]:
            raise NotProbedError("commands cannot be run in VMs of type bundle")

    group = {**raw_mesh()["workloadGroups"]["legacy"], "machines": {"type": "bundle"}}
    plan = mesh_plan(workloadGroups={"legacy": group}, demo=None)
    found, closed = collect_machines(plan, Shell())
    assert found == {}
    assert closed == {"legacy": Unreachable("commands cannot be run in VMs of type bundle", by_design=True)}


def test_groups_of_quarantined_clusters_are_not_asked() -> None:
    clusters = {**raw_mesh()["clusters"], "east": {**raw_mesh()["clusters"]["east"], "state": "quarantined"}}
    found, closed = collect_machines(mesh_plan(clusters=clusters), FakeShell())
    assert (found, closed) == ({}, {})


def test_only_ready_proxies_are_asked_and_gateways_and_one_of_each_workload_first() -> None:
    asked: list[str] = []

    class Shell(FakeShell):
        def run_in_pod(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult:
            assert pod.container == "istio-proxy"
            asked.append(pod.name)
            return CommandResult(0, '{"configs": []}', "")

    many = [pod(f"big-{index:03}", "big") for index in range(MOST_PROXIES)]
    found = cluster(
        *many,
        pod("small", "small"),
        pod("gateway", "gateway", "istio-system"),
        pod("new", "new", ready=False),
    )
    answers = collect_proxies("east", found, Shell(), 2)
    assert len(answers) == MOST_PROXIES
    assert {"gateway", "small", "big-000"} <= set(asked)
    assert "new" not in asked
    assert proxies_beyond(found) == 2


def test_a_proxy_that_does_not_answer_is_not_looked_at_and_no_fault() -> None:
    class Shell(FakeShell):
        def run_in_pod(self, pod: Pod, command: Sequence[str], timeout: float) -> CommandResult:
            raise NotReachableError("exec is forbidden")

    answers = collect_proxies("east", cluster(pod("one", "one")), Shell(), 1)
    assert answers == {"demo/one": "exec is forbidden"}
    whole = healthy(PLAN)
    east = whole.clusters["east"]
    assert isinstance(east, ClusterEvidence)
    clusters = {**whole.clusters, "east": replace(east, proxies=answers)}
    diagnosis = diagnose(PLAN, replace(whole, clusters=clusters))
    assert ("pod demo/one of east", "its proxy does not answer: exec is forbidden") in diagnosis.unseen
    assert diagnosis.findings == ()
