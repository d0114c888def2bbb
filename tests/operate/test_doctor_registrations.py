"""What doctor says of WorkloadEntries, of VMs' tokens, and of what VMs need besides."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hybrid_mesh.model.plan.types import MeshPlan
from hybrid_mesh.operate.doctor.checks.conditions import conditions
from hybrid_mesh.operate.doctor.checks.identities import identities
from hybrid_mesh.operate.doctor.checks.registrations import registrations
from hybrid_mesh.operate.doctor.evidence import Evidence, Unreachable
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.machines import IDENTITY, IDENTITY_TIMER, Disk, MachineEvidence
from hybrid_mesh.operate.doctor.repairs import KubectlStep
from tests.operate.evidence import NOW
from tests.operate.machine_evidence import UP, machine, mesh, unit, with_object, with_unit
from tests.operate.mesh import mesh_plan, raw_mesh

PLAN = mesh_plan()
VM = machine(PLAN)
MINUTE = timedelta(minutes=1)
DISK = VM.disks[0]


def entry(index: int = 0, name: str | None = None, **changes: Any) -> dict[str, Any]:
    """The WorkloadEntry of a VM: `changes` of its spec, its annotations, or its health."""
    address = f"10.10.0.{100 + index}"
    group = PLAN.groups["legacy"]
    notes = {"istio.io/autoRegistrationGroup": "legacy", "istio.io/connectedAt": UP.isoformat()}
    spec = {
        "address": address,
        "network": "amsterdam",
        "serviceAccount": "legacy",
        "labels": dict(group.labels),
        **changes.get("spec", {}),
    }
    healthy = {"type": "Healthy", "status": "True", "lastTransitionTime": UP.isoformat()}
    return {
        "kind": "WorkloadEntry",
        "metadata": {
            "namespace": "demo",
            "name": name or f"legacy-{address}-amsterdam",
            "annotations": {**notes, **changes.get("notes", {})},
        },
        "spec": spec,
        "status": {"conditions": changes.get("conditions", [healthy])},
    }


def looked_at(*entries: dict[str, Any], machines: tuple[MachineEvidence, ...] = ()) -> Evidence:
    evidence = mesh(PLAN, *machines)
    for each in entries:
        evidence = with_object(evidence, "east", each)
    return evidence


def findings(*entries: dict[str, Any], machines: tuple[MachineEvidence, ...] = ()) -> list[Finding]:
    return list(registrations(PLAN, looked_at(*entries, machines=machines)))


def named(*entries: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.check, each.subject) for each in findings(*entries)]


def test_registered_vms_have_no_finding() -> None:
    assert named(entry(0), entry(1)) == []


def test_a_vm_without_an_entry() -> None:
    assert named(entry(1)) == [("entry-missing", "VM legacy-0")]
    [one] = findings(entry(1))
    assert one.repair is not None


def test_entries_are_not_missed_where_they_cannot_be_expected() -> None:
    stopped = with_unit(VM, unit("inactive", "dead"))
    assert findings(entry(1), machines=(stopped,)) == []
    started = with_unit(VM, unit(since=NOW - timedelta(seconds=5)))
    assert findings(entry(1), machines=(started,)) == []
    assert list(registrations(PLAN, mesh(PLAN))) == []


def test_an_entry_whose_vm_lost_its_connection() -> None:
    lost = {"istio.io/disconnectedAt": (NOW - 2 * MINUTE).isoformat()}
    [one] = findings(entry(0, notes=lost), entry(1))
    assert (one.check, one.subject, one.since) == ("entry-stale", "VM legacy-0", NOW - 2 * MINUTE)
    just = {"istio.io/disconnectedAt": (NOW - timedelta(seconds=3)).isoformat()}
    assert named(entry(0, notes=just), entry(1)) == []


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ({"network": "boston"}, "network is boston, and should be amsterdam"),
        ({"serviceAccount": ""}, "serviceAccount is missing"),
        ({"labels": {}}, "label hybrid-mesh/group is missing"),
    ],
)
def test_an_entry_that_is_not_as_planned(spec: dict[str, Any], word: str) -> None:
    [one] = findings(entry(0, spec=spec), entry(1))
    assert (one.check, one.subject) == ("entry-differs", "VM legacy-0")
    assert word in one.problem
    assert one.repair is not None
    assert isinstance(one.repair.steps[0], KubectlStep)


def test_a_probe_that_fails_with_its_own_words() -> None:
    failed = {"type": "Healthy", "status": "False", "message": "HTTP 500", "lastTransitionTime": "x"}
    [one] = findings(entry(0, conditions=[failed]), entry(1))
    assert (one.check, one.subject) == ("vm-unhealthy", "VM legacy-0")
    assert "HTTP 500" in one.problem
    assert named(entry(0, conditions=[]), entry(1)) == [("vm-unhealthy", "VM legacy-0")]


def test_an_entry_of_no_vm_is_stale() -> None:
    [one] = findings(entry(0), entry(1), entry(7))
    assert (one.check, one.severity) == ("entry-stale", Severity.WARNING)
    assert one.subject == "WorkloadEntry demo/legacy-10.10.0.107-amsterdam of east"
    assert one.repair is not None
    left = {"istio.io/disconnectedAt": (NOW - MINUTE).isoformat()}
    assert named(entry(0), entry(1), entry(7, notes=left)) == []
    young = replace(VM, up=NOW - MINUTE)
    assert findings(entry(0), entry(1), entry(7), machines=(young,)) == []


def test_two_entries_of_one_address() -> None:
    [one] = findings(entry(0), entry(1), entry(0, name="copy", notes={"istio.io/connectedAt": None}))
    assert (one.check, one.subject) == ("entry-duplicate", "WorkloadEntry demo/copy of east")
    assert one.repair is not None
    assert isinstance(one.repair.steps[0], KubectlStep)
    assert "copy" in one.repair.steps[0].arguments


def test_a_copy_that_somebody_made_is_deleted_and_an_entry_of_another_workload_is_not() -> None:
    notes = {"istio.io/autoRegistrationGroup": None, "istio.io/connectedAt": None}
    copy = entry(0, name="copy", notes=notes, spec={"labels": {"hybrid-mesh/group": "legacy"}})
    [one] = findings(entry(0), entry(1), copy)
    assert one.repair is not None
    assert one.remedy == ("hybrid-mesh kubectl east -- delete workloadentry copy --namespace=demo",)
    other = entry(0, name="other", notes=notes, spec={"labels": {"app": "ratings"}})
    [one] = findings(entry(0), entry(1), other)
    assert (one.subject, one.repair) == ("WorkloadEntry demo/other of east", None)


def test_groups_that_cannot_be_entered_are_judged_by_their_entries() -> None:
    group = {**raw_mesh()["workloadGroups"]["legacy"], "machines": {"type": "bundle", "minimum": 2}}
    plan = mesh_plan(workloadGroups={"legacy": group}, demo={"binaries": "http://172.30.0.1:8080"})
    failed = {"type": "Healthy", "status": "False", "message": "HTTP 500"}
    evidence = with_object(mesh(plan), "east", entry(0, conditions=[failed]))
    evidence = replace(evidence, closed={"legacy": Unreachable("not from here", by_design=True)})
    told = [(each.check, each.subject) for each in registrations(plan, evidence)]
    assert told == [
        ("vm-unhealthy", "VM legacy-10.10.0.100-amsterdam of group legacy"),
        ("vms-missing", "group legacy"),
    ]


def test_a_group_without_its_workload_group_is_left_to_another_check() -> None:
    evidence = looked_at(entry(1))
    found = evidence.clusters["east"]
    assert not isinstance(found, Unreachable)
    gone = replace(found, objects={**found.objects, "WorkloadGroup": ()})
    assert list(registrations(PLAN, replace(evidence, clusters={"east": gone}))) == []


def of_machine(changed: MachineEvidence, plan: MeshPlan = PLAN) -> list[Finding]:
    evidence = mesh(plan, changed)
    return [*identities(plan, evidence), *conditions(plan, evidence)]


def test_a_healthy_vm_has_no_finding() -> None:
    assert of_machine(VM) == []


@pytest.mark.parametrize(
    ("problem", "meaning"),
    [
        ("NotYetError: GET /api/v1: 403 forbidden", "Role"),
        ("NotYetError: POST /api/v1: 404 not found", "does not exist"),
        ("SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "another CA"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "does not answer"),
        ("ValueError: the metadata server returned status 404 for x", "identity"),
        ("something else", "something else"),
    ],
)
def test_why_the_identity_unit_fails(problem: str, meaning: str) -> None:
    [one] = of_machine(replace(with_unit(VM, unit("failed"), IDENTITY), identity=problem))
    assert (one.check, one.severity) == ("identity-failing", Severity.WARNING)
    assert meaning in one.problem
    assert problem in one.problem


def test_an_identity_unit_that_tries_for_a_short_while_may_succeed() -> None:
    trying = replace(
        with_unit(VM, unit("activating", since=NOW), IDENTITY), identity="x", identity_since=NOW - MINUTE / 2
    )
    assert of_machine(trying) == []
    long = replace(trying, identity_since=NOW - 2 * MINUTE)
    assert [each.check for each in of_machine(long)] == ["identity-failing"]


def test_a_vm_that_needs_its_token_now_is_broken() -> None:
    [one] = of_machine(replace(with_unit(VM, unit("failed"), IDENTITY), identity="403", chain=()))
    assert one.severity is Severity.BROKEN


@pytest.mark.parametrize(
    ("spoilt", "check"),
    [
        (with_unit(VM, unit("inactive", "dead"), IDENTITY_TIMER), "identity-timer-stopped"),
        (replace(VM, token_ends=NOW - MINUTE), "token-expired"),
        (replace(VM, token_ends=None), "token-expired"),
        (replace(VM, ahead=(20.0, 20.5)), "clock-skew"),
        (replace(VM, ahead=(-20.5, -20.0)), "clock-skew"),
        (replace(VM, available_memory=0.01), "memory-low"),
        (replace(VM, disks=(replace(DISK, free=100 << 20),)), "disk-full"),
        (replace(VM, disks=(replace(DISK, free_inodes=10),)), "disk-full"),
        (replace(VM, package="1.30.2"), "package-differs"),
        (replace(VM, version="1.30.2"), "package-differs"),
    ],
)
def test_a_warning_of_a_vm(spoilt: MachineEvidence, check: str) -> None:
    [one] = of_machine(spoilt)
    assert (one.check, one.subject, one.severity) == (check, "VM legacy-0", Severity.WARNING)


@pytest.mark.parametrize(
    "spoilt",
    [
        replace(VM, ahead=(-400.5, -400.0)),
        replace(VM, disks=(replace(DISK, free=0),)),
        replace(VM, disks=(replace(DISK, free_inodes=0),)),
        replace(VM, disks=(replace(DISK, read_only=True),)),
        replace(VM, disks=(DISK, Disk("/etc/certs", 65536, 0, 0, 0, read_only=False))),
    ],
)
def test_a_fault_of_a_vm(spoilt: MachineEvidence) -> None:
    [one] = of_machine(spoilt)
    assert one.severity is Severity.BROKEN


@pytest.mark.parametrize("ahead", [(-0.2, 3.0), (-6.0, 0.1), (-9.0, 9.0), (1.0, 1.2)])
def test_a_clock_that_may_be_right_is_not_blamed(ahead: tuple[float, float]) -> None:
    assert of_machine(replace(VM, ahead=ahead)) == []


def test_vms_that_agree_on_another_time_blame_this_host() -> None:
    both = [replace(machine(PLAN, index), ahead=(-400.1 - index, -400.0 - index)) for index in (0, 1)]
    [one] = conditions(PLAN, mesh(PLAN, *both))
    assert (one.check, one.subject, one.severity) == ("clock-skew", "this host", Severity.WARNING)
    assert "ahead of" in one.problem
    differing = replace(both[1], ahead=(0.0, 0.1))
    assert [each.subject for each in conditions(PLAN, mesh(PLAN, both[0], differing))] == ["VM legacy-0"]


@pytest.mark.parametrize("package", ["1.31.0", "1.31.0-1", "1:1.31.0~deb12", ""])
def test_packages_of_the_planned_release(package: str) -> None:
    assert PLAN.istio.version == "1.31.0"
    assert of_machine(replace(VM, package=package)) == []


def test_every_check_has_a_remedy() -> None:
    told = [*of_machine(replace(VM, token_ends=None)), *findings(entry(1))]
    assert all(each.remedy for each in told)
