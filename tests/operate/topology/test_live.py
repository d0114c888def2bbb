"""The picture of a running mesh, from recorded evidence of doctor and a report of verify."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hybrid_mesh.operate.doctor.evidence import ClusterEvidence, Evidence, Unreachable
from hybrid_mesh.operate.doctor.findings import Finding, Severity
from hybrid_mesh.operate.doctor.run import Diagnosis, diagnose
from hybrid_mesh.operate.topology.build import topology
from hybrid_mesh.operate.topology.graph import Health, Kind, Topology
from hybrid_mesh.operate.topology.live import live, summary, unknown
from hybrid_mesh.operate.verify.report import as_json
from tests.operate.evidence import NOW
from tests.operate.machine_evidence import INTERMEDIATE, machine, mesh, serving
from tests.operate.mesh import mesh_plan
from tests.operate.test_doctor_certificates import looked_at
from tests.operate.test_verify_report import BAD, GOOD
from tests.operate.topology.meshes import plan

_PLAN = plan("local")
_EVIDENCE = mesh(_PLAN, machine(_PLAN, 0), machine(_PLAN, 1))
_NOTHING: dict[str, Any] = {"checks": [], "notChecked": []}


def _seen(*findings: Finding, unseen: tuple[tuple[str, str], ...] = (), verified: Any = None) -> Topology:
    diagnosis = Diagnosis(findings, unseen, NOW, 1.0)
    return live(topology(_PLAN), _EVIDENCE, diagnosis, verified or _NOTHING)


def _finding(subject: str, severity: Severity = Severity.BROKEN) -> Finding:
    return Finding("some-check", severity, subject, "is wrong", ("Fix it.",))


def _marks(found: Topology) -> dict[str, Health]:
    return {each.id: each.health for each in found.nodes if each.health not in (None, Health.HEALTHY)}


def _check(source: str, destination: str, holds: bool, **more: Any) -> dict[str, Any]:
    return {
        "subject": f"{source} → {destination}",
        "source": source,
        "destination": destination,
        "expected": "answer",
        "holds": holds,
        "detail": "200" if holds else "no healthy upstream",
        "from": [],
        "to": [destination],
        **more,
    }


def test_a_healthy_mesh_is_green_where_doctor_looks() -> None:
    found = live(topology(_PLAN), _EVIDENCE, diagnose(_PLAN, _EVIDENCE), _NOTHING)
    assert _marks(found) == {}
    looked_at = {each.kind for each in found.nodes if each.health is Health.HEALTHY}
    assert looked_at == {Kind.CLUSTER, Kind.GROUP, Kind.VM}
    assert found.live == "2026-11-27 12:00:00 UTC"
    assert summary(found) == "Parts of the mesh: 5 healthy."


@pytest.mark.parametrize(
    ("subject", "marked"),
    [
        ("VM legacy-1", "vm/legacy/legacy-1"),
        ("VM legacy-0 of group legacy", "vm/legacy/legacy-0"),
        ("group legacy", "group/legacy"),
        ("cluster west", "cluster/west"),
        ("pod demo/echo-6f7 of west", "cluster/west"),
        ("Gateway istio-ingress/public of east", "cluster/east"),
        ("Deployment istio-system/istiod of east", "cluster/east"),
    ],
)
def test_a_finding_marks_what_it_is_about(subject: str, marked: str) -> None:
    found = _seen(_finding(subject))
    assert _marks(found) == {marked: Health.BROKEN}
    node = found.get(marked)
    assert node
    assert node.notes == (f"{subject}: is wrong",)


def test_a_pair_of_clusters_is_an_edge_and_the_first_of_them() -> None:
    found = _seen(_finding("cluster west → cluster east", Severity.WARNING))
    assert _marks(found) == {"cluster/west": Health.WARNING}
    edge = next(each for each in found.edges if each.id == "peers:cluster/east:cluster/west")
    assert edge.health is Health.WARNING


def test_what_is_about_nothing_in_the_picture_is_said_of_the_mesh() -> None:
    assert _seen(_finding("VM of nobody")).notes == ("VM of nobody: is wrong",)
    assert _seen(_finding("mesh")).notes == ("mesh: is wrong",)


def test_the_worst_counts_and_all_of_it_is_said() -> None:
    found = _seen(_finding("cluster west", Severity.WARNING), _finding("pod a/b of west"))
    assert _marks(found) == {"cluster/west": Health.BROKEN}
    assert [len(each.notes) for each in found.nodes if each.id == "cluster/west"] == [2]


def test_what_was_not_looked_at_is_unknown() -> None:
    unseen = (("group legacy", "it joins by bundle"), ("cluster west", "quarantined"))
    evidence = replace(_EVIDENCE, clusters={"east": _EVIDENCE.clusters["east"]})
    found = live(topology(_PLAN), evidence, Diagnosis((), unseen, NOW, 1.0), _NOTHING)
    assert _marks(found) == {"group/legacy": Health.UNKNOWN, "cluster/west": Health.UNKNOWN}


def test_a_proxy_that_does_not_answer_is_said_of_its_cluster_which_did() -> None:
    found = _seen(unseen=(("pod demo/echo of west", "its proxy does not answer"),))
    assert _marks(found) == {}
    node = found.get("cluster/west")
    assert node
    assert node.notes == ("pod demo/echo of west was not looked at: its proxy does not answer",)


def test_a_cluster_of_which_something_cannot_be_read_is_unknown() -> None:
    west = _EVIDENCE.clusters["west"]
    assert isinstance(west, ClusterEvidence)
    unread = replace(west, unread={"istiod": "it does not answer"})
    evidence = replace(_EVIDENCE, clusters={**_EVIDENCE.clusters, "west": unread})
    found = live(topology(_PLAN), evidence, diagnose(_PLAN, evidence), _NOTHING)
    assert _marks(found)["cluster/west"] is Health.UNKNOWN


def test_the_matrix_has_the_members_at_both_ends() -> None:
    diagnosis = Diagnosis((), (), NOW, 1.0)
    found = live(topology(mesh_plan()), _EVIDENCE, diagnosis, as_json(GOOD))
    members = re.compile(r"(cluster|VM|group|ingress|service) \S+$")
    assert all(members.match(each.column) for each in found.probes)
    assert {each.row for each in found.probes} >= {"cluster east", "cluster west", "VM legacy-0"}


def test_requests_are_a_matrix_and_mark_their_destination() -> None:
    checks = [
        _check("pod a in east", "cluster west", holds=False),
        _check("VM legacy-0", "cluster west", holds=True),
        _check("VM legacy-0", "echo of east", holds=False, to=["group legacy"]),
    ]
    found = _seen(verified={"checks": checks, "notChecked": [{"subject": "VM legacy-1", "reason": "is off"}]})
    assert _marks(found) == {
        "cluster/west": Health.WARNING,
        "group/legacy": Health.BROKEN,
        "vm/legacy/legacy-1": Health.UNKNOWN,
    }
    assert [each.health for each in found.probes] == [Health.BROKEN, Health.HEALTHY, Health.BROKEN]
    assert summary(found).endswith("; 2 of 3 requests failed.")


def test_a_report_of_verify_marks_what_it_has_checked() -> None:
    mesh_of_verify = topology(mesh_plan())
    diagnosis = Diagnosis((), (), NOW, 1.0)
    good, bad = (live(mesh_of_verify, _EVIDENCE, diagnosis, as_json(each)) for each in (GOOD, BAD))
    assert _marks(good) == {}
    assert good.notes == ()
    checked = {each.id for each in good.nodes if any("checks passed" in note for note in each.notes)}
    expected = {"cluster/east", "cluster/west", "group/legacy", "ingress/public", "vm/legacy/legacy-0"}
    assert checked >= expected
    assert _marks(bad) == {"cluster/east": Health.UNKNOWN}  # its refusals could not be tried


def test_a_mesh_that_cannot_be_looked_at_is_unknown() -> None:
    found = unknown(topology(_PLAN), "No lab is running.")
    assert set(_marks(found).values()) == {Health.UNKNOWN}
    assert len(_marks(found)) == 5
    assert found.notes == ("No lab is running.",)
    assert summary(found) == "Parts of the mesh: 5 unknown."


def _served(evidence: Evidence) -> dict[str, tuple[str, Health]]:
    diagnosis = Diagnosis((), (), evidence.taken, 1.0)
    found = live(topology(_PLAN), evidence, diagnosis, _NOTHING)
    return {
        f"{each.subject} {each.name.split()[0]}": (each.expires, each.health) for each in found.certificates
    }


def test_certificates_of_clusters_pods_and_vms_end_as_they_are_served() -> None:
    others = {"kubernetes://shop-tls": INTERMEDIATE["west"].certificate}
    found = _served(looked_at(proxy=replace(serving("east"), others=others)))
    assert set(found) >= {
        "cluster east root",
        "cluster west intermediate",
        "pod demo/echo-1 of east workload",
        "pod demo/echo-1 of east kubernetes://shop-tls",
        "VM legacy-0 workload",
    }
    assert {health for _, health in found.values()} == {Health.HEALTHY}
    assert found["VM legacy-0 workload"][0] == "2026-11-28T11:00:00Z"


def test_a_proxy_that_does_not_answer_has_no_certificate() -> None:
    found = looked_at()
    east = found.clusters["east"]
    assert isinstance(east, ClusterEvidence)
    silent = replace(east, proxies={"demo/echo-1": "does not answer"})
    served = _served(replace(found, clusters={"east": silent, "west": Unreachable("is down")}))
    assert not any(subject.startswith(("pod", "cluster west")) for subject in served)


@pytest.mark.parametrize(
    ("later", "health"), [(timedelta(hours=16), Health.WARNING), (timedelta(hours=26), Health.BROKEN)]
)
def test_a_certificate_that_was_not_renewed_is_marked(later: timedelta, health: Health) -> None:
    found = _served(replace(looked_at(), taken=NOW + later))
    assert found["VM legacy-0 workload"][1] is health
    assert found["cluster east root"][1] is Health.HEALTHY


def test_an_intermediate_that_ends_soon_is_a_warning() -> None:
    found = _served(replace(looked_at(), taken=NOW + timedelta(days=690)))
    assert found["cluster east intermediate"][1] is Health.WARNING
